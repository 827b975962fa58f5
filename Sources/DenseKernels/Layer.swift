/// BN, ReLU and a convolution over selected channels of one buffer of maps, written into another or the same.
///
/// A buffer `[N, channels, H, W]` holds a block's input, then each layer's output: its contents are the concatenation
/// that DenseNets are defined by, and nothing is ever copied to make one.
public struct KernelLayer: Sendable {
    /// What is convolved how.
    public let kind: ConvolutionKind
    /// The buffer it reads.
    public let source: Int
    /// Channels it reads, in the order of its weights.
    public let reads: [Int]
    /// The buffer it writes.
    public let destination: Int
    /// The first channel it writes.
    public let writes: Int
    /// Channels it writes.
    public let outputs: Int

    /// A layer.
    public init(_ kind: ConvolutionKind, source: Int, reads: [Int], destination: Int, writes: Int, outputs: Int) {
        self.kind = kind
        self.source = source
        self.reads = reads
        self.destination = destination
        self.writes = writes
        self.outputs = outputs
    }

    /// Weights of one output.
    var weightsPerOutput: Int { reads.count * kind.taps }
}

/// The shape of a buffer of maps.
public struct MapShape: Sendable {
    /// Its channels.
    public let channels: Int
    /// Height of its maps.
    public let height: Int
    /// Width of its maps.
    public let width: Int

    /// A shape.
    public init(channels: Int, height: Int, width: Int) {
        self.channels = channels
        self.height = height
        self.width = width
    }

    /// Pixels of a map.
    public var pixels: Int { height * width }
    /// Elements of one image.
    public var elements: Int { channels * pixels }
}

/// One layer's parameters where they lie.
public struct LayerParameters {
    /// BN's scale, one per channel read.
    let scale: UnsafePointer<Float>
    /// BN's shift, one per channel read.
    let shift: UnsafePointer<Float>
    /// The convolution's weights `[outputs][reads][3][3]` or `[outputs][reads]`.
    let weight: UnsafePointer<Float>

    /// Channels that both of BN's have.
    let channels: Int
    /// The number of weights.
    let weights: Int

    /// A layer's parameters, valid while their memory is.
    public init(
        scale: UnsafeBufferPointer<Float>, shift: UnsafeBufferPointer<Float>, weight: UnsafeBufferPointer<Float>
    ) {
        self.scale = checked(scale, 1, "a BN's scale")
        self.shift = checked(shift, 1, "a BN's shift")
        self.weight = checked(weight, 1, "a convolution's weight")
        channels = min(scale.count, shift.count)
        weights = weight.count
    }
}

/// The gradients of one layer's parameters.
public struct LayerGradients: Sendable {
    /// Of BN's scale.
    public var scale: [Float]
    /// Of BN's shift.
    public var shift: [Float]
    /// Of the weights, in their order.
    public var weight: [Float]
}

/// Mean and biased variance of each channel of a buffer over the batch, the same for every reader.
public struct BatchStatistics: Sendable {
    /// The means.
    public internal(set) var mean: [Float]
    /// The biased variances.
    public internal(set) var variance: [Float]

    init(channels: Int) {
        mean = [Float](repeating: 0, count: channels)
        variance = mean
    }

    mutating func set(_ channel: Int, _ moments: Moments) {
        mean[channel] = Float(moments.sum / moments.count)
        variance[channel] = Float(moments.squares / moments.count)
    }
}
