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
    private let target: CostTarget
    /// What each connection adds, where costs are a sum over connections.
    private let each: [Int]?
    private let sums: SuffixSums?

    /// How far below its limit a child may end, as a share of the limit.
    static let slack = 0.005

    /// The costs of the children of a space under a target.
    /// - Throws: `ArchitectureError` when the space's architecture is none.
    init(_ space: SearchSpace, _ target: CostTarget) throws {
        (self.space, self.target) = (space, target)
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
            (each, sums) = (nil, nil)
            return
        }
        let each = try space.separateCosts(target.cost)
        self.each = each
        sums = SuffixSums(each, upTo: limit - least, tolerance: (limit - floor) / 4)
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
    func next(_ choices: [Bool], low: Int, high: Int) throws -> Next {
        let index = choices.count
        if let each {
            return Next(lowIfKept: low + each[index], lowIfPruned: low, highIfPruned: high - each[index])
        }
        let entry = space.entries[index]
        let rest = space.entries.count - index - 1
        func cost(_ keeps: Bool, rest value: Bool) throws -> Int {
            var all = choices + [keeps] + [Bool](repeating: value, count: rest)
            // Once its row does not read the block's input, the last it can read is its predecessor.
            let row = space.row(of: index)
            if space.dropsLayers, !all[row].contains(true) { all[row.upperBound - 1] = true }
            return target.cost(of: try Network(space.architecture, space.connectivity(all)))
        }
        return Next(
            lowIfKept: try cost(true, rest: false),
            // What is left to be decided counts as pruned, so that pruning changes nothing but where a row begins.
            lowIfPruned: space.dropsLayers && entry.source == 0 ? try cost(false, rest: false) : low,
            highIfPruned: try cost(false, rest: true))
    }

    /// Whether a child that costs at least `low` and at most `high` can end between the floor and the limit by what is
    /// decided from entry `index` on; where costs do not add up, whether the two ranges meet.
    func canEnd(from low: Int, to high: Int, after index: Int) -> Bool {
        guard low <= limit, high >= floor else { return false }
        return sums?.contain(max(0, floor - low)...(limit - low), from: index) ?? true
    }
}
