import Randomness

/// Every layer reads everything before it (arXiv 1608.06993).
public struct DensePattern: ConnectivityPattern {
    public static let name = "dense"
    public static let help = "dense"
    public init(argument: String?) throws { try Self.takeNoArgument(argument) }
    public func row(ofLayer layer: Int, using generator: inout SeededGenerator) -> [Bool] {
        [Bool](repeating: true, count: layer)
    }
}
