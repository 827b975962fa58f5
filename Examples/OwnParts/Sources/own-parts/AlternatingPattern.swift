import DenseNetArchitecture
import Randomness

/// A pattern: a layer reads its predecessor and every second node before that.
struct AlternatingPattern: ConnectivityPattern {
    static let name = "alternating"
    static let help = "alternating"

    init(argument: String?) throws {
        guard argument == nil else {
            throw ArchitectureError.badPatternArgument(
                pattern: Self.name, argument: argument, expected: "it takes no argument")
        }
    }

    func row(ofLayer layer: Int, using generator: inout SeededGenerator) -> [Bool] {
        (0..<layer).map { (layer - $0) % 2 == 1 }
    }
}
