import Randomness

/// Every layer reads its predecessor, and each other node with probability P.
public struct RandomPattern: ConnectivityPattern {
    public static let name = "random"
    public static let help = "random:P"
    private let probability: Double
    public init(argument: String?) throws {
        guard let argument, let p = Double(argument), p >= 0, p <= 1 else {
            throw ArchitectureError.badPatternArgument(
                pattern: Self.name, argument: argument,
                expected: "P, the probability of a connection, must be from 0 to 1, as in random:0.5")
        }
        probability = p
    }
    public func row(ofLayer layer: Int, using generator: inout SeededGenerator) -> [Bool] {
        (0..<layer).map { j in
            // One draw per entry, so that a row's draws do not depend on P.
            let draw = generator.uniform()
            return j == layer - 1 || draw < probability
        }
    }
}
