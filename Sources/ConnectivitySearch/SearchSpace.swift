import DenseNetArchitecture

/// What a search decides: every connection of the layers' rows, and of the blocks' ends where it is asked to, in order of blocks,
/// rows and entries.
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
    public init(_ architecture: Architecture, keepsPredecessor: Bool = true, searchesBlockEnds: Bool = false) {
        self.architecture = architecture
        self.keepsPredecessor = keepsPredecessor
        self.searchesBlockEnds = searchesBlockEnds
        entries = architecture.blocks.enumerated().flatMap { b, layers in
            (1...layers + (searchesBlockEnds ? 1 : 0)).flatMap { i in
                (0..<i).map { j in
                    // A layer that may read one node only has nothing to decide. An end that skips the last layer would leave out
                    // layers, which other sizes of block do better.
                    Entry(block: b, layer: i, source: j, isFree: i > 1 && !((keepsPredecessor || i > layers) && j == i - 1))
                }
            }
        }
    }

    /// The rows of a block that are decided.
    func rows(ofBlock block: Int) -> Int { architecture.blocks[block] + (searchesBlockEnds ? 1 : 0) }

    /// The decisions as matrices. A row left empty reads its predecessor: a layer must read something.
    public func connectivity(_ choices: [Bool]) -> Connectivity {
        var blocks = architecture.blocks.indices.map { b in (1...rows(ofBlock: b)).map { [Bool](repeating: false, count: $0) } }
        for (entry, choice) in zip(entries, choices) where choice || !entry.isFree {
            blocks[entry.block][entry.layer - 1][entry.source] = true
        }
        for b in blocks.indices {
            for i in blocks[b].indices where !blocks[b][i].contains(true) { blocks[b][i][i] = true }
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

    /// The cheapest network of the space: every free connection pruned.
    public func cheapest() throws -> Network {
        try Network(architecture, connectivity([Bool](repeating: false, count: entries.count)))
    }
}

/// What a target limits.
public enum CostMeasure: String, Codable, Sendable, CaseIterable {
    case macs
    case parameters

    /// What people call it.
    public var noun: String {
        switch self {
        case .macs: "MACs"
        case .parameters: "parameters"
        }
    }

    /// This cost of a network.
    public func of(_ network: Network) -> Int {
        switch self {
        case .macs: network.cost.macs
        case .parameters: network.cost.parameters
        }
    }
}

/// A limit that every network of a search keeps.
public struct CostTarget: Codable, Sendable, Hashable {
    /// What is limited.
    public let measure: CostMeasure
    /// The most it may be.
    public let limit: Int

    /// A target as a user writes it: up to 1 a share of the dense network, else a number.
    /// - Throws: `SearchError` when the space cannot reach it, with the reachable range.
    public init(_ measure: CostMeasure, _ value: Double, in space: SearchSpace) throws {
        let dense = measure.of(try Network(space.architecture))
        let least = measure.of(try space.cheapest())
        let limit = value <= 1 ? value * Double(dense) : value
        let range = "\(least) to \(dense) \(measure.noun), \(share(least, dense)) to 1 of the dense network"
        guard value > 0, limit.isFinite else { throw SearchError("the target \(value) is out of reach; possible are \(range)") }
        guard limit >= Double(least) else {
            let wider = SearchSpace(space.architecture, keepsPredecessor: space.keepsPredecessor, searchesBlockEnds: true)
            let widest = measure.of(try wider.cheapest())
            let hint = space.searchesBlockEnds || Double(widest) > limit ? "" : "; --search-block-end reaches from \(widest), \(share(widest, dense)) of dense"
            throw SearchError(
                "a target of \(Int(limit)) \(measure.noun) is out of reach: pruning \(space.searchesBlockEnds ? "all" : "the layers'") connections reaches \(range)\(hint)")
        }
        self.measure = measure
        self.limit = Int(min(limit, Double(dense)))
    }
}

private func share(_ part: Int, _ whole: Int) -> Double { (Double(part) / Double(whole) * 1000).rounded() / 1000 }

/// Why a search cannot start or go on.
public struct SearchError: Error, Equatable, CustomStringConvertible {
    /// One sentence.
    public let description: String
    /// An error with its sentence.
    public init(_ description: String) { self.description = description }
}
