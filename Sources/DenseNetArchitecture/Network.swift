/// An architecture with its connectivity, checked to fit: the whole network as a value, weights aside.
public struct Network: Hashable, Sendable {
    /// Sizes and numbers.
    public let architecture: Architecture
    /// What each layer reads.
    public let connectivity: Connectivity
    /// The layers that remain, with their channels.
    public let blocks: [Block]

    /// A dense block as it will be built: layers that nothing reads are left out.
    public struct Block: Hashable, Sendable {
        /// Height and width of the maps, in pixels.
        public let size: Int
        /// Channels of each node: 0 the block's input, j layer j's output.
        public let nodeChannels: [Int]
        /// The layers that something reads, in order.
        public let layers: [Layer]
        /// The nodes the block's end reads, ascending.
        public let endSources: [Int]
        /// Channels the block's end reads.
        public let endChannels: Int
        /// Channels the transition after it makes; `nil` after the last block.
        public let transitionChannels: Int?
    }

    /// A layer of a dense block.
    public struct Layer: Hashable, Sendable {
        /// Its number in the block, from 1.
        public let index: Int
        /// The nodes it reads, ascending.
        public let sources: [Int]
        /// Channels it reads.
        public let inputChannels: Int
    }

    /// A network from its parts.
    /// - Throws: `ArchitectureError` when the architecture is none or the matrices do not fit it.
    public init(_ architecture: Architecture, _ connectivity: Connectivity? = nil) throws {
        try architecture.validate()
        let connectivity = connectivity ?? .dense(architecture)
        try Self.check(connectivity, fits: architecture)
        self.architecture = architecture
        self.connectivity = connectivity
        let inputs = architecture.blockInputChannels
        let sizes = architecture.blockSizes
        blocks = architecture.blocks.indices.map { b in
            let layers = architecture.blocks[b]
            let rows = connectivity.blocks[b]
            let channels = [inputs[b]] + [Int](repeating: architecture.growthRate, count: layers)
            let end = rows.count > layers ? rows[layers] : [Bool](repeating: true, count: layers + 1)
            // From the end backwards: a layer lives when the end or a living layer reads it.
            var lives = end
            for i in stride(from: layers, to: 0, by: -1) where lives[i] {
                for (j, reads) in rows[i - 1].enumerated() where reads { lives[j] = true }
            }
            let living = (1...layers).filter { lives[$0] }.map { i in
                let sources = rows[i - 1].indices.filter { rows[i - 1][$0] }
                return Layer(index: i, sources: sources, inputChannels: sources.reduce(0) { $0 + channels[$1] })
            }
            let endSources = end.indices.filter { end[$0] }
            return Block(
                size: sizes[b], nodeChannels: channels, layers: living, endSources: endSources,
                endChannels: endSources.reduce(0) { $0 + channels[$1] },
                transitionChannels: b + 1 < inputs.count ? inputs[b + 1] : nil)
        }
    }

    private static func check(_ connectivity: Connectivity, fits architecture: Architecture) throws {
        func refuse(_ reason: String) throws -> Never { throw ArchitectureError.connectivity(reason) }
        guard connectivity.blocks.count == architecture.blocks.count else {
            try refuse("\(connectivity.blocks.count) matrices for \(architecture.blocks.count) dense blocks")
        }
        for (b, rows) in connectivity.blocks.enumerated() {
            let layers = architecture.blocks[b]
            guard rows.count == layers || rows.count == layers + 1 else {
                try refuse(
                    "block \(b + 1) has \(rows.count) rows; its \(layers) layers need \(layers), or \(layers + 1) with its end's"
                )
            }
            for (i, row) in rows.enumerated() {
                guard row.count == i + 1 else {
                    try refuse("block \(b + 1), row \(i + 1) has \(row.count) entries; row \(i + 1) needs \(i + 1)")
                }
                guard row.contains(true) else {
                    let who = i < layers ? "layer \(i + 1)" : "the end"
                    try refuse("\(who) of block \(b + 1) reads nothing; every row needs at least one 1")
                }
            }
        }
    }
}

extension Network: Codable {
    private enum CodingKeys: CodingKey { case architecture, connectivity }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        try self.init(
            container.decode(Architecture.self, forKey: .architecture),
            container.decode(Connectivity.self, forKey: .connectivity))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(architecture, forKey: .architecture)
        try container.encode(connectivity, forKey: .connectivity)
    }
}
