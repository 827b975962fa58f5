import Testing

@testable import ConnectivitySearch

/// Rank correlations by hand, and what holds for their intervals whatever is drawn.
@Suite struct RankCorrelationTests {
    private let a: [Double] = (0..<20).map { Double($0) }
    private let b: [Double] = (0..<20).map { (i: Int) -> Double in
        let extra = i % 3 == 0 ? 0 : i
        return Double(i * 7 % 20 + extra)
    }

    @Test func tiesByHand() throws {
        // Of six pairs each side ties one; four agree.
        #expect(RankCorrelation.kendall([1, 1, 2, 3], [1, 2, 2, 3]) == 0.8)
        // Three of six pairs are ties of one side: 3 / √(3 · 6).
        let half = try #require(RankCorrelation.kendall([1, 1, 1, 2], [1, 2, 3, 4]))
        #expect(abs(half - 0.5.squareRoot()) < 1e-15)
        #expect(RankCorrelation.kendall([1, 2, 3, 4], [1, 1, 1, 2]) == half)
        #expect(RankCorrelation.kendall([1, 2], [5, 3]) == -1 && RankCorrelation.kendall([1, 2], [3, 5]) == 1)
        // Either side may tie everything.
        #expect(RankCorrelation.kendall([1, 2, 3], [2, 2, 2]) == nil)
        #expect(RankCorrelation.kendall([2, 2, 2], [1, 2, 3]) == nil && RankCorrelation.kendall([1], [1]) == nil)
    }

    @Test func symmetries() throws {
        let tau = try #require(RankCorrelation.kendall(a, b))
        #expect(RankCorrelation.kendall(b, a) == tau && RankCorrelation.kendall(a, b.map { -$0 }) == -tau)
        #expect(RankCorrelation.kendall(a.map { $0 * $0 }, b.map { 3 * $0 + 1 }) == tau, "only the order counts")
        #expect(RankCorrelation.kendall(a, a) == 1 && RankCorrelation.kendall(b, b) == 1)
    }

    /// 2/3 with one another, 1/3 and 2/3 with what is held fixed: (2/3 − 2/9) / √(8/9 · 5/9).
    @Test func partialByHand() throws {
        let (a, b, c) = ([1.0, 2, 3, 4], [1.0, 2, 4, 3], [2.0, 1, 4, 3])
        #expect(RankCorrelation.kendall(a, b) == 4.0 / 6 && RankCorrelation.kendall(b, c) == 4.0 / 6)
        #expect(RankCorrelation.kendall(a, c) == 2.0 / 6)
        let partial = try #require(RankCorrelation.partial(a, b, given: c))
        #expect(abs(partial - 0.4.squareRoot()) < 1e-15)
        let other = try #require(RankCorrelation.partial(b, a, given: c))
        #expect(abs(other - partial) < 1e-15)
        let opposite = try #require(RankCorrelation.partial(a, b.map { -$0 }, given: c))
        #expect(abs(opposite + partial) < 1e-15)
        // What is held fixed orders one of them entirely, forwards or backwards, or nothing at all.
        for ordered in [a, a.map { -$0 }] {
            #expect(RankCorrelation.partial(a, b, given: ordered) == nil)
            #expect(RankCorrelation.partial(b, a, given: ordered) == nil)
        }
        #expect(RankCorrelation.partial(a, b, given: [1, 1, 1, 1]) == nil)
        #expect(RankCorrelation.partial([1, 1, 1, 1], b, given: c) == nil)
    }

    /// With 1001 samples the ends are the 26th of either side: the opposite order has the opposite interval.
    @Test(arguments: [UInt64(1), 2, 3]) func theOppositeOrderHasTheOppositeInterval(seed: UInt64) throws {
        let there = try #require(RankCorrelation.interval(a, b, seed: seed, samples: 1001))
        let back = try #require(RankCorrelation.interval(a, b.map { -$0 }, seed: seed, samples: 1001))
        #expect(back.lowerBound == -there.upperBound && back.upperBound == -there.lowerBound)
        #expect(there.lowerBound < there.upperBound)
    }

