import DenseNetArchitecture
import Foundation
import Randomness
import TestSupport
import Testing
import Torch

@testable import Strategies

/// The agent's mathematics on spaces small enough to enumerate every child.
@Suite(.serialized, .oneThread) struct PolicyTests {
    /// A space of at most 2¹⁰ children, with a target or without.
    enum Tiny: String, CaseIterable {
        case free, macs, parameters, ends, latency, loose, drops

        var isLoose: Bool { self == .loose || self == .drops }
        var hasEnds: Bool { self == .ends || self == .drops }
    }

    struct Enumerated {
        let space: SearchSpace
        let target: CostTarget?
        var policy: Policy
        /// Every child that can be drawn, as decisions.
        let children: [[Bool]]

        init(_ tiny: Tiny, seed: UInt64 = 3) throws {
            let a = try Architecture(
                blocks: tiny.hasEnds || tiny.isLoose ? [3, 2] : [4, 3], growthRate: 4, bottleneck: false,
                compression: 1,
                stem: .init(.cifar, channels: 6), imageSize: 8)
            let space = SearchSpace(a, searchesBlockEnds: tiny.hasEnds, keepsPredecessor: !tiny.isLoose)
            let measure: CostMeasure? =
                switch tiny {
                case .free, .loose: nil
                case .macs, .ends, .drops: .macs
                case .parameters: .parameters
                case .latency: .latency
                }
            let table = tiny == .latency ? try Self.table() : nil
            let target = try measure.map { measure in
                // In the middle of what can be reached.
                let (least, most) = (measure.of(try space.cheapest(), table), measure.of(try Network(a), table))
                return CostTarget(measure, limit: least + (most - least) * 6 / 10, table: table)
            }
            var settings = AgentSettings()
            (settings.hidden, settings.initialRange) = (8, 0.8)
            let policy = try Policy(space, target: target, settings, seed: seed)
            var random = SeededGenerator(seed: seed)
            let terms = space.entries.map { _ in Float(random.uniform(-1, 1)) }
            try withoutGrad { try policy.agent.connectionTerms.assign(Tensor(terms, [terms.count])) }
            let sampling = try SequentialSampling(space: space, target: target)
            let free = space.entries.indices.filter { space.entries[$0].isFree }
            precondition(free.count <= 12)
            (self.space, self.target, self.policy) = (space, target, policy)
            let all = space.entries
            children = (0..<1 << free.count).compactMap { bits -> [Bool]? in
                var choices = all.map { _ in true }
                for (place, index) in free.enumerated() { choices[index] = bits >> place & 1 == 1 }
                let rules = sampling.rules(choices)
                return zip(rules, choices).allSatisfy { $0 == .forced($1) || $0 != .forced(!$1) } ? choices : nil
            }
        }

        private static func table() throws -> LatencyTable {
            let json = """
                {"threads": 1, "base": 0.1, "layers": [[{"channels": 1, "milliseconds": 0.011}, {"channels": 100, "milliseconds": 0.4}], \
                [{"channels": 1, "milliseconds": 0.011}, {"channels": 100, "milliseconds": 0.2}]], "transitions": \
                [[{"channels": 1, "milliseconds": 0.001}, {"channels": 100, "milliseconds": 0.03}], []]}
                """
            return try JSONDecoder().decode(LatencyTable.self, from: Data(json.utf8))
        }

        func judge(_ children: [[Bool]]) throws -> Policy.Judgement { try policy.judge(children.map(policy.child)) }

        func clear() { for parameter in policy.agent.parameters { parameter.clearGrad() } }

        /// The gradients of all parameters, one after the other.
        func gradient(_ loss: Tensor) throws -> [Double] {
            clear()
            try loss.backward()
            return try policy.agent.parameters.flatMap {
                try $0.grad?.doubles() ?? [Double](repeating: 0, count: $0.count)
            }
        }

        /// Something that depends on single connections and on pairs.
        func reward(_ choices: [Bool]) -> Double {
            var random = SeededGenerator(seed: 77)
            let single = choices.map {
                $0
                    ? random.uniform(-1, 1)
                    : {
                        _ = random.next()
                        return 0
                    }()
            }
            return single.reduce(0, +) + (choices[1] && choices[choices.count - 2] ? 1.5 : 0)
        }
    }

