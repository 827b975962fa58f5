import Foundation

/// SplitMix64 (Steele, Lea, Flood; OOPSLA 2014): small, fast, and the same numbers on every platform.
public struct SeededGenerator: RandomNumberGenerator, Codable, Hashable, Sendable {
    /// The whole state; storing it and restoring it continues the same sequence.
    public var state: UInt64

    /// A generator whose draws depend on `seed` alone.
    public init(seed: UInt64) { state = seed }

    /// A generator for one of many independent streams: the stream's numbers are mixed into the seed.
    public init(seed: UInt64, stream: UInt64...) {
        state = seed
        for part in stream {
            state = next() ^ (part &* 0xD134_2543_DE82_EF95 &+ 1)
        }
        state = next()
    }

    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// A number from 0 up to but not including 1, with 53 random bits.
    public mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

    /// A number from `low` up to but not including `high`.
    public mutating func uniform(_ low: Double, _ high: Double) -> Double { low + (high - low) * uniform() }

    /// A normal number of mean 0 and deviation 1 (Box and Muller, 1958); two draws each.
    public mutating func normal() -> Double {
        let radius = (-2 * log(1 - uniform())).squareRoot()
        return radius * cos(2 * .pi * uniform())
    }

    /// An index from 0 up to but not including `count`; the bias of the remainder is below 2⁻⁵⁰ for any array here.
    public mutating func index(below count: Int) -> Int { Int(next() % UInt64(count)) }

    /// A permutation of `0..<count` (Fisher and Yates), independent of how the standard library shuffles.
    public mutating func permutation(_ count: Int) -> [Int] {
        var order = Array(0..<count)
        guard count > 1 else { return order }
        for i in stride(from: count - 1, to: 0, by: -1) { order.swapAt(i, index(below: i + 1)) }
        return order
    }
}
