import DenseNetArchitecture
import Foundation
import TestSupport
import Testing
import Torch

@testable import Strategies

/// What each strategy proposes and says of itself, by values.
@Suite(.serialized, .oneThread) struct StrategyTests {
    private func space(ends: Bool = false) throws -> SearchSpace {
        SearchSpace(try Architecture(named: "densenet-22-12"), searchesBlockEnds: ends)
    }

    private func free(_ space: SearchSpace) -> [Int] { space.entries.indices.filter { space.entries[$0].isFree } }

    private func macs(_ space: SearchSpace, _ child: Connectivity) throws -> Int {
        try Network(space.architecture, child).cost.macs
    }

    // MARK: spread

    @Test(arguments: [nil, 0.8])
    func spreadCoversTheRangeByTheGoldenRatio(share: Double?) throws {
        let space = try space()
        let target = try share.map { try CostTarget(.macs, $0, in: space) }
        let strategy = try SpreadStrategy(StrategyContext(space, target: target, seed: 3))
        let low = try space.cheapest().cost.macs
        let high = try target?.limit ?? Network(space.architecture).cost.macs
        let children = try strategy.propose(3) + strategy.propose(5)
        #expect(children.count == 8)
        for (index, child) in children.enumerated() {
            let part = (0.5 + Double(index) * ((5.0).squareRoot() - 1) / 2).truncatingRemainder(dividingBy: 1)
            let (cost, limit) = (Double(try macs(space, child)), Double(low) + part * Double(high - low))
            #expect(cost <= limit + 1 && cost >= 0.99 * limit - 1, "child \(index): \(cost) of \(limit)")
        }
        // Another seed spreads alike and draws otherwise.
        #expect(try SpreadStrategy(StrategyContext(space, target: target, seed: 4)).propose(3) != Array(children[..<3]))
        let again = try SpreadStrategy(StrategyContext(space, target: target, seed: 3))
        _ = try again.propose(3)
        let third = try SpreadStrategy(StrategyContext(space, target: target, seed: 9))
        try third.restore(again.state())
        #expect(try third.propose(5) == Array(children[3...]))
    }

    /// Bands in turn, each child within half a percent below its band's limit.
    @Test func spreadDrawsFromBandsInTurn() throws {
        let space = try space()
        let whole = try Network(space.architecture).cost.macs
        var context = StrategyContext(space, seed: 3)
        let limits = [whole * 45 / 100, whole * 7 / 10]
        context.bands = limits
        let strategy = try SpreadStrategy(context)
        let first = try strategy.propose(3)
        let again = try SpreadStrategy(context)
        try again.restore(strategy.state())
        let rest = try strategy.propose(4)
        #expect(try again.propose(4) == rest)
        let children = first + rest
        #expect(children.count == 7 && Set(children).count == 7)
        for (index, child) in children.enumerated() {
            let (cost, limit) = (try macs(space, child), limits[index % 2])
            #expect(cost <= limit && Double(cost) >= 0.995 * Double(limit) - 1, "child \(index): \(cost) of \(limit)")
        }
        context.seed = 4
        #expect(try SpreadStrategy(context).propose(3) != first)
    }

    // MARK: fixed

