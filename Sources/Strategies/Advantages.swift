import Foundation

/// How much better each child of an update was than the update's other children, in deviations of rewards.
///
/// The baseline leaves the child itself out (leave-one-out, Kool, van Hoof and Welling, 2019, "Buy 4 REINFORCE samples,
/// get a baseline for free!"), so it does not depend on the child's own decisions; an update's advantages add up to
/// zero. They are divided by a running deviation, the update's own included, so that rates do not depend on how far
/// rewards lie apart: the gradient's direction is the policy gradient's, its length is not.
struct Advantages: Codable, Hashable {
    /// The running variance of rewards within an update.
    private(set) var variance: Double?

    /// The advantages of an update's rewards, in order; no child has one where there is nobody to compare it with.
    /// - Parameter decay: the weight of the old variance.
    mutating func of(_ rewards: [Double], decay: Double) -> [Double] {
        guard rewards.count > 1 else { return rewards.map { _ in 0 } }
        let count = Double(rewards.count)
        let mean = rewards.reduce(0, +) / count
        let own = rewards.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (count - 1)
        // Without earlier updates the own variance is all there is.
        let now = variance.map { decay * $0 + (1 - decay) * own } ?? own
        variance = now
        return compared(rewards)
    }

    /// Values compared with one another, each with the mean of the others, in deviations of rewards.
    func compared(_ values: [Double]) -> [Double] {
        let count = Double(values.count)
        guard values.count > 1, let variance, variance > 0 else { return values.map { _ in 0 } }
        let mean = values.reduce(0, +) / count
        return values.map { ($0 - mean) * count / (count - 1) / variance.squareRoot() }
    }
}
