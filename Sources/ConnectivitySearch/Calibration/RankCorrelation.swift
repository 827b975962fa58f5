import Foundation
import Randomness

/// How alike two orders of the same things are; with bands only pairs of one band count (Korn, 1984: Kendall's tau with
/// a blocking variable), so that what bands differ in explains nothing.
public enum RankCorrelation {
    /// Kendall's τ-b: 1 for the same order, -1 for the opposite, 0 for no relation; the one of three that allows for
    /// ties (Kendall, 1945).
    /// - Parameter bands: the band of each; one band without it.
    /// - Returns: `nil` where one of them ties everything.
    public static func kendall(_ a: [Double], _ b: [Double], within bands: [Int]? = nil) -> Double? {
        precondition(a.count == b.count, "rank correlation of \(a.count) and \(b.count) values")
        return kendall(a, b, strata(bands, a.count))
    }

    private static func kendall(_ a: [Double], _ b: [Double], _ groups: [[Int]]) -> Double? {
        var (agreement, differentA, differentB) = (0, 0, 0)
        for group in groups {
            for (place, i) in group.enumerated() {
                for j in group[..<place] {
                    let (x, y) = (sign(a[i], a[j]), sign(b[i], b[j]))
                    agreement += x * y
                    differentA += x * x
                    differentB += y * y
                }
            }
        }
        guard differentA > 0, differentB > 0 else { return nil }
        return Double(agreement) / (Double(differentA) * Double(differentB)).squareRoot()
    }

    /// Kendall's partial τ of a and b with c held fixed (Kendall, 1942): what they have in common beyond what c has
    /// with both.
    /// - Returns: `nil` where one of them ties everything, or c orders one of them entirely.
    public static func partial(
        _ a: [Double], _ b: [Double], given c: [Double], within bands: [Int]? = nil
    ) -> Double? {
        guard let ab = kendall(a, b, within: bands), let ac = kendall(a, c, within: bands),
            let bc = kendall(b, c, within: bands), abs(ac) < 1, abs(bc) < 1
        else { return nil }
        return (ab - ac * bc) / ((1 - ac * ac) * (1 - bc * bc)).squareRoot()
    }

    private static func sign(_ a: Double, _ b: Double) -> Int { a > b ? 1 : a < b ? -1 : 0 }

    /// Between which values τ lies in 95% of samples drawn again from the pairs (percentile bootstrap), those of each
    /// band from the band.
    public static func interval(
        _ a: [Double], _ b: [Double], within bands: [Int]? = nil, seed: UInt64, samples: Int = 2000
    ) -> ClosedRange<Double>? {
        let groups = strata(bands, a.count)
        var random = SeededGenerator(seed: seed, stream: 0xB007)
        let values = (0..<samples).compactMap { _ -> Double? in
            var chosen = Array(a.indices)
            for group in groups {
                for place in group { chosen[place] = group[random.index(below: group.count)] }
            }
            return kendall(chosen.map { a[$0] }, chosen.map { b[$0] }, groups)
        }.sorted()
        guard let last = values.indices.last else { return nil }
        return values[last * 25 / 1000]...values[last * 975 / 1000]
    }

    /// The places of each band, in the order of the bands; all of them where there are no bands.
    static func strata(_ bands: [Int]?, _ count: Int) -> [[Int]] {
        guard let bands else { return [Array(0..<count)] }
        precondition(bands.count == count, "\(bands.count) bands of \(count) values")
        return Dictionary(grouping: bands.indices) { bands[$0] }.sorted { $0.key < $1.key }.map(\.value)
    }
}
