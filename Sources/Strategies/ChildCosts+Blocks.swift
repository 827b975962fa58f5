import DenseNetArchitecture

extension ChildCosts {
    /// What children cost as sums over layers and blocks' ends, without building a network for each.
    ///
    /// A block's input has its channels whatever is decided, so that a decision changes its own block alone. Costs are
    /// the whole networks' to the last bit: the same numbers are added in the same order and rounded once, and counts
    /// are whole and far below 2⁵³.
    struct Blocks: Sendable {
        private let blocks: [Block]
        /// What no decision changes, and what sums are multiplied by.
        private let base: Double
        private let scale: Double
        /// What each block adds with everything pruned, and with everything kept.
        private let pruned: [[Double]]
        private let kept: [[Double]]

        /// The costs of a space's children under a target.
        /// - Throws: `ArchitectureError` when the space's architecture is none.
        init(_ space: SearchSpace, _ target: CostTarget) throws {
            let blocks = try space.architecture.blocks.indices.map { try Block($0, of: space, target) }
            let none = space.entries.map { _ in false }
            let pruned = blocks.map { $0.costs(none) }
            kept = blocks.map { $0.costs(none.map { !$0 }) }
            (self.blocks, self.pruned) = (blocks, pruned)
            if target.measure == .latency, let table = target.table {
                (base, scale) = (table.base, 1e3)
            } else {
                (base, scale) = (Double(target.cost(of: try space.cheapest())) - pruned.joined().reduce(0, +), 1)
            }
        }

        /// What a child's blocks before one add up to.
        func sum(before block: Int, _ choices: [Bool]) -> Double {
            blocks[..<block].reduce(base) { Self.sum($0, $1.costs(choices)) }
        }

        /// What a child costs.
        /// - Parameters:
        ///   - choices: the decisions that are taken.
        ///   - entry: the last of them.
        ///   - rest: how all others are.
        ///   - sum: of the blocks before the entry's.
        func cost(_ choices: [Bool], to entry: SearchSpace.Entry, rest: Bool, after sum: Double) -> Int {
            let block = blocks[entry.block]
            var all: [Bool] = []
            all.reserveCapacity(block.entries.upperBound)
            all += choices
            all += repeatElement(rest, count: block.entries.upperBound - choices.count)
            var sum = Self.sum(sum, block.costs(all, deciding: entry.layer))
            for later in (rest ? kept : pruned)[(entry.block + 1)...] { sum = Self.sum(sum, later) }
            return Int((sum * scale).rounded())
        }

        private static func sum(_ sum: Double, _ costs: [Double]) -> Double { costs.reversed().reduce(sum, +) }
    }
}
