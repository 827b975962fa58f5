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

    /// Decodes and validates.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        blocks = try container.decode([Int].self, forKey: .blocks)
        growthRate = try container.decode(Int.self, forKey: .growthRate)
        bottleneck = try container.decode(Bool.self, forKey: .bottleneck)
        compression = try container.decode(Double.self, forKey: .compression)
        stem = try container.decode(Stem.self, forKey: .stem)
        inputChannels = try container.decode(Int.self, forKey: .inputChannels)
        imageSize = try container.decode(Int.self, forKey: .imageSize)
        classes = try container.decode(Int.self, forKey: .classes)
        try validate()
    }
}
