import Foundation

/// A whole number from the command line: refused where it is parsed, with the range, before anything is computed with
/// it.
struct Whole: Sendable {
    let range: ClosedRange<Int>

    init(_ range: ClosedRange<Int>) { self.range = range }

    /// Children, epochs, seeds: what is counted and done.
    static let count = Whole(1...1_000_000)
    /// What may be none.
    static let countOrNone = Whole(0...1_000_000)
    /// Steps of the agent an update.
    static let steps = Whole(0...1000)
    /// Threads and processes; more than any machine has.
    static let threads = Whole(1...1024)
    /// Images a step; BN needs two.
    static let batch = Whole(2...1_000_000)
    /// Training images, of a set or seen in all.
    static let images = Whole(1...1_000_000_000_000)
    /// Channels of a layer.
    static let channels = Whole(1...65_536)

    /// For `transform:` of an option.
    @Sendable func parse(_ text: String) throws -> Int {
        guard let value = Int(text), range.contains(value) else {
            throw RangeError("a whole number from \(range.lowerBound) to \(range.upperBound) is needed")
        }
        return value
    }
}

/// A finite number from the command line.
struct Real: Sendable {
    private let words: String
    private let contains: @Sendable (Double) -> Bool

    init(from low: Double, upTo high: Double) {
        words = "from \(Self.text(low)) to \(Self.text(high))"
        contains = { $0 >= low && $0 <= high }
    }

    init(over low: Double, upTo high: Double) {
        words = "over \(Self.text(low)), up to \(Self.text(high))"
        contains = { $0 > low && $0 <= high }
    }

    init(from low: Double, under high: Double) {
        words = "from \(Self.text(low)) to under \(Self.text(high))"
        contains = { $0 >= low && $0 < high }
    }

    /// Learning rates and epochs in parts.
    static let rate = Real(over: 0, upTo: 1e6)
    /// What may be nothing: decays, bonuses, prices.
    static let weight = Real(from: 0, upTo: 1e6)
    /// Shares that leave something: momentum, dropout.
    static let share = Real(from: 0, under: 1)
    /// How far the agent starts from a belief.
    static let deviations = Real(from: 0, upTo: 100)
    /// MACs, parameters, elements, or a share of them. No network of ours comes near the limit, and `Int` holds its
    /// thousandfold.
    static let cost = Real(over: 0, upTo: 1e15)

    /// For `transform:` of an option.
    @Sendable func parse(_ text: String) throws -> Double {
        guard let value = Double(text), value.isFinite, contains(value) else {
            throw RangeError("a number \(words) is needed")
        }
        return value
    }

    private static func text(_ value: Double) -> String { String(format: "%g", value) }
}

/// Ascending shares of a whole from the command line, such as `0.35,0.45,0.65`.
struct Shares: Sendable {
    let values: [Double]

    init(_ values: [Double]) { self.values = values }

    /// As it is typed.
    var text: String { values.map { "\($0)" }.joined(separator: ",") }

    /// For `transform:` of an option.
    @Sendable static func parse(_ text: String) throws -> Shares {
        let values = text.split(separator: ",", omittingEmptySubsequences: false).map { Double($0) ?? .nan }
        let ascend = zip([0] + values, values + [1]).allSatisfy { $0 < $1 }
        guard ascend else {
            throw RangeError("ascending numbers over 0 and under 1, with commas between them, are needed")
        }
        return Shares(values)
    }
}

/// A seed from the command line.
enum Seed {
    /// For `transform:` of an option.
    @Sendable static func parse(_ text: String) throws -> UInt64 {
        guard let value = UInt64(text) else { throw RangeError("a whole number from 0 to \(UInt64.max) is needed") }
        return value
    }
}

/// What argument-parser says after "The value '0' is invalid for '--epochs <epochs>': ".
struct RangeError: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
