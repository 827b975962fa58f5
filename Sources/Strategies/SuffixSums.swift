/// Which sums some of the last numbers of a list can have: the subset sums of every suffix, as bits.
struct SuffixSums: Sendable {
    /// What all numbers are multiples of, or are rounded up to multiples of.
    private let unit: Int
    private let words: Int
    /// Of each suffix, from the whole list to the empty one, the sums in units.
    private var bits: [[UInt64]]

    /// More bits than this (64 MiB) are not worth their memory.
    static let mostBits = 1 << 29

    /// The sums of numbers of 0 or more, up to a limit; `nil` where they would take too much memory.
    /// - Parameter tolerance: sums may be taken for greater than they are by so much, where that saves memory.
    init?(_ numbers: [Int], upTo limit: Int, tolerance: Int = 0) {
        var unit = 0
        for number in numbers {
            var other = number
            while other != 0 { (unit, other) = (other, unit % other) }
        }
        guard unit > 0, limit >= 0 else { return nil }
        unit = max(unit, tolerance / numbers.count)
        let words = limit / unit / 64 + 1
        guard words <= Self.mostBits / 64 / (numbers.count + 1) else { return nil }
        (self.unit, self.words) = (unit, words)
        var sums = [UInt64](repeating: 0, count: words)
        sums[0] = 1
        bits = [sums]
        for number in numbers.reversed() {
            if number > 0 { Self.add((number - 1) / unit + 1, to: &sums) }
            bits.append(sums)
        }
        bits.reverse()
    }

    /// Every sum there is, and every sum with one number more.
    private static func add(_ number: Int, to sums: inout [UInt64]) {
        let (whole, part) = (number / 64, number % 64)
        for word in stride(from: sums.count - 1, through: whole, by: -1) {
            var shifted = sums[word - whole] << UInt64(part)
            if part > 0, word > whole { shifted |= sums[word - whole - 1] >> UInt64(64 - part) }
            sums[word] |= shifted
        }
    }

    /// Whether a sum of some of the numbers from `index` on lies in a range of 0 or more.
    func contain(_ range: ClosedRange<Int>, from index: Int) -> Bool {
        let (first, last) = ((range.lowerBound + unit - 1) / unit, min(range.upperBound / unit, 64 * words - 1))
        guard first <= last else { return false }
        let sums = bits[index]
        return (first...last).contains { sums[$0 / 64] >> UInt64($0 % 64) & 1 == 1 }
    }
}
