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

    /// What this machine computes with that another does not, so that it comes to other bits; `nil` for nothing.
    package func difference(from there: Machine) -> (what: String, there: String, here: String)? {
        let parts = [
            ("version", there.ads, ads), ("libtorch", there.torch, torch),
            ("instruction set", there.instructionSet, instructionSet),
            ("libtorch's instruction set", there.torchInstructionSet, torchInstructionSet),
        ]
        return parts.first { $0.1 != $0.2 }
    }
}
