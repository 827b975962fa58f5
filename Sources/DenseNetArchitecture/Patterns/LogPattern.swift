import Randomness

/// Layer i reads i−1, i−2, i−4, i−8, ... (Log-DenseNet, arXiv 1711.00002; SparseNet, arXiv 1801.05895).
public struct LogPattern: ConnectivityPattern {
    public static let name = "log"
    public static let help = "log"
    public init(argument: String?) throws { try Self.takeNoArgument(argument) }
    public func row(ofLayer layer: Int, using generator: inout SeededGenerator) -> [Bool] {
        (0..<layer).map { j in (layer - j).nonzeroBitCount == 1 }
    }
}
