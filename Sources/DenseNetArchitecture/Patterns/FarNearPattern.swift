import Randomness

/// Layer i reads the N/2 farthest and the N/2 nearest nodes, everything where there are N or fewer (arXiv 1804.05340).
public struct FarNearPattern: ConnectivityPattern {
    public static let name = "far-near"
    public static let help = "far-near:N"
    private let half: Int
    public init(argument: String?) throws {
        let expected = "N, how many nodes a layer reads, must be even and 2 or more, as in far-near:6"
        guard let argument else {
            throw ArchitectureError.badPatternArgument(pattern: Self.name, argument: nil, expected: expected)
        }
        let n = try Self.number(argument, expected: expected)
        guard n % 2 == 0 else {
            throw ArchitectureError.badPatternArgument(pattern: Self.name, argument: argument, expected: expected)
        }
        half = n / 2
    }
    public func row(ofLayer layer: Int, using generator: inout SeededGenerator) -> [Bool] {
        (0..<layer).map { j in j < half || layer - j <= half }
    }
}
