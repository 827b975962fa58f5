/// Which channels of a block's buffer each layer reads and writes.
///
/// The buffer `[N, channels, H, W]` holds the block's input, then each layer's output: its contents are the concatenation
/// that DenseNets are defined by, and nothing is ever copied to make one.
public struct DenseBlockPlan: Sendable {
    /// A layer: BN, ReLU, 3×3 convolution.
    public struct Layer: Sendable {
        /// Channels it reads, in the order of its weights.
        public let reads: [Int]
        /// The first channel it writes.
        public let writes: Int

        /// A layer of a plan.
        public init(reads: [Int], writes: Int) {
            self.reads = reads
            self.writes = writes
        }
    }
    /// Height of the maps.
    public let height: Int
    /// Width of the maps.
    public let width: Int
    /// Channels of the buffer.
    public let channels: Int
    /// Channels of the block's input, the buffer's first.
    public let inputChannels: Int
    /// Channels each layer writes.
    public let growthRate: Int
    /// The layers in order.
    public let layers: [Layer]

    /// A plan.
    public init(height: Int, width: Int, inputChannels: Int, growthRate: Int, layers: [Layer]) {
        self.height = height
        self.width = width
        self.inputChannels = inputChannels
        self.growthRate = growthRate
        self.layers = layers
        channels = inputChannels + growthRate * layers.count
    }

    var geometry: PlaneGeometry { PlaneGeometry(height: height, width: width) }
    var pixels: Int { height * width }
    /// Growth rate rounded up to whole tiles of 12.
    var paddedGrowth: Int { (growthRate + 11) / 12 * 12 }
}

/// One layer's parameters where they lie; running statistics are written in training.
public struct DenseLayerParameters {
    /// BN's scale, one per channel read.
    public let scale: UnsafePointer<Float>
    /// BN's shift, one per channel read.
    public let shift: UnsafePointer<Float>
    /// The convolution's weights `[growthRate][reads][3][3]`.
    public let weight: UnsafePointer<Float>

    /// A layer's parameters.
    public init(scale: UnsafePointer<Float>, shift: UnsafePointer<Float>, weight: UnsafePointer<Float>) {
        self.scale = scale
        self.shift = shift
        self.weight = weight
    }
}

/// Mean and biased variance of each channel of a block's buffer over the batch, the same for every reader.
public struct BatchStatistics: Sendable {
    /// The means.
    public internal(set) var mean: [Float]
    /// The biased variances.
    public internal(set) var variance: [Float]
}

extension BatchStatistics {
    /// The statistics of no channel.
    public static let none = BatchStatistics(mean: [], variance: [])
}
