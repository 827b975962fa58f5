import Randomness
import Registries

/// A rule that says what each layer of a block reads: `log`, `nearest:2`, ...
///
/// A new pattern is one file with a type that conforms, and its line in `ConnectivityPatterns`; in another package, a
/// call of `ConnectivityPatterns.register`.
public protocol ConnectivityPattern: Sendable {
    /// The name a user types.
    static var name: String { get }
    /// How it is written and what it does, for help texts.
    static var help: String { get }
    /// A pattern from what follows the colon, `nil` without one.
    /// - Throws: `ArchitectureError` for an argument that makes no sense.
    init(argument: String?) throws
    /// The row of `layer` (from 1): `layer` entries, entry 0 the block's input.
    func row(ofLayer layer: Int, using generator: inout SeededGenerator) -> [Bool]
}

extension ConnectivityPattern {
    /// Refuses an argument where none is taken.
    static func takeNoArgument(_ argument: String?) throws {
        guard argument == nil else {
            throw ArchitectureError.badPatternArgument(
                pattern: name, argument: argument, expected: "it takes no argument")
        }
    }

    /// Reads a whole number of at least 1.
    static func number(_ argument: String, expected: String) throws -> Int {
        guard let n = Int(argument), n >= 1 else {
            throw ArchitectureError.badPatternArgument(pattern: name, argument: argument, expected: expected)
        }
        return n
    }
}

/// The patterns that can be named.
public enum ConnectivityPatterns {
    private static let registry = Registry<any ConnectivityPattern.Type>(
        "pattern",
        [
            DensePattern.self, LogPattern.self, HarmonicPattern.self, NearestPattern.self, FarNearPattern.self,
            RandomPattern.self,
        ],
        name: { $0.name })

    /// Every pattern: those built in, then those registered, by name.
    public static var all: [any ConnectivityPattern.Type] { registry.all }

    /// Makes a pattern of another package one that can be named, in this process.
    /// - Throws: `ArchitectureError` when its name is taken or cannot be typed.
    public static func register(_ pattern: any ConnectivityPattern.Type) throws {
        do { try registry.register(pattern) } catch { throw ArchitectureError.cannotRegister(error.description) }
    }

    /// The pattern a user wrote, such as `far-near:6`.
    /// - Throws: `ArchitectureError` when it is unknown or its argument makes no sense.
    public static func parse(_ text: String) throws -> any ConnectivityPattern {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard let type = registry.named(parts[0]) else {
            throw ArchitectureError.unknownPattern(text, known: all.map { $0.help })
        }
        return try type.init(argument: parts.count > 1 ? parts[1] : nil)
    }
}

extension Connectivity {
    /// The connectivity a pattern gives an architecture.
    public init(_ pattern: any ConnectivityPattern, for architecture: Architecture, seed: UInt64 = 0) {
        var generator = SeededGenerator(seed: seed, stream: 0xC0)
        self.init(
            blocks: architecture.blocks.map { layers in
                stride(from: 1, through: layers, by: 1).map { pattern.row(ofLayer: $0, using: &generator) }
            })
    }
}
