/// How convolutions start.
///
/// BN makes the output independent of their scale, but not the size of a step relative to the weights: fan-out starts
/// 12 outputs of 792 inputs six times larger than the default, so that the same learning rate turns them 40 times
/// slower.
public enum Initialization: String, Sendable, Codable, CaseIterable {
    /// He et al. (arXiv 1502.01852) with fan-out, as the DenseNet paper's code.
    case fanOut = "fan-out"
    /// Uniform in ±1/√fan-in, PyTorch's default for convolutions; learns faster where epochs are few.
    case fanIn = "fan-in"
}
