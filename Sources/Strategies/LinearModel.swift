import Foundation
import Randomness

/// Bayesian linear regression of rewards on decisions: worths are normal with given deviations, rewards add noise. Both
/// variances are those of a small grid under which the rewards are the most likely (empirical Bayes, MacKay, 1992).
struct LinearModel {
    /// The rewards learned from.
    private(set) var count = 0
    /// The worths' prior deviations, in units of their mean.
    let deviations: [Double]
    /// Sums over the rewards: features with one another `[D + 1, D + 1]`, lower half; with rewards; rewards squared.
    private var squares: [Double]
    private var products: [Double]
    private var total = 0.0
    /// The variances in use, and of how many rewards they were chosen.
    private var chosen: (prior: Double, noise: Double, at: Int)?

    /// One feature a worth, and one that is always 1.
    private var width: Int { deviations.count + 1 }
    /// The variance of a typical worth, and of a reward's noise, in the variance of the first rewards (`Scale`).
    private static let grid: [(prior: Double, noise: Double)] = [0.01, 0.03, 0.1, 0.3].flatMap { prior in
        [0.03, 0.1, 0.25, 0.5, 1, 2].map { noise in (prior: prior, noise: noise) }
    }
    /// The precision of the mean, of which little is known beforehand.
    private static let meanPrecision = 1e-2

    /// What decisions and rewards are measured from and in: means and deviation of the first children.
    struct Scale: Codable {
        var means: [Double]
        var reward: Double
        var deviation: Double

        init(_ decisions: [[Double]], _ rewards: [Double]) {
            let count = Double(rewards.count)
            means = decisions[0].indices.map { i in decisions.reduce(0) { $0 + $1[i] } / count }
            let mean = rewards.reduce(0, +) / count
            let variance = rewards.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / max(1, count - 1)
            (reward, deviation) = (mean, variance > 0 ? variance.squareRoot() : 1)
        }

        /// Whether it may have come from children of so many decisions.
        func isSound(for width: Int) -> Bool {
            means.count == width && means.allSatisfy { 0...1 ~= $0 } && reward.isFinite && deviation > 0
                && deviation.isFinite
        }
    }

    /// A model of worths whose prior deviations are as these to one another.
    init(priorDeviations: [Double]) {
        let mean = priorDeviations.reduce(0, +) / Double(max(1, priorDeviations.count))
        deviations = priorDeviations.map { $0 / mean }
        squares = [Double](repeating: 0, count: (deviations.count + 1) * (deviations.count + 1))
        products = [Double](repeating: 0, count: deviations.count + 1)
    }

    /// Learns from children, in order.
    mutating func add(_ children: [(decisions: [Double], reward: Double)], _ scale: Scale) {
        // The grid is searched again after every third more. Of several times in one go only the last one counts.
        var last = chosen?.at ?? 0
        for n in count..<count + children.count where n + 1 >= last * 4 / 3 + 1 { last = n + 1 }
        for child in children {
            add(child.decisions, child.reward, scale)
            if count == last { choose() }
        }
    }

    private mutating func add(_ decisions: [Double], _ reward: Double, _ scale: Scale) {
        let features = zip(zip(decisions, scale.means), deviations).map { ($0.0 - $0.1) * $1 } + [1]
        let y = (reward - scale.reward) / scale.deviation
        for i in 0..<width {
            for j in 0...i { squares[i * width + j] += features[i] * features[j] }
            products[i] += features[i] * y
        }
        total += y * y
        count += 1
    }

    /// Forgets all children.
    mutating func forget() {
        // The deviations stay as they are: divided by their mean once more they would be others in the last bits.
        squares = squares.map { _ in 0 }
        products = products.map { _ in 0 }
        (count, total, chosen) = (0, 0, nil)
    }

    private func precision(prior: Double, noise: Double) -> [Double] {
        var matrix = squares.map { $0 / noise }
        for i in 0..<width { matrix[i * width + i] += i < deviations.count ? 1 / prior : Self.meanPrecision }
        return matrix
    }

    private mutating func choose() {
        var best = -Double.infinity
        for (prior, noise) in Self.grid {
            guard let factor = Cholesky(precision(prior: prior, noise: noise), width) else { continue }
            let right = products.map { $0 / noise }
            let mean = factor.solve(right)
            let explained = zip(mean, right).reduce(0) { $0 + $1.0 * $1.1 }
            let occam = -0.5 * Double(deviations.count) * log(prior) - factor.halfLogDeterminant
            let likelihood = occam - 0.5 * (Double(count) * log(noise) + total / noise - explained)
            if likelihood > best { (best, chosen) = (likelihood, (prior, noise, count)) }
        }
    }

    /// What is known of the worths.
    struct Posterior {
        /// Of the worths, then of the constant.
        fileprivate let mean: [Double]
        fileprivate let factor: Cholesky
        fileprivate let deviations: [Double]

        /// Worths that may be true.
        /// - Parameter spread: the deviations of the posterior that a draw lies from the mean; 0 gives the mean.
        func draw(spread: Double, _ random: inout SeededGenerator) -> [Double] {
            let noise = factor.solveTransposed(mean.map { _ in spread * random.normal() })
            return deviations.indices.map { (mean[$0] + noise[$0]) * deviations[$0] }
        }

        /// The worths that are expected.
        var expectedWorths: [Double] { deviations.indices.map { mean[$0] * deviations[$0] } }

        /// What decisions are expected to be worth, measured from and in the scale's rewards.
        func expected(_ decisions: [Double], _ scale: Scale) -> Double {
            deviations.indices.reduce(mean[deviations.count]) {
                $0 + mean[$1] * (decisions[$1] - scale.means[$1]) * deviations[$1]
            }
        }
    }

    /// What is known of the worths after the children so far.
    /// - Throws: `SearchError` where the children's numbers are beyond computing.
    func posterior() throws -> Posterior {
        let (prior, noise, _) = chosen ?? (1, 1, 0)
        let factor = Cholesky(precision(prior: prior, noise: noise), width)
        let mean = factor?.solve(products.map { $0 / noise }) ?? []
        guard let factor, mean.allSatisfy(\.isFinite) else {
            throw SearchError("the rewards of \(count) children are beyond a linear model's numbers")
        }
        return Posterior(mean: mean, factor: factor, deviations: deviations)
    }
}
