import Foundation
import Randomness
import Testing
import Torch

@testable import Strategies

/// What an update follows beside its children's rewards: the critic, and the entropy bonus.
extension PolicyTests {
    /// With a critic, too, an update follows the policy's gradient on average, whatever the critic expects: what was
    /// not expected of its children, and what is expected of others, together.
    @Test(arguments: [Tiny.free, .macs, .ends])
    func theCriticsEstimatorsMeanIsTheGradient(tiny: Tiny) throws {
        var all = try Enumerated(tiny)
        var context = StrategyContext(all.space, target: all.target, seed: 9)
        (context.settings.hidden, context.settings.initialRange, context.settings.entropyBonus) = (8, 0.8, 0)
        context.settings.imagined = 120
        let strategy = try AdsStrategy(context)
        let terms = try all.policy.agent.connectionTerms.floats()
        try withoutGrad { try strategy.policy.agent.connectionTerms.assign(Tensor(terms, [terms.count])) }
        all.policy = strategy.policy
        // Not what children are worth, and not far from it.
        func expected(_ choices: [Bool]) -> Double {
            0.5 * all.reward(choices) + 0.6 * Double(choices.count(where: \.self))
        }

        let rewards = try Tensor(all.children.map { Float(all.reward($0)) }, [all.children.count])
        let exact = try all.gradient(-((all.judge(all.children).logProbabilities.exp() * rewards).sum()))
        var random = SeededGenerator(seed: 3)
        let found = try (0..<16).map { _ in
            let children = try all.policy.draw(120, &random)
            let loss = try strategy.loss(
                all.policy.judge(children), of: children.map(\.choices), children.map { all.reward($0.choices) },
                expected: expected)
            // In deviations of rewards, by the deviation of this update.
            return try all.gradient(loss * (strategy.advantages.variance ?? 0).squareRoot())
        }
        let (error, deviation) = Self.compare(found, exact)
        #expect(error < 3 * deviation, "off by \(error) at a standard error of \(deviation)")
        let length = exact.reduce(0) { $0 + $1 * $1 }.squareRoot()
        #expect(deviation < 0.2 * length, "a standard error of \(deviation) tells nothing of a gradient of \(length)")
    }

    /// With a critic the bonus is in the loss once, of the children it is imagined for.
    @Test func theCriticsUpdatesHaveTheBonusOnce() throws {
        let all = try Enumerated(.free)
        func loss(_ bonus: Double) throws -> Double {
            var (context, random) = (StrategyContext(all.space, seed: 9), SeededGenerator(seed: 3))
            context.settings.entropyBonus = bonus
            let strategy = try AdsStrategy(context)
            let children = try strategy.policy.draw(6, &random)
            return try strategy.loss(
                strategy.policy.judge(children), of: children.map(\.choices),
                children.map { all.reward($0.choices) }, expected: all.reward
            ).item()
        }
        let bonus = try loss(0) - loss(1)
        // Nine coins have 6.24 nats at most, and a fresh agent's are nearly fair.
        #expect(bonus > 5 && bonus < 6.3, "\(bonus)")
    }

    /// By the chain rule the entropies of a child's decisions are, on average over children, the entropy of the policy.
    @Test(arguments: Tiny.allCases)
    func theEntropiesMeanIsThePolicysEntropy(tiny: Tiny) throws {
        let all = try Enumerated(tiny)
        let (mean, exact) = try Self.entropies(all)
        #expect(abs(mean - exact) < 1e-4 && exact > 0.5, "\(mean), \(exact)")
    }

    /// A step along the bonus alone makes the decisions of the children it was taken for less certain.
    @Test(arguments: [Tiny.free, .macs, .drops])
    func theBonusRaisesTheEntropy(tiny: Tiny) throws {
        let all = try Enumerated(tiny)
        var random = SeededGenerator(seed: 4)
        let children = try all.policy.draw(64, &random)
        func entropy() throws -> Double { try withoutGrad { try all.policy.judge(children).entropies.mean().item() } }
        let (before, nothing) = (try entropy(), children.map { _ in 0.0 })
        all.clear()
        try AdsStrategy.loss(all.policy.judge(children), advantages: nothing, entropyBonus: 1).backward()
        for parameter in all.policy.agent.parameters {
            guard let grad = parameter.grad else { continue }
            let moved = try zip(parameter.floats(), grad.floats()).map { $0 - 0.001 * $1 }
            try withoutGrad { try parameter.assign(Tensor(moved, parameter.shape)) }
        }
        #expect(try entropy() > before + 1e-4)
    }

    /// The mean of what children are judged to have, and what the policy has, in nats.
    private static func entropies(_ all: Enumerated) throws -> (mean: Double, exact: Double) {
        try withoutGrad {
            let judged = try all.judge(all.children)
            let (logs, own) = (try judged.logProbabilities.doubles(), try judged.entropies.doubles())
            return (
                zip(logs, own).reduce(0) { $0 + exp($1.0) * $1.1 }, logs.reduce(0) { $0 - exp($1) * $1 }
            )
        }
    }
}
