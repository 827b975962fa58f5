import Foundation

/// The lower triangular factor L of a symmetric positive definite matrix A = LLᵀ.
///
/// Written out, as a search's matrix has but as many rows as it has free connections.
struct Cholesky {
    private var lower: [Double]
    private let width: Int

    /// The factor of a matrix of `width` rows, of which only the lower half is read; `nil` where it is not positive
    /// definite.
    init?(_ matrix: [Double], _ width: Int) {
        var lower = matrix
        let isPositive = lower.withUnsafeMutableBufferPointer { l in
            for i in 0..<width {
                for j in 0...i {
                    let sum = l[i * width + j] - Self.product(l, i * width, j * width, j)
                    guard i == j else {
                        l[i * width + j] = sum / l[j * width + j]
                        continue
                    }
                    guard sum > 0, sum.isFinite else { return false }
                    l[i * width + i] = sum.squareRoot()
                }
            }
            return true
        }
        guard isPositive else { return nil }
        (self.lower, self.width) = (lower, width)
    }

    /// The inner product of two rows' first numbers, added up in eight sums side by side, as processors can.
    private static func product(_ l: UnsafeMutableBufferPointer<Double>, _ a: Int, _ b: Int, _ count: Int) -> Double {
        var sums = SIMD8<Double>()
        var k = 0
        while k + 8 <= count {
            var (x, y) = (SIMD8<Double>(), SIMD8<Double>())
            for n in 0..<8 { (x[n], y[n]) = (l[a + k + n], l[b + k + n]) }
            sums += x * y
            k += 8
        }
        var rest = 0.0
        while k < count {
            rest += l[a + k] * l[b + k]
            k += 1
        }
        return sums.sum() + rest
    }

    /// x where LLᵀx = b.
    func solve(_ right: [Double]) -> [Double] {
        var x = right
        for i in 0..<width {
            for k in 0..<i { x[i] -= lower[i * width + k] * x[k] }
            x[i] /= lower[i * width + i]
        }
        return solveTransposed(x)
    }

    /// x where Lᵀx = b.
    func solveTransposed(_ right: [Double]) -> [Double] {
        var x = right
        for i in (0..<width).reversed() {
            for k in i + 1..<max(i + 1, width) { x[i] -= lower[k * width + i] * x[k] }
            x[i] /= lower[i * width + i]
        }
        return x
    }

    /// Half the logarithm of A's determinant.
    var halfLogDeterminant: Double { (0..<width).reduce(0) { $0 + log(lower[$1 * width + $1]) } }
}
