import DenseNetArchitecture

extension ChildCosts {
    /// What the layers and the end of a dense block cost, by what they read.
    struct Block: Sendable {
        private let space: SearchSpace
        private let count: Int
        /// Its first entry in the space, and the one after its last.
        let entries: Range<Int>
        /// What a layer and the end cost: at 2n if they read n layers, at 2n + 1 if they read the block's input too.
        /// Nothing reads nothing.
        private let layer: [Double]
        private let end: [Double]

        /// The costs of a block's layers and its end. The end's are less what they have in common.
        /// - Throws: `ArchitectureError` when the space's architecture is none.
        init(_ block: Int, of space: SearchSpace, _ target: CostTarget) throws {
            let a = space.architecture
            let (count, input) = (a.blocks[block], a.blockInputChannels[block])
            let rows = a.blocks.indices.map(space.rows)
            let first = rows[..<block].reduce(0) { $0 + $1 * ($1 + 1) / 2 }
            entries = first..<first + rows[block] * (rows[block] + 1) / 2
            (self.space, self.count) = (space, count)
            let channels = (0..<2 * count + 2).map { max(1, $0 / 2 * a.growthRate + $0 % 2 * input) }
            if target.measure == .latency, let table = target.table {
                let isLast = block + 1 == a.blocks.count
                layer = channels.map { LatencyTable.time(table.layers[block], $0) }
                end = channels.map { isLast ? 0 : LatencyTable.time(table.transitions[block], $0) }
                return
            }
            /// A network whose end reads some nodes of this block, and whose second layer does.
            func cost(end: [Int], second: [Int] = [0]) throws -> Int {
                var connectivity = Connectivity.dense(a)
                connectivity.blocks[block] = (1...count + 1).map { i in
                    (0..<i).map { (i > count ? end : i == 2 ? second : [0]).contains($0) }
                }
                return target.cost(of: try Network(a, connectivity))
            }
            // Counts grow by as much with every channel.
            let one = try cost(end: [0, 1])
            let endGrows = (one - (try cost(end: [1]))) / input
            let least = one - (try cost(end: [0])) - endGrows * a.growthRate
            let all = [0, 1, 2]
            let grows =
                count == 1 ? 0 : (try cost(end: all, second: [0, 1]) - cost(end: all, second: [1])) / input
            layer = channels.map { Double(least + grows * ($0 - input)) }
            end = channels.map { Double(endGrows * $0) }
        }

        /// The costs of the layers that something reads, and of the end, from the end backwards.
        /// - Parameters:
        ///   - choices: decisions, this block's among them.
        ///   - row: the row that is being decided, if it is this block's. Once it does not read the block's input, the
        ///     last it can read is its predecessor.
        func costs(_ choices: [Bool], deciding row: Int? = nil) -> [Double] {
            let hasRow = space.searchesBlockEnds
            var lives = [Bool](repeating: !hasRow, count: count + 1)
            var costs: [Double] = []
            costs.reserveCapacity(count + 1)
            if !hasRow { costs.append(end[2 * count + 1]) }
            var first = entries.upperBound
            // A layer's readers come after it.
            for i in stride(from: hasRow ? count + 1 : count, to: 0, by: -1) {
                first -= i
                guard i > count || lives[i] else { continue }
                var (layers, input) = (0, choices[first] || i == 1 ? 1 : 0)
                for j in 1..<i where choices[first + j] {
                    lives[j] = true
                    layers += 1
                }
                let isKept = i > 1 && (space.keepsPredecessor || i > count) && !choices[first + i - 1]
                let isEmpty = layers + input == 0 && !isKept
                if isEmpty, space.dropsLayers, i != row {
                    input = 1
                } else if isKept || isEmpty {
                    lives[i - 1] = true
                    layers += 1
                }
                costs.append((i > count ? end : layer)[2 * layers + input])
            }
            return costs
        }
    }
}
