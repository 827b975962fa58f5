import CProcessor

/// The layers of DenseNets on CPU, forward and backward, sparse or dense.
///
/// An instance keeps scratch memory and belongs to one thread.
public final class LayerKernels {
    /// Threads that compute.
    public var threads: Int
    let scratch = Scratch()
    let partialScratch = Scratch()
    let mapScratch = Scratch()
    /// One per thread, when threads work on images of their own.
    var helpers: [LayerKernels] = []
    /// PyTorch's default epsilon of BN.
    static let epsilon: Float = 1e-5

    /// Kernels that compute with `threads` threads.
    public init(threads: Int) { self.threads = threads }
}

extension LayerKernels {
    /// The instruction set this build was compiled for.
    public static var builtFor: String { ADS_BUILT_FOR }
    /// What the processor lacks that this build needs; `nil` when nothing.
    public static var missingInstructions: String? { ads_missing_instructions().map { String(cString: $0) } }
}