    @Test func fixedProposesEachPatternOnce() throws {
        let space = try space()
        let all = try FixedStrategy(StrategyContext(space, seed: 0)).propose(100)
        #expect(all.count == Set(all).count && all.count >= 6 && all[0] == .dense(space.architecture))
        let strategy = try FixedStrategy(StrategyContext(space, seed: 0))
        #expect(strategy.propose(2) == Array(all[..<2]))
        let middle = try FixedStrategy(StrategyContext(space, seed: 0))
        try middle.restore(strategy.state())
        #expect(strategy.propose(3) == Array(all[2..<5]) && middle.propose(3) == Array(all[2..<5]))
        #expect(strategy.propose(100) == Array(all[5...]) && strategy.propose(5).isEmpty)
        try strategy.restore(strategy.state())
        #expect(strategy.propose(1).isEmpty)
        // A target leaves out what does not keep it, and nothing that just does.
        let costs = try all.map { try macs(space, $0) }
        let limit = costs.sorted()[2]
        let kept = try FixedStrategy(StrategyContext(space, target: CostTarget(.macs, limit: limit), seed: 0))
        #expect(kept.propose(100) == zip(all, costs).filter { $1 <= limit }.map(\.0))
        let least = try #require(costs.min())
        let one = CostTarget(.macs, limit: least)
        #expect(try FixedStrategy(StrategyContext(space, target: one, seed: 0)).propose(9).count >= 1)
        let none = CostTarget(.macs, limit: least - 1)
        #expect(
            throws: SearchError(
                "no fixed pattern keeps \(least - 1) MACs; raise the target or choose another strategy")
        ) { try FixedStrategy(StrategyContext(space, target: none, seed: 0)) }
    }

    // MARK: evolution

    /// All connections, or none that can go.
    private func extreme(_ space: SearchSpace, _ keeps: Bool) -> Connectivity {
        space.connectivity(space.entries.map { _ in keeps })
    }

    @Test func evolutionRemembersTheLastTwenty() throws {
        let space = try space()
        let strategy = try EvolutionStrategy(StrategyContext(space, seed: 1))
        #expect(strategy.keepRate == nil && strategy.probabilities() == nil)
        strategy.learn((0..<10).map { _ in (extreme(space, true), 0.5) })
        #expect(strategy.keepRate == 1)
        strategy.learn((0..<15).map { _ in (extreme(space, false), 0.5) })
        // The five oldest are gone: five of twenty keep everything.
        #expect(strategy.keepRate == 0.25)
        let probabilities = try #require(strategy.probabilities())
        let free = Set(free(space))
        #expect(probabilities.indices.allSatisfy { probabilities[$0] == (free.contains($0) ? 0.25 : 1) })
    }

    @Test func evolutionMutatesThreeConnectionsAndTakesTheBest() throws {
        let space = try space()
        let free = free(space)
        func flipped(_ child: Connectivity, from keeps: Bool) -> Int {
            let choices = space.choices(child)
            return free.count { choices[$0] != keeps }
        }
        let uniform = try EvolutionStrategy(StrategyContext(space, seed: 1))
        uniform.learn((0..<20).map { _ in (extreme(space, true), 0.5) })
        let changes = try uniform.propose(400).map { flipped($0, from: true) }
        // A Poisson of 3 nearly; its mean over 400 has a deviation of 0.09.
        #expect(abs(Double(changes.reduce(0, +)) / 400 - 3) < 0.4)

        // One of twenty is the best: it is among five drawn with probability 1 - 0.95⁵ = 0.23 and then a parent.
        let strategy = try EvolutionStrategy(StrategyContext(space, seed: 2))
        strategy.learn((0..<20).map { (extreme(space, $0 == 7), $0 == 7 ? 0.9 : 0.5) })
        let children = try strategy.propose(600)
        let whole = children.count { flipped($0, from: true) <= 9 }
        // Half have one parent; of those with two some rows come from either.
        #expect((60...140).contains(whole), "\(whole) of 600 are the best's")
        let mixed = children.count { child in
            let kept = free.count - flipped(child, from: true)
            return kept > 9 && kept < free.count - 9
        }
        #expect((60...180).contains(mixed), "\(mixed) of 600 are mixed")
        // Rows are taken whole: within a row nearly all agree.
        let agreement = children.flatMap { child -> [Double] in
            let choices = space.choices(child)
            return Dictionary(grouping: free) { [space.entries[$0].block, space.entries[$0].layer] }.values.map { row in
                let kept = Double(row.count { choices[$0] }) / Double(row.count)
                return max(kept, 1 - kept)
            }
        }
        #expect(agreement.reduce(0, +) / Double(agreement.count) > 0.9)
    }

    @Test func evolutionFlipsCoinsBeforeItHasFive() throws {
        let space = try space()
        let strategy = try EvolutionStrategy(StrategyContext(space, seed: 2))
        strategy.learn((0..<4).map { _ in (extreme(space, true), 0.5) })
        let flips = space.choices(try strategy.propose(1)[0])
        #expect(free(space).count { flips[$0] } < free(space).count * 3 / 4)
        strategy.learn([(extreme(space, true), 0.5)])
        let child = space.choices(try strategy.propose(1)[0])
        #expect(free(space).count { child[$0] } > free(space).count * 3 / 4)
    }

    // MARK: targets

    @Test func targetsAsAUserWritesThem() throws {
        let (layers, ends) = (try space(), try space(ends: true))
        let (dense, least) = (
            try Network(layers.architecture).cost.macs, try layers.cheapest().cost.macs
        )
        #expect(try CostTarget(.macs, 1, in: layers).limit == dense)
        #expect(try CostTarget(.macs, 0.7, in: layers).limit == Int(0.7 * Double(dense)))
        #expect(try CostTarget(.macs, Double(dense - 5), in: layers).limit == dense - 5)
        #expect(try CostTarget(.macs, Double(dense) * 3, in: layers).limit == dense)
        #expect(try CostTarget(.macs, Double(least), in: layers).limit == least)
        let (part, widest) = (Double(least) / Double(dense), try ends.cheapest().cost.macs)
        func rounded(_ share: Double) -> Double { (share * 1000).rounded() / 1000 }
        let range = "\(least) to \(dense) MACs, \(rounded(part)) to 1 of the dense network"
        for value in [0, -1, .infinity, .nan] {
            #expect(throws: SearchError("the target \(value) is out of reach; possible are \(range)")) {
                try CostTarget(.macs, value, in: layers)
            }
        }
        let reached = "\(least) to \(dense) MACs, \(rounded(part)) to 1 of the dense network"
        let wider = "\(widest), \(rounded(Double(widest) / Double(dense))) of dense"
        #expect(
            throws: SearchError(
                "a target of \(least - 1) MACs is out of reach: pruning the layers' connections reaches \(reached); --search-block-end reaches from \(wider)"
            )
        ) { try CostTarget(.macs, Double(least - 1), in: layers) }
        // Percent are no shares.
        for (value, share) in [
            (65.0, "; over 1 it is no share: 65.0% of the dense network is 0.65"), (101, "dense network"),
        ] {
            let refusal = #expect(throws: SearchError.self) { try CostTarget(.macs, value, in: ends) }
            #expect(refusal?.description.hasSuffix(share) == true, "\(refusal?.description ?? "")")
        }
        // Where not even the ends reach, they are not recommended.
        let neither = #expect(throws: SearchError.self) { try CostTarget(.macs, Double(widest - 1), in: layers) }
        #expect(neither?.description.contains("--search-block-end") == false)
        let already = #expect(throws: SearchError.self) { try CostTarget(.macs, Double(widest - 1), in: ends) }
        #expect(already?.description.contains("pruning all connections reaches \(widest) to") == true)
        var most = CostTarget(.macs, limit: 1 << 53)
        try most.validate(in: layers)
        most = CostTarget(.macs, limit: 1 << 53 + 1)
        #expect(throws: SearchError.self) { try most.validate(in: layers) }
    }

    // MARK: the agent

    @Test func gradientsAreClippedTogether() throws {
        let grads = [try Tensor([Float(3), 0], [2]), try Tensor([Float(-4)], [1])]
        try AdsStrategy.clip(grads, to: 5)
        #expect(try grads[0].floats() == [3, 0] && grads[1].floats() == [-4])
        try AdsStrategy.clip(grads, to: 1)
        let clipped = try grads.flatMap { try $0.floats() }
        #expect(zip(clipped, [0.6, 0, -0.8] as [Float]).allSatisfy { abs($0 - $1) < 1e-6 })
    }

    @Test func aStepIsClipped() throws {
        func moved(_ clip: Double) throws -> Float {
            var context = StrategyContext(try space(), seed: 3)
            context.settings.gradientClip = clip
            let strategy = try AdsStrategy(context)
            let children = try strategy.propose(2)
            try strategy.learn([(children[0], 0.9), (children[1], 0.1)])
            return try strategy.policy.agent.connectionTerms.floats().map(abs).max() ?? 0
        }
        // Adam's first step is its rate, but for gradients far below its epsilon.
        #expect(try moved(5) > 0.2 && moved(1e-9) < 0.1)
    }

    @Test func whatTheAgentSaysOfItself() throws {
        let space = try space()
        let strategy = try AdsStrategy(StrategyContext(space, seed: 3))
        #expect(strategy.baseline == nil && strategy.keepRate == nil && strategy.probabilities() == nil)
        try strategy.learn([])
        #expect(strategy.baseline == nil)
        let children = try strategy.propose(2)
        // Two are enough to compare, and what they teach is seen in the next probabilities.
        try strategy.learn([(children[0], 0.9), (children[1], 0.1)])
        #expect(abs(try #require(strategy.baseline) - 0.5) < 1e-12)
        let probabilities = try #require(strategy.probabilities())
        let free = free(space)
        let mean = free.reduce(0.0) { $0 + Double(probabilities[$1]) } / Double(free.count)
        let keepRate = try #require(strategy.keepRate)
        #expect(probabilities.count == space.entries.count && abs(keepRate - mean) < 1e-6)
        #expect(abs(mean - 0.5) < 0.05)
        try strategy.learn([(children[0], 0.9), (children[1], 0.1)])
        let after = try #require(strategy.probabilities())
        let (good, bad) = (space.choices(children[0]), space.choices(children[1]))
        for index in free where good[index] != bad[index] {
            #expect(good[index] == (after[index] > probabilities[index]), "entry \(index)")
        }
        // Exploring more, the bonus grows tenfold up to a tenth.
        for bonus in [1e-4, 1e-3, 1e-2, 1e-1, 1e-1] {
            #expect(abs(strategy.entropyBonus / bonus - 1) < 1e-9)
            #expect(try strategy.exploreMore())
        }
    }

    /// An agent that is certain draws one child, and others again once it is asked to explore.
    @Test func whatIsCertainIsTakenBackByHalf() throws {
        let space = try space()
        var context = StrategyContext(space, seed: 3)
        context.prior = space.entries.indices.map { $0 % 2 == 0 ? 1 : -1 }
        context.settings.warmStart = 12
        let strategy = try AdsStrategy(context)
        let certain = try strategy.propose(50)
        #expect(Set(certain).count == 1)
        for _ in 0..<3 { #expect(try strategy.exploreMore()) }
        let children = try strategy.propose(200)
        #expect(Set(children).count > 5)
        // Around what it was certain of.
        let kept = space.choices(certain[0])
        let differ = children.map { zip(space.choices($0), kept).count { $0 != $1 } }
        #expect(Double(differ.reduce(0, +)) / 200 < 0.3 * Double(free(space).count))
    }
}
