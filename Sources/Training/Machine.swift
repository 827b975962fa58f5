import DenseNetModel

/// What a run ran on.
public struct Machine: Codable, Hashable, Sendable {
    /// Version of this program.
    public var ads: String
    /// Version of libtorch.
    public var torch: String
    /// Threads that computed.
    public var threads: Int
    /// `cpu`, `cuda`, `mps`.
    public var device: String
    /// What our kernels were built for.
    public var instructionSet: String
    /// What libtorch chose on this processor.
    public var torchInstructionSet: String
    /// Which implementation computed dense blocks.
    public var kernels: KernelChoice
    /// The processor's or system's name.
    public var system: String
}
