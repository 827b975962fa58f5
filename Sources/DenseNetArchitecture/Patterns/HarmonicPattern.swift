import Randomness

/// Layer i reads i−2ⁿ for every 2ⁿ that divides i (HarDNet, arXiv 1909.00948).
public struct HarmonicPattern: ConnectivityPattern {
    public static let name = "harmonic"
    public static let help = "harmonic"
    public init(argument: String?) throws { try Self.takeNoArgument(argument) }
    public func row(ofLayer layer: Int, using generator: inout SeededGenerator) -> [Bool] {
        (0..<layer).map { j in (layer - j).nonzeroBitCount == 1 && layer % (layer - j) == 0 }
    }
}
