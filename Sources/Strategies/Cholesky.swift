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
                    var sum = l[i * width + j]
                    for k in 0..<j { sum -= l[i * width + k] * l[j * width + k] }
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
