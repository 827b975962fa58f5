import DenseNetArchitecture

/// What children may still cost, given their first decisions, and whether they can end at their target.
struct ChildCosts: Sendable {
    /// The most a child may cost.
    let limit: Int
    /// The least it should: children end between the floor and the limit wherever their connections' costs add up to
    /// that.
    let floor: Int
    /// What a child costs with everything pruned, and with everything kept.
    let least: Int
    let most: Int
    private let space: SearchSpace
    private let parts: Parts

    /// What costs are a sum over.
    private enum Parts {
        /// Connections: what each adds, and which sums those from one on can come to, where that is known.
        case connections([Int], SuffixSums?)
        /// Layers and blocks' ends.
        case blocks(Blocks)
    }

    /// How far below its limit a child may end, as a share of the limit.
    static let slack = 0.005

    /// The costs of the children of a space under a target.
    /// - Throws: `ArchitectureError` when the space's architecture is none.
    init(_ space: SearchSpace, _ target: CostTarget) throws {
        self.space = space
        func cost(_ choices: [Bool]) throws -> Int {
            target.cost(of: try Network(space.architecture, space.connectivity(choices)))
        }
        let none = space.entries.map { _ in false }
        (limit, floor) = (target.limit, target.limit - Int(Double(target.limit) * Self.slack))
        let least = try cost(none)
        self.least = least
        most = try cost(none.map { !$0 })
        // Where each layer is read by the next and the last by the end no layer can die, so that costs add up; a table
        // of latencies interpolates.
        guard target.measure != .latency, space.keepsPredecessor else {
            parts = .blocks(try Blocks(space, target))
            return
        }
        let each = try space.separateCosts(target.cost)
        parts = .connections(each, SuffixSums(each, upTo: limit - least, tolerance: (limit - floor) / 4))
    }

    /// What the next decision may lead to.
    struct Next {
        /// The least cost with the connection kept, and with it pruned.
        let lowIfKept: Int
        let lowIfPruned: Int
        /// The most with it pruned.
        let highIfPruned: Int
    }

    /// What a child costs at least and at most after the next decision.
    func next(_ choices: [Bool], low: Int, high: Int) -> Next {
        let index = choices.count
        switch parts {
        case .connections(let each, _):
            return Next(lowIfKept: low + each[index], lowIfPruned: low, highIfPruned: high - each[index])
        case .blocks(let blocks):
            let entry = space.entries[index]
            let before = blocks.sum(before: entry.block, choices)
            func cost(_ keeps: Bool, rest: Bool) -> Int {
                blocks.cost(choices + [keeps], to: entry, rest: rest, after: before)
            }
            return Next(
                lowIfKept: cost(true, rest: false),
                // What is left to be decided counts as pruned, so that pruning changes nothing but where a row begins.
                lowIfPruned: space.dropsLayers && entry.source == 0 ? cost(false, rest: false) : low,
                highIfPruned: cost(false, rest: true))
        }
    }

    /// Whether a child that costs at least `low` and at most `high` can end between the floor and the limit by what is
    /// decided from entry `index` on; where costs do not add up, whether the two ranges meet.
    func canEnd(from low: Int, to high: Int, after index: Int) -> Bool {
        guard low <= limit, high >= floor else { return false }
        guard case .connections(_, let sums) = parts else { return true }
        return sums?.contain(max(0, floor - low)...(limit - low), from: index) ?? true
    }
}
