import Foundation
import Randomness

/// How alike two orders of the same things are.
public enum RankCorrelation {
    /// Kendall's τ-b: 1 for the same order, -1 for the opposite, 0 for no relation; the one of three that allows for
    /// ties (Kendall, 1945).
    /// - Returns: `nil` where one of them ties everything.
    public static func kendall(_ a: [Double], _ b: [Double]) -> Double? {
        precondition(a.count == b.count, "rank correlation of \(a.count) and \(b.count) values")
        var (agreement, differentA, differentB) = (0, 0, 0)
        for i in a.indices {
            for j in 0..<i {
                let (x, y) = (sign(a[i], a[j]), sign(b[i], b[j]))
                agreement += x * y
                differentA += x * x
                differentB += y * y
            }
        }
        guard differentA > 0, differentB > 0 else { return nil }
        return Double(agreement) / (Double(differentA) * Double(differentB)).squareRoot()
    }

    /// Kendall's partial τ of a and b with c held fixed (Kendall, 1942): what they have in common beyond what c has
    /// with both.
    /// - Returns: `nil` where one of them ties everything, or c orders one of them entirely.
    public static func partial(_ a: [Double], _ b: [Double], given c: [Double]) -> Double? {
        guard let ab = kendall(a, b), let ac = kendall(a, c), let bc = kendall(b, c), abs(ac) < 1, abs(bc) < 1 else {
            return nil
        }
        return (ab - ac * bc) / ((1 - ac * ac) * (1 - bc * bc)).squareRoot()
    }

    private static func sign(_ a: Double, _ b: Double) -> Int { a > b ? 1 : a < b ? -1 : 0 }

    /// Between which values τ lies in 95% of samples drawn again from the pairs (percentile bootstrap).
    public static func interval(_ a: [Double], _ b: [Double], seed: UInt64, samples: Int = 2000) -> ClosedRange<Double>?
    {
        var random = SeededGenerator(seed: seed, stream: 0xB007)
        let values = (0..<samples).compactMap { _ -> Double? in
            let chosen = a.indices.map { _ in random.index(below: a.count) }
            return kendall(chosen.map { a[$0] }, chosen.map { b[$0] })
        }.sorted()
        guard let last = values.indices.last else { return nil }
        return values[last * 25 / 1000]...values[last * 975 / 1000]
    }
}
