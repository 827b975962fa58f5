import DenseNetArchitecture
import Foundation
import Randomness
import TestSupport
import Testing
import Torch

@testable import ConnectivitySearch
@testable import Strategies

@Suite(.serialized, .oneThread) struct AgentTests {
    private func space() throws -> SearchSpace {
        SearchSpace(
            try Architecture(
                blocks: [4, 3], growthRate: 4, bottleneck: false, compression: 1, stem: .init(.cifar, channels: 4),
                imageSize: 8))
    }

    private func mean(_ values: [[Double]]) -> Double {
        values.flatMap { $0 }.reduce(0, +) / Double(values.flatMap { $0 }.count)
    }

    /// With a reward for keeping, the agent keeps; with one for pruning, it prunes.
    @Test(arguments: [1.0, -1.0])
    func learnsWhatIsRewarded(sign: Double) throws {
        let space = try space()
        let strategy = try AdsStrategy(StrategyContext(space, seed: 1))
        func share(_ c: Connectivity) -> Double {
            let choices = space.choices(c)
            let free = space.entries.indices.filter { space.entries[$0].isFree }
            return Double(free.count { choices[$0] }) / Double(free.count)
        }
        var shares: [Double] = []
        for _ in 0..<60 {
            let children = try strategy.propose(5)
            shares.append(children.reduce(0) { $0 + share($1) } / 5)
            try strategy.learn(children.map { ($0, 0.5 + sign * 0.3 * share($0)) })
        }
        let (before, after) = (shares.prefix(5).reduce(0, +) / 5, shares.suffix(5).reduce(0, +) / 5)
        #expect(sign > 0 ? after > before + 0.2 : after < before - 0.2, "from \(before) to \(after)")
    }

    /// At equal cost, with connections of different worth and noisy rewards, late proposals are better than early ones.
    @Test(arguments: [AdsStrategy.name, EvolutionStrategy.name, SurrogateStrategy.name])
    func beatsCoinFlipsOnSyntheticRewardsAtEqualCost(name: String) throws {
        let space = SearchSpace(try Architecture(named: "densenet-16-12"))
        let target = try CostTarget(.macs, 0.7, in: space)
        var gain = 0.0
        for seed in 0..<6 {
            var reward = SyntheticReward(space, seed: UInt64(seed) + 50)
            let strategy = try Strategies.named(name).init(StrategyContext(space, target: target, seed: UInt64(seed)))
            let values = try play(strategy, &reward, updates: 40, each: 5)
            let flips = try RandomStrategy(StrategyContext(space, target: target, seed: UInt64(seed)))
            let control = try play(flips, &reward, updates: 8, each: 5)
            gain += (mean(Array(values.suffix(8))) - mean(control)) / 6
        }
        #expect(gain > (name == EvolutionStrategy.name ? 0.005 : 0.02), "mean gain \(gain)")
    }

