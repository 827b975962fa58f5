import DenseNetArchitecture
import Randomness
import Testing

@testable import Strategies

@Suite struct BudgetTests {
    @Test(arguments: [0.45, 0.6, 0.686, 0.9, 1.0], [false, true])
    func everyChildKeepsItsTargetAndNearlyFillsIt(share: Double, ends: Bool) throws {
        let space = SearchSpace(try Architecture(named: "densenet-22-12"), searchesBlockEnds: ends)
        let target = try CostTarget(.macs, share, in: space)
        for type: any Strategy.Type in [
            AdsStrategy.self, TradeoffStrategy.self, RandomStrategy.self, EvolutionStrategy.self,
            SurrogateStrategy.self,
        ] {
            let strategy = try type.init(StrategyContext(space, target: target, seed: 2))
            var shares: [Double] = []
            // After the first by what was learned; a surrogate learns of 20.
            for round in 0..<4 {
                let children = try strategy.propose(8)
                for child in children {
                    let macs = try Network(space.architecture, child).cost.macs
                    #expect(macs <= target.limit)
                    // These two fill up with what fits, whatever it costs; and where layers may go, the last
                    // connections may cost a layer each.
                    let fills = type == EvolutionStrategy.self || type == SurrogateStrategy.self
                    let least = ends ? 0.92 : fills ? 0.97 : 0.99
                    #expect(Double(macs) >= least * Double(target.limit), "\(type.name): \(macs) of \(target.limit)")
                    shares.append(Double(macs) / Double(target.limit))
                    let keeps = child.blocks.allSatisfy { rows in
                        rows.count == (ends ? 7 : 6) && (ends || rows.indices.allSatisfy { rows[$0][$0] })
                    }
                    #expect(keeps)
                }
                try strategy.learn(children.enumerated().map { ($1, Double($0 + round) / 10) })
            }
            #expect(shares.reduce(0, +) / Double(shares.count) > 0.975, "\(type.name)")
        }
    }

    /// Other measures than MACs.
    @Test(arguments: [CostMeasure.parameters, .traffic])
    func targetsOfOtherMeasures(measure: CostMeasure) throws {
        let space = SearchSpace(try Architecture(named: "densenet-22-12"))
        let target = try CostTarget(measure, 0.8, in: space)
        for child in try RandomStrategy(StrategyContext(space, target: target, seed: 1)).propose(5) {
            let cost = measure.of(try Network(space.architecture, child))
            #expect(cost <= target.limit && Double(cost) > 0.95 * Double(target.limit))
        }
        // By hand, for the chain: the stem's pixels and maps, what each layer reads and writes, the two transitions.
        let traffic =
            1024 * (3 + 16) + 1024 * ((16 + 12) + 5 * 24) + 1024 * 88 * 2 + 256 * ((88 + 12) + 5 * 24) + 256 * 160 * 2
            + 64 * ((160 + 12) + 5 * 24)
        #expect(try space.cheapest().cost.activationTraffic == traffic)
    }

