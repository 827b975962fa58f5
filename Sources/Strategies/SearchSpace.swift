import DenseNetArchitecture

/// What a search decides: every connection of the layers' rows, and of the blocks' ends where it is asked to, in order
/// of blocks, rows and entries.
public struct SearchSpace: Sendable, Hashable {
    /// The architecture that is pruned.
    public let architecture: Architecture
    /// Whether each layer keeps its predecessor, so that no layer is cut off.
    public let keepsPredecessor: Bool
    /// Whether what the blocks' ends read is decided, too.
    public let searchesBlockEnds: Bool
    /// The entries: block, layer (from 1), source (0 the block's input).
    public let entries: [Entry]

    /// One entry of a matrix.
    public struct Entry: Sendable, Hashable {
        /// The block, from 0.
        public let block: Int
        /// The reading layer, from 1; one more than the block has layers for the block's end.
        public let layer: Int
        /// The node read.
        public let source: Int
        /// Whether it is decided at all.
        public let isFree: Bool
    }

    /// A space over an architecture.
    /// - Parameter keepsPredecessor: `nil` keeps it where the ends are not pruned. Where they are, layers that nothing
    ///   reads are left out: a small network does better with fewer layers that read more (`docs/results.md`), and a
    ///   bottleneck's 3×3 goes with its layer alone.
    public init(_ architecture: Architecture, searchesBlockEnds: Bool = false, keepsPredecessor: Bool? = nil) {
        self.architecture = architecture
        let keepsPredecessor = keepsPredecessor ?? !searchesBlockEnds
        self.keepsPredecessor = keepsPredecessor
        self.searchesBlockEnds = searchesBlockEnds
        entries = architecture.blocks.enumerated().flatMap { b, layers in
            (1...layers + (searchesBlockEnds ? 1 : 0)).flatMap { i in
                (0..<i).map { j in
                    // A layer that may read one node only has nothing to decide. An end must read something: the last
                    // layer, which can read what the end does not.
                    Entry(
                        block: b, layer: i, source: j,
                        isFree: i > 1 && !((keepsPredecessor || i > layers) && j == i - 1))
                }
            }
        }
    }

    /// The rows of a block that are decided.
    func rows(ofBlock block: Int) -> Int { architecture.blocks[block] + (searchesBlockEnds ? 1 : 0) }

    /// The entries of an entry's row.
    func row(of index: Int) -> Range<Int> {
        let first = index - entries[index].source
        return first..<first + entries[index].layer
    }

    /// Whether layers may go whole: nothing has to read them.
    public var dropsLayers: Bool { searchesBlockEnds && !keepsPredecessor }

    /// The decisions as matrices. A row left empty reads its predecessor, as a layer must read something; where layers
    /// may go, the block's input, so that those before it may.
    public func connectivity(_ choices: [Bool]) -> Connectivity {
        var blocks = architecture.blocks.indices.map { b in
            (1...rows(ofBlock: b)).map { [Bool](repeating: false, count: $0) }
        }
        for (entry, choice) in zip(entries, choices) where choice || !entry.isFree {
            blocks[entry.block][entry.layer - 1][entry.source] = true
        }
        for b in blocks.indices {
            for i in blocks[b].indices where !blocks[b][i].contains(true) {
                blocks[b][i][dropsLayers ? 0 : i] = true
            }
        }
        return Connectivity(blocks: blocks)
    }

    /// The matrices as decisions, one per entry; an end without a row reads everything.
    public func choices(_ connectivity: Connectivity) -> [Bool] {
        entries.map {
            let rows = connectivity.blocks[$0.block]
            return $0.layer > rows.count || rows[$0.layer - 1][$0.source]
        }
    }

    /// Decisions less those of layers that nothing reads, one per entry: all that make the same network are the same.
    func living(_ choices: [Bool]) -> [Bool] {
        guard dropsLayers else { return choices }
        // With what rows that were left empty read.
        var living = self.choices(connectivity(choices))
        var isRead = architecture.blocks.map { [Bool](repeating: false, count: $0 + 1) }
        // From the end backwards, as in `Network`: all that may read a layer come after it.
        for (index, entry) in entries.enumerated().reversed() {
            let isEnd = entry.layer > architecture.blocks[entry.block]
            living[index] = living[index] && (isEnd || isRead[entry.block][entry.layer])
            if living[index] { isRead[entry.block][entry.source] = true }
        }
        return living
    }

    /// The cheapest network of the space: every free connection pruned.
    public func cheapest() throws -> Network {
        try Network(architecture, connectivity([Bool](repeating: false, count: entries.count)))
    }
}