    /// Of two bands three pairs of one and one of the other count: two agree, two do not. Without bands six more do,
    /// that the bands' difference orders.
    @Test func withinBandsByHand() throws {
        let (a, b, bands) = ([1.0, 2, 3, 10, 20], [1.0, 3, 2, 9, 8], [0, 0, 0, 1, 1])
        #expect(RankCorrelation.kendall(a, b, within: bands) == 0)
        #expect(RankCorrelation.kendall(a, b) == 0.6)
        // The order of the places is nobody's business, and neither are the bands' names.
        #expect(RankCorrelation.kendall([10, 1, 2, 20, 3], [9, 1, 3, 8, 2], within: [7, -2, -2, 7, -2]) == 0)
        // Three agree of the first band, none of the second, which b ties: 3 / √(4 · 3).
        let tied = try #require(RankCorrelation.kendall(a, [1, 2, 3, 9, 9], within: bands))
        #expect(abs(tied - 0.75.squareRoot()) < 1e-15)
        #expect(RankCorrelation.kendall(a, b, within: [0, 1, 2, 3, 4]) == nil)
        let one = [Int](repeating: 3, count: 20)
        #expect(
            RankCorrelation.kendall(self.a, self.b, within: one) == RankCorrelation.kendall(self.a, self.b))
        #expect(RankCorrelation.strata(nil, 3) == [[0, 1, 2]])
        #expect(RankCorrelation.strata([5, 1, 5], 3) == [[1], [0, 2]])
    }

    /// What is held fixed tells the bands apart alone, or one of them: only what it tells within them is taken off.
    @Test func partialWithinBands() throws {
        let (a, b) = ([1.0, 2, 3, 4, 11, 12, 13, 14], [1.0, 2, 4, 3, 11, 12, 14, 13])
        let bands = [0, 0, 0, 0, 1, 1, 1, 1]
        #expect(RankCorrelation.kendall(a, b, within: bands) == 8.0 / 12)
        #expect(RankCorrelation.partial(a, b, given: [0, 0, 0, 0, 1, 1, 1, 1], within: bands) == nil)
        // 2/3 with one another, 1/3 and 2/3 with what is held fixed, in either band: √0.4, as by hand above.
        let partial = try #require(
            RankCorrelation.partial(a, b, given: [2, 1, 4, 3, 2, 1, 4, 3], within: bands))
        #expect(abs(partial - 0.4.squareRoot()) < 1e-15)
    }

    @Test func intervalsWithinBands() throws {
        let one = [Int](repeating: 0, count: 20)
        #expect(
            RankCorrelation.interval(a, b, within: one, seed: 4, samples: 99)
                == RankCorrelation.interval(a, b, seed: 4, samples: 99))
        // Every sample agrees within bands, though the bands themselves disagree.
        let (low, high, bands) = ([1.0, 2, 3, 4], [11.0, 12, 13, 14], [0, 0, 0, 0, 1, 1, 1, 1])
        #expect(RankCorrelation.interval(low + high, high + low, within: bands, seed: 1, samples: 200) == 1...1)
        #expect(RankCorrelation.interval(low + high, high + low, seed: 1, samples: 200) != 1...1)
        #expect(RankCorrelation.interval(a, b, within: Array(0..<20), seed: 1, samples: 50) == nil)
        // A sample of a band of two is both, one twice or the other twice; none is of the other band.
        let two = try #require(
            RankCorrelation.interval([1, 2, 3, 4], [1, 2, 4, 3], within: [0, 0, 1, 1], seed: 3, samples: 1001))
        #expect(two == -1...1)
    }

    @Test func intervals() throws {
        #expect(
            RankCorrelation.interval(a, b, seed: 1) == RankCorrelation.interval(a, b, seed: 1, samples: 2000))
        // All samples are alike where every pair agrees.
        #expect(RankCorrelation.interval(a, a, seed: 1, samples: 50) == 1...1)
        #expect(RankCorrelation.interval([1, 2], [2, 1], seed: 1, samples: 50) == -1 ... -1)
        #expect(RankCorrelation.interval([1, 2], [1, 1], seed: 1, samples: 50) == nil)
        #expect(
            RankCorrelation.interval(a, b, seed: 1, samples: 50) != RankCorrelation.interval(a, b, seed: 2, samples: 50)
        )
    }
}