    @Test(arguments: Tiny.allCases)
    func probabilitiesOfAllChildrenSumToOne(tiny: Tiny) throws {
        let all = try Enumerated(tiny)
        #expect(all.children.count >= 5, "\(all.children.count) children can tell nothing")
        let logs = try withoutGrad { try all.judge(all.children).logProbabilities.doubles() }
        #expect(abs(logs.reduce(0) { $0 + exp($1) } - 1) < 1e-5)
        // And they are how often children are drawn.
        var random = SeededGenerator(seed: 12)
        let draws = 8_000
        var counts: [[Bool]: Int] = [:]
        let drawn = try all.policy.draw(draws, &random)
        for child in drawn { counts[child.choices, default: 0] += 1 }
        #expect(Set(counts.keys).isSubset(of: Set(all.children)))
        var (chi, cells) = (0.0, 0.0)
        for (choices, log) in zip(all.children, logs) where exp(log) * Double(draws) >= 5 {
            let expected = exp(log) * Double(draws)
            chi += (Double(counts[choices] ?? 0) - expected) * (Double(counts[choices] ?? 0) - expected) / expected
            cells += 1
        }
        // A chi-square has as many degrees as cells, and a deviation of √(2·cells).
        #expect(cells >= 3 && chi < cells + 5 * (2 * cells).squareRoot(), "\(chi) over \(cells) cells")
    }

    /// Children are judged by the rules they were drawn with as by those that are looked up.
    @Test(arguments: Tiny.allCases)
    func childrenAreJudgedAlikeWhenDrawnAndLater(tiny: Tiny) throws {
        let all = try Enumerated(tiny)
        var random = SeededGenerator(seed: 13)
        let drawn = try all.policy.draw(40, &random)
        let (now, later) = (try all.policy.judge(drawn), try all.judge(drawn.map(\.choices)))
        #expect(try now.logProbabilities.doubles() == later.logProbabilities.doubles())
        #expect(try now.probabilities.doubles() == later.probabilities.doubles())
        #expect(try now.entropies.doubles() == later.entropies.doubles())
    }

    /// Each decision of the mode is the likelier one after those before it, or forced, and no chance is in it.
    @Test(arguments: Tiny.allCases)
    func everyDecisionOfTheModeIsTheLikelierOne(tiny: Tiny) throws {
        for seed in 1...4 as ClosedRange<UInt64> {
            let all = try Enumerated(tiny, seed: seed)
            let mode = try all.policy.mode()
            #expect(all.children.contains(mode))
            let keeps = try all.judge([mode]).probabilities.doubles()
            for (choice, probability) in zip(mode, keeps) {
                #expect(choice ? probability > 0.5 : probability <= 0.5, "kept with \(probability)")
            }
            #expect(try all.policy.mode() == mode)
        }
    }

    /// E ∇log p = 0, so whatever does not depend on the child moves nothing in expectation.
    @Test(arguments: Tiny.allCases)
    func theScoresMeanIsZero(tiny: Tiny) throws {
        let all = try Enumerated(tiny)
        let judged = try all.judge(all.children)
        let weights = try judged.logProbabilities.detached().exp()
        let mean = try all.gradient((judged.logProbabilities * weights).sum())
        let again = try all.judge(all.children)
        let lengths = try all.gradient((again.logProbabilities * weights * again.logProbabilities.detached()).sum())
        #expect(lengths.contains { abs($0) > 1e-2 }, "scores that are zero would have a mean of zero")
        #expect(mean.allSatisfy { abs($0) < 1e-5 }, "\(mean.map(abs).max() ?? 0)")
    }

