/// A DenseNet's shape, connections aside: a value that a network is built from (Huang et al., arXiv 1608.06993).
public struct Architecture: Codable, Hashable, Sendable {
    /// Layers in each dense block.
    public var blocks: [Int]
    /// Feature maps each layer adds (k in the paper).
    public var growthRate: Int
    /// Whether a 1×1 convolution to 4k maps stands before each 3×3 (DenseNet-B).
    public var bottleneck: Bool
    /// The share of maps a transition keeps (θ in the paper); 1 keeps all.
    public var compression: Double
    /// What comes before the first block.
    public var stem: Stem
    /// Channels of the images.
    public var inputChannels: Int
    /// Height and width of the images, in pixels.
    public var imageSize: Int
    /// Classes told apart.
    public var classes: Int

    /// What comes before the first block.
    public struct Stem: Codable, Hashable, Sendable {
        /// The stem's operations.
        public enum Kind: String, Codable, Sendable {
            /// One 3×3 convolution.
            case cifar
            /// A 7×7 convolution of stride 2, BN, ReLU and a 3×3 maximum pool of stride 2.
            case imageNet = "imagenet"
        }
        /// The operations.
        public var kind: Kind
        /// Feature maps the stem makes.
        public var channels: Int

        /// Its convolution: height and width of the kernel, stride and padding.
        public var geometry: (kernel: Int, stride: Int, padding: Int) { kind == .cifar ? (3, 1, 1) : (7, 2, 3) }
        /// Height and width of its convolution's output, for images of a size.
        public func convolvedSize(_ imageSize: Int) -> Int { (imageSize - 1) / geometry.stride + 1 }

        /// A stem.
        public init(_ kind: Kind, channels: Int) {
            self.kind = kind
            self.channels = channels
        }
    }

    /// An architecture from its numbers.
    /// - Throws: `ArchitectureError` when a number makes no network.
    public init(
        blocks: [Int], growthRate: Int, bottleneck: Bool, compression: Double, stem: Stem, inputChannels: Int = 3,
        imageSize: Int = 32, classes: Int = 10
    ) throws {
        self.blocks = blocks
        self.growthRate = growthRate
        self.bottleneck = bottleneck
        self.compression = compression
        self.stem = stem
        self.inputChannels = inputChannels
        self.imageSize = imageSize
        self.classes = classes
        try validate()
    }

    /// Says what makes this no network; a decoded or changed architecture is checked with it.
    /// - Throws: `ArchitectureError`.
    public func validate() throws {
        func need(_ condition: Bool, _ reason: String) throws {
            if !condition { throw ArchitectureError.invalid(reason) }
        }
        try need(!blocks.isEmpty, "it has no dense block; 'blocks' needs at least one number of layers")
        try need(blocks.allSatisfy { 1...1000 ~= $0 }, "a block of \(blocks.first { !(1...1000 ~= $0) } ?? 0) layers; 1 to 1000 are possible")
        try need(1...1024 ~= growthRate, "growth rate \(growthRate); 1 to 1024 are possible")
        try need(compression > 0 && compression <= 1, "compression \(compression); it must be over 0 and at most 1")
        try need(1...4096 ~= stem.channels, "a stem of \(stem.channels) channels; 1 to 4096 are possible")
        try need(1...64 ~= inputChannels, "\(inputChannels) input channels; 1 to 64 are possible")
        try need(2...100_000 ~= classes, "\(classes) classes; at least 2 are needed")
        try need(1...4096 ~= imageSize, "images of \(imageSize) pixels; 1 to 4096 are possible")
        let sizes = blockSizes
        try need(
            sizes.allSatisfy { $0 >= 1 },
            "images of \(imageSize) pixels are halved to nothing before block \((sizes.firstIndex { $0 < 1 } ?? 0) + 1)")
        try need(blockInputChannels.allSatisfy { $0 >= 1 }, "compression \(compression) leaves a transition no channel")
    }

    /// Height and width of the maps in each block, in pixels.
    public var blockSizes: [Int] {
        var size = imageSize
        if stem.kind == .imageNet { size = (stem.convolvedSize(size) - 1) / 2 + 1 }
        return blocks.indices.map { _ in
            defer { size /= 2 }
            return size
        }
    }

    /// Channels of each block's input, whatever the connectivity: a transition's output does not shrink with its input.
    public var blockInputChannels: [Int] {
        var channels = stem.channels
        return blocks.map { layers in
            defer { channels = Int(Double(channels + layers * growthRate) * compression) }
            return channels
        }
    }
}

/// Why a value describes no network; each is a sentence for the person who wrote it.
public enum ArchitectureError: Error, Equatable, CustomStringConvertible {
    /// A number or a combination of numbers is impossible; the reason.
    case invalid(String)
    /// No architecture has this name.
    case unknownName(String)
    /// A name's depth does not make equal blocks: depths are whole multiples of `step` plus 4.
    case depthDoesNotFit(name: String, depth: Int, step: Int)
    /// Matrices do not fit their architecture; the reason.
    case connectivity(String)
    /// No pattern has this name; how the known ones are written.
    case unknownPattern(String, known: [String])
    /// What follows a pattern's colon makes no sense to it; what it expects.
    case badPatternArgument(pattern: String, argument: String?, expected: String)
    /// A pattern of another package cannot be named; the reason.
    case cannotRegister(String)

    public var description: String {
        switch self {
        case .invalid(let reason): "invalid architecture: \(reason)"
        case .unknownName(let name):
            "unknown architecture '\(name)'; known are densenet-L-k (densenet-40-12), densenet-bc-L-k (densenet-bc-100-12), "
                + "densenet121, densenet161, densenet169, densenet201, or a JSON file"
        case .depthDoesNotFit(let name, let depth, let step):
            "'\(name)': depth \(depth) does not fit; three equal blocks need a depth of \(step)·n + 4, "
                + "such as \(Swift.max(1, (depth - 4) / step) * step + 4) or \((Swift.max(0, depth - 4) / step + 1) * step + 4)"
        case .connectivity(let reason): "invalid connectivity: \(reason)"
        case .unknownPattern(let name, let known):
            "unknown connectivity '\(name)'; known are \(known.joined(separator: ", ")), or a JSON file"
        case .badPatternArgument(let pattern, let argument, let expected):
            "connectivity '\(pattern)\(argument.map { ":" + $0 } ?? "")': \(expected)"
        case .cannotRegister(let reason): reason
        }
    }
}
