import DenseNetArchitecture

/// What a search decides: every connection of the layers' rows, in order of blocks, rows and entries.
public struct SearchSpace: Sendable, Hashable {
    /// The architecture that is pruned.
    public let architecture: Architecture
    /// Whether each layer keeps its predecessor, so that no layer is cut off.
    public let keepsPredecessor: Bool
    /// The entries: block, layer (from 1), source (0 the block's input).
    public let entries: [Entry]

    /// One entry of a matrix.
    public struct Entry: Sendable, Hashable {
        /// The block, from 0.
        public let block: Int
        /// The reading layer, from 1.
        public let layer: Int
        /// The node read.
        public let source: Int
        /// Whether it is decided at all.
        public let isFree: Bool
    }

    /// A space over an architecture.
    public init(_ architecture: Architecture, keepsPredecessor: Bool = true) {
        self.architecture = architecture
        self.keepsPredecessor = keepsPredecessor
        entries = architecture.blocks.enumerated().flatMap { b, layers in
            (1...layers).flatMap { i in
                (0..<i).map { j in
                    // A layer that may read one node only has nothing to decide.
                    Entry(block: b, layer: i, source: j, isFree: i > 1 && !(keepsPredecessor && j == i - 1))
                }
            }
        }
    }

    /// The decisions as matrices. A row left empty reads its predecessor: a layer must read something.
    public func connectivity(_ choices: [Bool]) -> Connectivity {
        var blocks = architecture.blocks.map { layers in (1...layers).map { [Bool](repeating: false, count: $0) } }
        for (entry, choice) in zip(entries, choices) where choice || !entry.isFree {
            blocks[entry.block][entry.layer - 1][entry.source] = true
        }
        for b in blocks.indices {
            for i in blocks[b].indices where !blocks[b][i].contains(true) { blocks[b][i][i] = true }
        }
        return Connectivity(blocks: blocks)
    }

    /// The matrices as decisions, one per entry.
    public func choices(_ connectivity: Connectivity) -> [Bool] {
        entries.map { connectivity.blocks[$0.block][$0.layer - 1][$0.source] }
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
        let range = "\(least) to \(dense) \(measure.rawValue), \(share(least, dense)) to 1 of the dense network"
        guard value > 0, limit.isFinite else { throw SearchError("the target \(value) is out of reach; possible are \(range)") }
        guard limit >= Double(least) else {
            throw SearchError(
                "a target of \(Int(limit)) \(measure.rawValue) is out of reach: pruning the layers' connections reaches \(range)")
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
