import Randomness

/// Layer i reads the N nodes before it; `nearest` is `nearest:1`, a chain.
public struct NearestPattern: ConnectivityPattern {
    public static let name = "nearest"
    public static let help = "nearest[:N]"
    private let count: Int
    public init(argument: String?) throws {
        count =
            try argument.map {
                try Self.number($0, expected: "N, how many nodes before a layer it reads, must be 1 or more")
            } ?? 1
    }
    public func row(ofLayer layer: Int, using generator: inout SeededGenerator) -> [Bool] {
        (0..<layer).map { j in layer - j <= count }
    }
}
