import DenseNetArchitecture
import Foundation
import Randomness

/// Draws children that keep a cost target.
///
/// A child's coin flips are fixed first, one uniform number per connection; then one bias, added to all its logits, is
/// found by bisection so that the child just keeps the target, and connections that still fit are added in the order in
/// which a larger bias would have. So no child is wasted, and searches are compared at equal cost.
/// This is our way to a target; the published method has none.
struct BudgetedSampling {
    let space: SearchSpace
    let target: CostTarget?

    /// What a policy answers: the decisions it takes with given coins and biases, and the logits it took them by.
    typealias Rollout = (_ coins: [[Double]], _ biases: [Double]) throws -> (choices: [[Bool]], logits: [[Double]])

    /// Draws `count` children.
    func draw(_ count: Int, _ random: inout SeededGenerator, _ rollout: Rollout) throws -> [Connectivity] {
        var coins: [[Double]] = []
        for _ in 0..<count { coins.append(space.entries.map { _ in random.uniform() }) }
        guard let target else {
            return try rollout(coins, [Double](repeating: 0, count: count)).choices.map(space.connectivity)
        }
        var low = [Double](repeating: -40, count: count)
        var high = [Double](repeating: 40, count: count)
        var best = try rollout(coins, low)
        for _ in 0..<24 {
            let middle = zip(low, high).map { ($0 + $1) / 2 }
            let tried = try rollout(coins, middle)
            for k in 0..<count {
                if try cost(tried.choices[k]) <= target.limit {
                    low[k] = middle[k]
                    (best.choices[k], best.logits[k]) = (tried.choices[k], tried.logits[k])
                } else {
                    high[k] = middle[k]
                }
            }
        }
        return try (0..<count).map { k in
            var choices = best.choices[k]
            // The bias at which each pruned connection would be kept: logit(coin) − logit.
            let missing = space.entries.indices.filter { space.entries[$0].isFree && !choices[$0] }
            let order = missing.sorted { threshold(coins[k][$0], best.logits[k][$0]) < threshold(coins[k][$1], best.logits[k][$1]) }
            for index in order {
                choices[index] = true
                if try cost(choices) > target.limit { choices[index] = false }
            }
            return space.connectivity(choices)
        }
    }

    /// Draws `count` children by coins alone, the same probability for every connection: 0.5 without a target.
    func flips(_ count: Int, _ random: inout SeededGenerator) throws -> [Connectivity] {
        try draw(count, &random) { coins, biases in
            (zip(coins, biases).map { coins, bias in coins.map { $0 < 1 / (1 + exp(-bias)) } }, coins.map { $0.map { _ in 0 } })
        }
    }

    private func cost(_ choices: [Bool]) throws -> Int {
        guard let target else { return 0 }
        return target.cost(of: try Network(space.architecture, space.connectivity(choices)))
    }

    private func threshold(_ coin: Double, _ logit: Double) -> Double { log(max(coin, 1e-300) / max(1 - coin, 1e-300)) - logit }
}