    /// Blocks' ends reach where layers' connections do not; the refusal says so.
    @Test func blockEndsWidenTheRange() throws {
        let (layers, all) = (
            SearchSpace(try Architecture(named: "densenet-22-12")),
            SearchSpace(try Architecture(named: "densenet-22-12"), searchesBlockEnds: true)
        )
        let cheapest = try all.cheapest()
        // By hand: the stem, a layer in each block, transitions and classifier that read its 12 maps.
        #expect(
            cheapest.cost.macs == 16 * 27 * 1024 + 108 * 16 * 1024 + 12 * 88 * 1024 + 108 * 88 * 256 + 12 * 160 * 256
                + 108 * 160 * 64 + 12 * 10)
        #expect(throws: SearchError.self) { try CostTarget(.macs, 0.3, in: layers) }
        #expect(try CostTarget(.macs, 0.3, in: all).limit == 21_871_800)
        #expect(all.choices(.dense(all.architecture)).allSatisfy { $0 })
    }

    @Test func fixedPatternsAreProposedOnce() throws {
        let space = SearchSpace(try Architecture(named: "densenet-22-12"))
        let strategy = try FixedStrategy(StrategyContext(space, target: CostTarget(.macs, 0.69, in: space), seed: 0))
        let first = strategy.propose(2)
        let again = try FixedStrategy(StrategyContext(space, target: CostTarget(.macs, 0.69, in: space), seed: 1))
        try again.restore(strategy.state())
        let rest = again.propose(100)
        #expect(Set(first + rest).count == first.count + rest.count && again.propose(5).isEmpty)
        #expect(first[0] == Connectivity(try ConnectivityPatterns.parse("log"), for: space.architecture))
        #expect(try (first + rest).allSatisfy { try Network(space.architecture, $0).cost.macs <= 50_305_140 })
        #expect(throws: SearchError.self) {
            let all = SearchSpace(space.architecture, searchesBlockEnds: true)
            return try FixedStrategy(StrategyContext(all, target: CostTarget(.macs, 0.3, in: all), seed: 0))
        }
    }

    /// Any run of children covers the range of costs.
    @Test(arguments: [nil, 0.6])
    func spreadChildrenCoverTheCosts(share: Double?) throws {
        let space = SearchSpace(try Architecture(named: "densenet-22-12"))
        let target = try share.map { try CostTarget(.macs, $0, in: space) }
        let (low, high) = (28_945_680.0, target.map { Double($0.limit) } ?? 72_906_000)
        let strategy = try SpreadStrategy(StrategyContext(space, target: target, seed: 3))
        let first = try strategy.propose(5)
        let other = try SpreadStrategy(StrategyContext(space, target: target, seed: 4))
        try other.restore(strategy.state())
        let rest = try strategy.propose(11)
        #expect(try other.propose(11) == rest)
        let shares = try (first + rest).map {
            (Double(try Network(space.architecture, $0).cost.macs) - low) / (high - low)
        }.sorted()
        #expect(shares.allSatisfy { $0 >= 0 && $0 <= 1 })
        // 16 points of an even cover of 0 to 1 leave no gap of two sixteenths, but for the steps that connections make.
        let gaps = zip([0] + shares, shares + [1]).map { $1 - $0 }
        #expect((gaps.max() ?? 1) < 0.16)
    }

    @Test func aTargetOutOfReachIsRefusedWithTheRange() throws {
        let space = SearchSpace(try Architecture(named: "densenet-22-12"))
        let error = #expect(throws: SearchError.self) { try CostTarget(.macs, 0.3, in: space) }
        #expect(
            "\(try #require(error))"
                == "a target of 21871800 MACs is out of reach: pruning the layers' connections reaches 28945680 to 72906000 MACs, 0.397 to 1 of the dense network; --search-block-end reaches from 7323768, 0.1 of dense"
        )
        #expect(try CostTarget(.macs, 50_013_456, in: space).limit == 50_013_456)
        #expect(try CostTarget(.parameters, 0.5, in: space).limit == 135_353)
    }

    @Test func withoutATargetCoinsAreFair() throws {
        let space = SearchSpace(try Architecture(named: "densenet-22-12"))
        let strategy = try RandomStrategy(StrategyContext(space, seed: 2))
        let free = space.entries.indices.filter { space.entries[$0].isFree }
        #expect(free.count == 45)
        let kept = try strategy.propose(200).reduce(0) { sum, c in
            let choices = space.choices(c)
            return sum + free.count { choices[$0] }
        }
        #expect(abs(Double(kept) / Double(200 * 45) - 0.5) < 0.02)
    }

    /// Networks whose layers may be left out keep their target, and nearly fill it, by what layers they have.
    @Test(arguments: [true, false])
    func layersAreLeftOut(bottleneck: Bool) throws {
        let a = try Architecture(
            blocks: [4, 4], growthRate: 8, bottleneck: bottleneck, compression: 0.5,
            stem: .init(.cifar, channels: 16))
        let space = SearchSpace(a, searchesBlockEnds: true)
        let target = try CostTarget(.macs, 0.6, in: space)
        for type: any Strategy.Type in [
            AdsStrategy.self, RandomStrategy.self, EvolutionStrategy.self, SurrogateStrategy.self,
        ] {
            let strategy = try type.init(StrategyContext(space, target: target, seed: 2))
            var (fewest, shares) = (8, [Double]())
            for round in 0..<4 {
                let children = try strategy.propose(8)
                for child in children {
                    let network = try Network(a, child)
                    #expect(network.cost.macs <= target.limit)
                    shares.append(Double(network.cost.macs) / Double(target.limit))
                    fewest = min(fewest, network.blocks.reduce(0) { $0 + $1.layers.count })
                }
                try strategy.learn(children.enumerated().map { ($1, Double(round) + Double($0 * 5 % 8)) })
            }
            #expect(fewest < 8, "\(type.name) leaves layers out")
            // What a layer costs is much of so small a network.
            #expect(shares.reduce(0, +) / Double(shares.count) > 0.9, "\(type.name)")
        }
    }

    /// A target that no network with all layers keeps: those that are left have what can be had.
    @Test func fewerLayersReachLess() throws {
        let a = try Architecture(named: "densenet-bc-40-12")
        let chain = try SearchSpace(a, searchesBlockEnds: true, keepsPredecessor: true).cheapest().cost.macs
        let space = SearchSpace(a, searchesBlockEnds: true)
        let least = try space.cheapest()
        // The last layer of each block, which the end reads, and which reads the block's input.
        #expect(least.blocks.allSatisfy { $0.layers.count == 1 && $0.layers[0].sources == [0] })
        #expect(least.cost.macs < chain / 2)
        let target = try CostTarget(.macs, Double(chain * 3 / 4), in: space)
        var random = SeededGenerator(seed: 4)
        for child in try SequentialSampling(space: space, target: target).flips(20, &random) {
            let macs = try Network(a, child).cost.macs
            #expect(macs <= target.limit && macs > target.limit * 9 / 10)
        }
        #expect(throws: SearchError.self) {
            try CostTarget(
                .macs, Double(chain * 3 / 4), in: SearchSpace(a, searchesBlockEnds: true, keepsPredecessor: true))
        }
    }

    /// By hand: 4×4 images, a block of two layers, growth rate 2, 4 stem channels.
    @Test func whatDenseSavesWithoutAConnection() throws {
        let a = try Architecture(
            blocks: [2], growthRate: 2, bottleneck: true, compression: 1, stem: .init(.cifar, channels: 4),
            imageSize: 4,
            classes: 3)
        let space = SearchSpace(a, searchesBlockEnds: true)
        // Layer 2 reads the input: 4 channels to 8 maps of 16 pixels.
        // Without both its readers layer 1 saves its 1×1 and its 3×3, and what they read of it.
        let layer = 4 * 8 * 16 + 8 * 2 * 9 * 16 + 2 * 8 * 16 + 2 * 3
        // The end reads the input by 3 classes, but nobody is the input's only reader.
        let input = 4 * 8 * 16 + 4 * 3
        let expected: [[Int]: Int] = [
            [2, 0]: 4 * 8 * 16, [2, 1]: layer / 2, [3, 0]: input / 3, [3, 1]: layer / 2,
        ]
        let found = try space.savings { $0.cost.macs }
        for (entry, saved) in zip(space.entries, found) {
            #expect(saved == expected[[entry.layer, entry.source]] ?? 0, "\(entry)")
        }
        // It is what models of rewards go by where layers may go; all connections may be worth as much there.
        let model = try RewardModel(space, nil)
        #expect(model.costs == model.free.map { Double(found[$0]) } && !model.free.isEmpty)
        #expect(model.linear.deviations == model.free.map { _ in 1 })
    }

    /// Where no layer may go, what a connection is expected to be worth grows with the root of its cost.
    @Test func worthsAreExpectedToGrowWithCosts() throws {
        let kept = try RewardModel(SearchSpace(try Architecture(named: "densenet-22-12")), nil)
        let (costs, deviations) = (kept.costs, kept.linear.deviations)
        #expect(Set(costs).count > 3 && abs(deviations.reduce(0, +) / Double(deviations.count) - 1) < 1e-9)
        #expect(
            zip(costs, deviations).allSatisfy {
                abs($1 / deviations[0] - ($0 / costs[0]).squareRoot()) < 1e-9
            })
    }

    @Test func matricesAndChoicesAreTheSameThing() throws {
        let space = SearchSpace(try Architecture(named: "densenet-22-12"))
        let c = Connectivity(try ConnectivityPatterns.parse("log"), for: space.architecture)
        #expect(space.connectivity(space.choices(c)) == c)
        #expect(
            try space.cheapest().connectivity
                == Connectivity(ConnectivityPatterns.parse("nearest"), for: space.architecture))
        // Free of the predecessor, an empty row still reads something.
        let loose = SearchSpace(space.architecture, keepsPredecessor: false)
        #expect(
            try Network(loose.architecture, loose.connectivity(loose.entries.map { _ in false })).cost.connections == 18
        )
    }
}