    /// What an update follows is, on average, the gradient of the expected reward over all children.
    @Test(arguments: Tiny.allCases)
    func theEstimatorsMeanIsTheGradientOfTheExpectedReward(tiny: Tiny) throws {
        let all = try Enumerated(tiny)
        let rewards = try Tensor(all.children.map { Float(all.reward($0)) }, [all.children.count])
        let exact = try all.gradient(-((all.judge(all.children).logProbabilities.exp() * rewards).sum()))
        let found = try estimates(all, batches: 16, updates: 50) { _, choices in all.reward(choices) }
        let (error, deviation) = Self.compare(found, exact)
        #expect(error < 3 * deviation, "off by \(error) at a standard error of \(deviation)")
        let length = exact.reduce(0) { $0 + $1 * $1 }.squareRoot()
        #expect(deviation < 0.2 * length, "a standard error of \(deviation) tells nothing of a gradient of \(length)")
    }

    /// Rewards that have nothing to do with the children: no drift.
    @Test(arguments: [Tiny.free, .macs, .ends])
    func rewardsOfChanceDoNotMoveTheParameters(tiny: Tiny) throws {
        let all = try Enumerated(tiny)
        var random = SeededGenerator(seed: 21)
        let found = try estimates(all, batches: 16, updates: 50) { _, _ in 0.9 + random.uniform(-1, 1) }
        let (length, deviation) = Self.compare(found, [Double](repeating: 0, count: found[0].count))
        #expect(length < 3 * deviation && deviation > 0, "moved by \(length) at a standard error of \(deviation)")
        // The same rewards for all: nothing at all.
        let still = try estimates(all, batches: 1, updates: 20) { _, _ in 0.7 }
        #expect(still[0].allSatisfy { abs($0) < 1e-6 })
    }

    /// Estimates of the gradient as updates of five children make them, unscaled.
    private func estimates(
        _ all: Enumerated, batches: Int, updates: Int, _ reward: (Int, [Bool]) -> Double
    ) throws -> [[Double]] {
        var random = SeededGenerator(seed: 8)
        return try (0..<batches).map { _ in
            let children = try all.policy.draw(5 * updates, &random).map(\.choices)
            var worth: [Double] = []
            for update in 0..<updates {
                let rewards = (0..<5).map { reward($0, children[5 * update + $0]) }
                var advantages = Advantages()
                let scaled = advantages.of(rewards, decay: 0.9)
                worth += scaled.map { $0 * (advantages.variance ?? 0).squareRoot() }
            }
            return try all.gradient(AdsStrategy.loss(all.judge(children), advantages: worth, entropyBonus: 0))
        }
    }

    /// How far the mean of estimates is from a vector, and how far it would be by chance.
    static func compare(_ estimates: [[Double]], _ vector: [Double]) -> (distance: Double, deviation: Double) {
        let count = Double(estimates.count)
        var (distance, variance) = (0.0, 0.0)
        for index in vector.indices {
            let values = estimates.map { $0[index] }
            let mean = values.reduce(0, +) / count
            distance += (mean - vector[index]) * (mean - vector[index])
            variance += values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (count - 1) / count
        }
        return (distance.squareRoot(), variance.squareRoot())
    }

    @Test func advantagesLeaveTheChildOut() {
        var advantages = Advantages()
        // Against the mean of the others: 0.5 − 0.8, 0.7 − 0.7, 0.9 − 0.6, over the deviation 0.2.
        let first = advantages.of([0.5, 0.7, 0.9], decay: 0.9)
        for (found, expected) in zip(first, [-1.5, 0, 1.5]) { #expect(abs(found - expected) < 1e-12) }
        #expect(abs((advantages.variance ?? 0) - 0.04) < 1e-12)
        // The variance 0.9·0.04 + 0.1·0.16.
        let second = advantages.of([0.2, 0.6, 1], decay: 0.9)
        #expect(
            abs(second[2] - 0.6 / (0.9 * 0.04 + 0.1 * 0.16).squareRoot()) < 1e-12 && abs(second.reduce(0, +)) < 1e-12)
        #expect(advantages.of([0.3], decay: 0.9) == [0])
        #expect(advantages.of([0.4, 0.4], decay: 0.9) == [0, 0])
        var fresh = Advantages()
        #expect(fresh.of([0.4, 0.4], decay: 0.9) == [0, 0] && fresh.variance == 0)
        #expect(fresh.of([], decay: 0.9).isEmpty)
    }
}