    /// The numbers that docs/method.md gives sources of.
    @Test func theAgentsNumbers() throws {
        let s = AgentSettings()
        #expect(s.hidden == 64 && s.tanhConstant == 2.5 && s.initialRange == 0.1 && s.learningRate == 3e-3)
        #expect(s.connectionRate == 0.3 && s.childrenPerUpdate == 5 && s.deviationDecay == 0.9)
        #expect(s.entropyBonus == 1e-4 && s.gradientClip == 5 && s.entropyRaise == 10)
        #expect(s.criticSteps == 4 && s.imagined == 32 && s.warmStart == 1 && RewardModel.least == 20)
        // Studies of older versions went without a critic and began at nothing, and go on so.
        var old = s
        (old.criticSteps, old.warmStart) = (0, 0)
        #expect(try JSONDecoder().decode(AgentSettings.self, from: Data("{}".utf8)) == old)
        #expect(try JSONDecoder().decode(AgentSettings.self, from: JSONEncoder().encode(s)) == s)
        var own = s
        (own.hidden, own.tanhConstant, own.initialRange, own.learningRate, own.connectionRate) = (5, 2, 0.2, 0.3, 0.4)
        (own.childrenPerUpdate, own.deviationDecay, own.entropyBonus, own.gradientClip) = (6, 0.5, 0.6, 7)
        (own.entropyRaise, own.criticSteps, own.imagined, own.warmStart) = (8, 9, 10, 11)
        #expect(try JSONDecoder().decode(AgentSettings.self, from: JSONEncoder().encode(own)) == own)
        let other = try JSONDecoder().decode(AgentSettings.self, from: Data(#"{"hidden":3,"entropyRaise":2}"#.utf8))
        #expect(other.hidden == 3 && other.entropyRaise == 2 && other.tanhConstant == 2.5)
        #expect(EvolutionStrategy.population == 20 && EvolutionStrategy.drawn == 5)
        #expect(EvolutionStrategy.crossover == 0.5 && EvolutionStrategy.mutations == 3)
        #expect(MagnitudeStrategy.stepsToTarget == 4 && Search.patience == 5 && ChildCosts.slack == 0.005)
    }

    /// Studies of the first version hold the agent's numbers one by one.
    @Test func numbersOfOlderStudiesAreRead() throws {
        let values: [Float] = [0, -1.5, .pi, 3e38]
        let encoder = PropertyListEncoder()
        encoder.outputFormat = .binary
        let old = try PropertyListDecoder().decode([PackedFloats].self, from: encoder.encode([values, []]))
        #expect(old.map(\.values) == [values, []])
        let new = try PropertyListDecoder().decode([PackedFloats].self, from: encoder.encode(old))
        #expect(new.map(\.values) == [values, []])
    }

    @Test(
        arguments: [AdsStrategy.name, RandomStrategy.name, EvolutionStrategy.name, SurrogateStrategy.name],
        [false, true])
    func stateContinuesTheSameProposals(name: String, ends: Bool) throws {
        let space = SearchSpace(try space().architecture, searchesBlockEnds: ends)
        func fresh() throws -> any Strategy { try Strategies.named(name).init(StrategyContext(space, seed: 4)) }
        let one = try fresh()
        // More than the coin flips that a surrogate starts with.
        for round in 0..<6 { try one.learn(one.propose(4).enumerated().map { ($1, Double($0 + round)) }) }
        // An update whose children were all known leaves its mark, too.
        _ = try one.exploreMore()
        let two = try fresh()
        try two.restore(one.state())
        for _ in 0..<2 {
            let (a, b) = (try one.propose(4), try two.propose(4))
            #expect(a == b)
            try one.learn(a.enumerated().map { ($1, Double($0)) })
            try two.learn(b.enumerated().map { ($1, Double($0)) })
        }
        #expect(try one.state() == two.state())
        #expect(try fresh().propose(4) != AdsStrategy(StrategyContext(space, seed: 5)).propose(4))
    }

    /// What is learned is learned of single connections: two of the same layer part.
    @Test func singleConnectionsAreToldApart() throws {
        let space = SearchSpace(try Architecture(named: "densenet-22-12"))
        let strategy = try AdsStrategy(StrategyContext(space, target: CostTarget(.macs, 0.65, in: space), seed: 3))
        let row = space.entries.indices.filter {
            space.entries[$0].block == 0 && space.entries[$0].layer == 6 && space.entries[$0].isFree
        }
        let (good, bad) = (row[1], row[2])
        for _ in 0..<40 {
            let children = try strategy.propose(5)
            try strategy.learn(
                children.map { child in
                    let choices = space.choices(child)
                    return (child, (choices[good] ? 0.02 : 0) - (choices[bad] ? 0.02 : 0))
                })
        }
        let probabilities = try #require(strategy.probabilities())
        #expect(probabilities[good] > 0.8 && probabilities[bad] < 0.2, "\(probabilities[good]), \(probabilities[bad])")
    }

    /// With the critic an agent is after 100 children where it would be much later without.
    @Test func theCriticTeachesSooner() throws {
        let space = SearchSpace(try Architecture(named: "densenet-22-12"))
        let target = try CostTarget(.macs, 0.65, in: space)
        func last(_ steps: Int, seed: UInt64) throws -> Double {
            var reward = SyntheticReward(space, seed: seed + 90)
            var context = StrategyContext(space, target: target, seed: seed)
            context.settings.criticSteps = steps
            return mean(Array(try play(AdsStrategy(context), &reward, updates: 20, each: 5).suffix(6)))
        }
        var gain = 0.0
        for seed in 0..<4 as Range<UInt64> { gain += try (last(4, seed: seed) - last(0, seed: seed)) / 4 }
        #expect(gain > 0.01, "mean gain \(gain)")
    }

    /// Until it has 20 children the critic says nothing: the agent is the one without it.
    @Test func theCriticWaits() throws {
        let space = try space()
        func proposals(_ steps: Int, updates: Int) throws -> [Connectivity] {
            var context = StrategyContext(space, seed: 6)
            context.settings.criticSteps = steps
            let strategy = try AdsStrategy(context)
            for _ in 0..<updates {
                try strategy.learn(strategy.propose(5).enumerated().map { ($1, $0 % 2 == 0 ? 0.5 : 0.7) })
            }
            return try strategy.propose(5)
        }
        #expect(try proposals(4, updates: 4) == proposals(0, updates: 4))
        #expect(try proposals(4, updates: 5) != proposals(0, updates: 5))
        #expect(try proposals(1, updates: 5) != proposals(4, updates: 5))
    }

    /// Children that are looked up again teach by one step, whatever the critic's number: it learned nothing of them.
    @Test func theCriticIsNotAskedTwice() throws {
        let space = SearchSpace(try Architecture(named: "densenet-22-12"))
        func strategy(_ steps: Int) throws -> AdsStrategy {
            var context = StrategyContext(space, seed: 6)
            context.settings.criticSteps = steps
            return try AdsStrategy(context)
        }
        var (random, taught) = (SeededGenerator(seed: 4), try strategy(1))
        var known: [(connectivity: Connectivity, reward: Double)] = []
        for _ in 0..<5 {
            known = try taught.propose(5).map { ($0, random.normal()) }
            try taught.learn(known)
        }
        let before = try taught.state()
        func after(_ steps: Int, _ children: [(connectivity: Connectivity, reward: Double)]) throws -> Data {
            let other = try strategy(steps)
            try other.restore(before)
            try other.learn(children)
            return try other.state()
        }
        #expect(try after(1, known) == after(4, known))
        #expect(try after(1, known) != before)
        let new = known.map { ($0.connectivity, $0.reward + 1) }
        #expect(try after(1, new) != after(4, new))
    }

    /// Nor of the network of a known child whose layers that nothing reads read something else.
    @Test func theCriticKnowsNetworks() throws {
        let space = SearchSpace(try space().architecture, searchesBlockEnds: true)
        func strategy(_ steps: Int) throws -> AdsStrategy {
            var context = StrategyContext(space, seed: 6)
            context.settings.criticSteps = steps
            return try AdsStrategy(context)
        }
        /// The child whose left-out layers read otherwise, where it has any that may.
        func other(_ child: Connectivity) throws -> Connectivity? {
            var changed = child
            for (b, block) in try Network(space.architecture, child).blocks.enumerated() {
                let living = Set(block.layers.map(\.index))
                for layer in 2...space.architecture.blocks[b] where !living.contains(layer) {
                    let isWhole = !child.blocks[b][layer - 1].contains(false)
                    changed.blocks[b][layer - 1] = (0..<layer).map { $0 == 0 || !isWhole }
                }
            }
            return changed == child ? nil : changed
        }
        var (random, taught) = (SeededGenerator(seed: 4), try strategy(1))
        var known: [(connectivity: Connectivity, reward: Double)] = []
        for _ in 0..<6 {
            let children = try taught.propose(5).map { (connectivity: $0, reward: random.normal()) }
            try taught.learn(children)
            for (child, reward) in children { if let other = try other(child) { known.append((other, reward)) } }
        }
        #expect(known.count > 3)
        let before = try taught.state()
        func after(_ steps: Int) throws -> Data {
            let other = try strategy(steps)
            try other.restore(before)
            try other.learn(known)
            return try other.state()
        }
        #expect(try after(1) == after(4))
    }

    /// What a trained network says of connections is where the agent begins; without a belief it begins at nothing.
    @Test func aWarmStartBeginsWithWhatIsBelieved() throws {
        let space = SearchSpace(try Architecture(named: "densenet-22-12"))
        let target = try CostTarget(.macs, 0.65, in: space)
        var random = SeededGenerator(seed: 8)
        let belief = space.entries.map { _ in 5 + 3 * random.normal() }
        func keptBelief(_ start: Double, _ prior: [Double]?) throws -> (believed: Double, children: [Connectivity]) {
            var context = StrategyContext(space, target: target, seed: 2)
            (context.settings.warmStart, context.prior) = (start, prior)
            let children = try AdsStrategy(context).propose(40)
            let kept = children.flatMap { child in
                zip(zip(space.entries, space.choices(child)), belief).filter { $0.0.0.isFree && $0.0.1 }.map(\.1)
            }
            return (kept.reduce(0, +) / Double(kept.count), children)
        }
        let (cold, warm) = (try keptBelief(0, belief), try keptBelief(1, belief))
        #expect(warm.believed > cold.believed + 0.5, "\(warm.believed) after \(cold.believed)")
        #expect(try keptBelief(1, nil).children == cold.children)
        // Its unit and where it begins do not matter, and one that tells nothing apart is none.
        #expect(try keptBelief(1, belief.map { 100 * $0 - 7 }).children == warm.children)
        #expect(try keptBelief(1, belief.map { _ in 4 }).children == cold.children)
    }

    /// A failed child is no child: an update without it learns the same as one that never had it.
    @Test func oneChildAloneTeachesNothing() throws {
        let space = try space()
        let strategy = try AdsStrategy(StrategyContext(space, seed: 1))
        let child = try strategy.propose(1)
        #expect(try strategy.propose(0).isEmpty)
        try strategy.learn([(child[0], 0.9)])
        #expect(strategy.baseline == 0.9)
        let (a, b) = (
            try AdsStrategy(StrategyContext(space, seed: 1)), try AdsStrategy(StrategyContext(space, seed: 1))
        )
        _ = try (a.propose(1), b.propose(1))
        try b.learn([(child[0], 0.1)])
        #expect(try a.propose(5) == b.propose(5))
    }
}
