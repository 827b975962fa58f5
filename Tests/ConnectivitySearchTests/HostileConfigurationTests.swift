import DenseNetArchitecture
import Foundation
import ImageData
import Studies
import Testing
import Training

@testable import ConnectivitySearch
@testable import Evaluation
@testable import Strategies

/// A configuration or a strategy's state as no program wrote it is refused in a sentence, before anything is computed
/// with it.
@Suite struct HostileConfigurationTests {
    private func plan() throws -> SearchPlan {
        SearchPlan(
            try Architecture(
                blocks: [3, 2], growthRate: 4, bottleneck: false, compression: 1, stem: .init(.cifar, channels: 8),
                imageSize: 32, classes: 10),
            try DataSources.load("shapes"), machine: .current(device: .cpu, kernels: .automatic))
    }

    private static let changes: [(String, @Sendable (inout SearchConfiguration) -> Void)] = [
        ("inf epochs a child; up to 1000000 are possible", { $0.evaluator.epochs = .infinity }),
        ("nan epochs a child; it must be over 0, or 0 with inherited weights", { $0.evaluator.epochs = .nan }),
        ("batch size 1; 2 images, which BN needs, to 1000000 are possible", { $0.evaluator.batchSize = 1 }),
        ("0 batches for BN's statistics; 1 to 1000000 are possible", { $0.evaluator.normBatches = 0 }),
        ("\(Int.max) batches for BN's statistics; 1 to 1000000 are possible", { $0.evaluator.normBatches = .max }),
        ("halving by 1e+300; it must be over 1, up to 1000000", { $0.evaluator.halving = 1e300 }),
        ("0 epochs of shared weights; 1 to 1000000 are possible", { $0.evaluator.sharedEpochs = 0 }),
        ("learning rate inf; it must be over 0", { $0.evaluator.learningRate = .infinity }),
        ("evaluations inf times as long; it must be over 0, up to 1000000", { $0.reevaluationLength = .infinity }),
        ("\(Int.max) seeds to evaluate again; 1 to 1000000 are possible", { $0.reevaluationSeeds = .max }),
        ("the top -1; it must be from 0 to 1000000", { $0.top = -1 }),
        ("a limit of -5 training images; at least 1 is needed", { $0.limitTrain = -5 }),
        ("a limit of 0 validation images; at least 1 is needed", { $0.limitValidation = 0 }),
        ("0 threads a child; 1 to 1024 are possible", { $0.childThreads = 0 }),
        ("an agent of 0 units; 1 to 4096 are possible", { $0.agent.hidden = 0 }),
        ("a learning rate of the agent of nan; 0 to 1000000 are possible", { $0.agent.learningRate = .nan }),
        ("an entropy bonus of -0.1; 0 to 1000000 are possible", { $0.agent.entropyBonus = -0.1 }),
        ("an entropy bonus raised by -10.0; 1 to 1000000 is possible", { $0.agent.entropyRaise = -10 }),
        ("old variances weighted by 1.0; 0 to under 1 is possible", { $0.agent.deviationDecay = 1 }),
        ("gradients up to a length of 0.0; 1e-9 to 1e9 is possible", { $0.agent.gradientClip = 0 }),
        ("a price of nan; it must be 0 or more", { $0.price = Price(.macs, weight: .nan) }),
        ("a price on traffic; prices are on MACs or parameters", { $0.price = Price(.traffic, weight: 1) }),
        ("a lease of 0.0 seconds; it must be 1 to 86400", { $0.leaseSeconds = 0 }),
        ("-1 losses of a child; it must be 0 or more", { $0.maxLost = -1 }),
        ("-1 images before the first child; 0 to 1000000000000000 are possible", { $0.imagesBefore = -1 }),
        ("\(Int.max) images before the first child; 0 to 1000000000000000 are possible", { $0.imagesBefore = .max }),
        ("a budget of \(Int.max) images; up to 1000000000000000 are possible", { $0.imageBudget = .max }),
        (
            "children that are not trained see no images of their own; --images needs --children, too",
            {
                $0.evaluator = EvaluatorSettings(.inherit)
                ($0.evaluator.epochs, $0.children, $0.imageBudget) = (0, .max, 1000)
            }
        ),
        (
            "the target limits latencies, and has no table of them",
            { $0.target = CostTarget(.latency, limit: 1000, table: nil) }
        ),
        (
            "the table of latencies is none of a network of 2 blocks",
            {
                let table = LatencyTable(threads: 1, base: 1, layers: [[]], transitions: [[], []])
                $0.target = CostTarget(.latency, limit: 1000, table: table)
            }
        ),
        (
            // Of another target, too: whoever looks at the study may ask for latencies.
            "the table of latencies is none of a network of 2 blocks",
            {
                let table = LatencyTable(threads: 1, base: 1, layers: [[]], transitions: [[], []])
                $0.target = CostTarget(.macs, limit: 2_000_000, table: table)
            }
        ),
        (
            "the table of latencies is none of a network of 2 blocks",
            {
                let rows = [[LatencyTable.Point(channels: 8, milliseconds: 1e300)], []]
                let table = LatencyTable(threads: 1, base: 1, layers: rows, transitions: [[], []])
                $0.target = CostTarget(.latency, limit: 1000, table: table)
            }
        ),
    ]

    @Test(arguments: changes.indices) func isRefused(index: Int) throws {
        var configuration = try plan().configuration()
        try configuration.validate()
        Self.changes[index].1(&configuration)
        #expect(throws: SearchError(Self.changes[index].0)) { try configuration.validate() }
    }

    /// Of every number the last that is taken and the first that is not, at both ends; EvaluatorSettingsTests has those
    /// of evaluators.
    @Test func bounds() throws {
        let million = 1_000_000
        typealias Change = (inout SearchConfiguration) -> Void
        let taken: [Change] = [
            { $0.children = 1 }, { $0.agent.childrenPerUpdate = 2 }, { $0.agent.childrenPerUpdate = million },
            { $0.agent.learningRate = 0 }, { $0.agent.learningRate = 1e6 }, { $0.agent.connectionRate = 0 },
            { $0.agent.entropyBonus = 1000 }, { $0.agent.tanhConstant = 0 }, { $0.agent.initialRange = 1000 },
            { $0.agent.entropyRaise = 1 }, { $0.agent.entropyRaise = 1e6 }, { $0.agent.deviationDecay = 0 },
            { $0.agent.deviationDecay = 0.999 }, { $0.agent.gradientClip = 1e-9 }, { $0.agent.gradientClip = 1e9 },
            { $0.agent.hidden = 1 }, { $0.agent.hidden = 4096 }, { $0.childThreads = 1 }, { $0.childThreads = 1024 },
            { $0.limitTrain = 1 }, { $0.limitValidation = 1 }, { $0.price = Price(.macs, weight: 0) },
            { $0.price = Price(.parameters, weight: 5) }, { $0.leaseSeconds = 1 }, { $0.leaseSeconds = 86_400 },
            { $0.maxLost = 0 }, { $0.top = 0 }, { $0.top = million }, { $0.reevaluationSeeds = 1 },
            { $0.reevaluationSeeds = million }, { $0.reevaluationLength = 1e-9 }, { $0.reevaluationLength = 1e6 },
            { ($0.imageBudget, $0.imagesBefore) = (2, 1) }, { $0.imagesBefore = 1_000_000_000_000_000 },
            { $0.imageBudget = 1_000_000_000_000_000 },
            { $0.agent.criticSteps = 0 }, { $0.agent.criticSteps = 1000 }, { $0.agent.imagined = 2 },
            { $0.agent.imagined = 4096 }, { $0.agent.warmStart = 0 }, { $0.agent.warmStart = 100 },
            {
                ($0.strategy, $0.agent.childrenPerUpdate) = ("random", 1)
            },
        ]
        for (index, change) in taken.enumerated() {
            var configuration = try plan().configuration()
            change(&configuration)
            #expect(throws: Never.self, "change \(index)") { try configuration.validate() }
        }
        let refused: [Change] = [
            { $0.children = 0 }, { $0.agent.childrenPerUpdate = 1 }, { $0.agent.childrenPerUpdate = million + 1 },
            {
                ($0.strategy, $0.agent.childrenPerUpdate) = ("ads-tradeoff", 1)
            },
            {
                ($0.strategy, $0.agent.childrenPerUpdate) = ("random", 0)
            },
            { $0.agent.criticSteps = -1 }, { $0.agent.criticSteps = 1001 }, { $0.agent.imagined = 1 },
            { $0.agent.imagined = 4097 }, { $0.agent.warmStart = -0.1 }, { $0.agent.warmStart = 100.1 },
            { $0.agent.warmStart = .nan },
            { $0.agent.learningRate = -1e-9 }, { $0.agent.connectionRate = 1e6 + 1 },
            { $0.agent.entropyBonus = .infinity },
            { $0.agent.tanhConstant = .nan }, { $0.agent.initialRange = -1 }, { $0.agent.entropyRaise = 0.99 },
            { $0.agent.entropyRaise = 1_000_001 }, { $0.agent.deviationDecay = -0.1 },
            { $0.agent.gradientClip = 0.9e-9 }, { $0.agent.gradientClip = 1.1e9 },
            { $0.agent.hidden = 0 }, { $0.agent.hidden = 4097 }, { $0.childThreads = 0 }, { $0.childThreads = 1025 },
            { $0.limitTrain = 0 }, { $0.limitValidation = 0 }, { $0.price = Price(.macs, weight: -1e-9) },
            { $0.price = Price(.macs, weight: .infinity) }, { $0.leaseSeconds = 0.99 }, { $0.leaseSeconds = 86_401 },
            { $0.maxLost = -1 }, { $0.top = -1 }, { $0.top = million + 1 }, { $0.reevaluationSeeds = 0 },
            { $0.reevaluationSeeds = million + 1 }, { $0.reevaluationLength = 0 },
            { $0.reevaluationLength = 1_000_001 }, { ($0.imageBudget, $0.imagesBefore) = (1, 1) },
            { $0.imagesBefore = 1_000_000_000_000_001 }, { $0.imageBudget = 1_000_000_000_000_001 },
        ]
        for (index, change) in refused.enumerated() {
            var configuration = try plan().configuration()
            change(&configuration)
            #expect(throws: SearchError.self, "change \(index)") { try configuration.validate() }
        }
    }

    @Test func limitsOutOfReach() throws {
        var configuration = try plan().configuration()
        let least = try configuration.space.cheapest().cost.macs
        for limit in [Int.min, -1, 0, least - 1] {
            configuration.target = CostTarget(.macs, limit: limit)
            let sentence = "the target's limit of \(limit) MACs is out of reach; the least is \(least)"
            #expect(throws: SearchError(sentence)) { try configuration.validate() }
        }
        configuration.target = CostTarget(.macs, limit: least)
        try configuration.validate()
    }

    @Test func bandsThatAreNone() throws {
        var configuration = try plan().configuration()
        let (space, whole) = (configuration.space, try Network(configuration.architecture).cost.macs)
        let least = try space.cheapest().cost.macs
        #expect(least == 1_442_072 && whole == 2_363_672)
        configuration.bands = [least, whole]
        #expect(throws: SearchError("bands of equal cost are for the strategy spread, not ads")) {
            try configuration.validate()
        }
        configuration.strategy = "spread"
        try configuration.validate()
        #expect(configuration.context(dense: nil).bands == [least, whole])
        for bands in [[], [least - 1], [whole, least], [least, least], [Int.min], [least, 1 << 53], [.max]] {
            configuration.bands = bands
            let sentence =
                "bands up to \(bands) MACs; ascending limits from 1442072 on, the cheapest network's, are needed"
            #expect(throws: SearchError(sentence)) { try configuration.validate() }
        }
        (configuration.bands, configuration.target) = ([least], CostTarget(.macs, limit: least))
        #expect(throws: SearchError("bands of equal cost and a target exclude each other")) {
            try configuration.validate()
        }
        var other = configuration
        other.bands = nil
        #expect(
            other.difference(from: configuration)
                == "the limit of each band is [1442072] MACs there and not set here")
    }

    @Test func statesOfStrategies() throws {
        let space = try plan().space
        func refused(_ strategy: any Strategy, _ states: String...) {
            for state in states { #expect(throws: SearchError.self) { try strategy.restore(Data(state.utf8)) } }
        }
        let context = StrategyContext(space, seed: 1)
        refused(try FixedStrategy(context), "-1", "99", "\(Int.max)")
        let random = String(decoding: try RandomStrategy(context).state(), as: UTF8.self)
        refused(
            try EvolutionStrategy(context), #"{"random":\#(random),"members":[{"choices":[true],"reward":1}]}"#,
            #"{"random":\#(random),"members":[{"choices":[],"reward":1}]}"#)
        let bits = String(repeating: "1", count: space.entries.count { $0.isFree })
        func surrogate(_ model: String, spread: Double = 1) -> String {
            #"{"random":\#(random),"spread":\#(spread),"model":\#(model)}"#
        }
        refused(
            try SurrogateStrategy(context),
            surrogate(#"{"children":["1"],"rewards":[1]}"#),
            surrogate(#"{"children":["\#(bits)"],"rewards":[]}"#),
            surrogate(#"{"children":["\#(bits.dropLast())2"],"rewards":[1]}"#),
            surrogate(#"{"children":["\#(bits)"],"rewards":[1]}"#, spread: 0.5),
            surrogate(#"{"children":[],"rewards":[],"scale":{"means":[],"reward":0,"deviation":1}}"#)
        )
        try SurrogateStrategy(context).restore(
            Data(surrogate(#"{"children":["\#(bits)"],"rewards":[1]}"#, spread: 2).utf8))
        // As the first version wrote it.
        let old = try SurrogateStrategy(context)
        try old.restore(Data(#"{"random":\#(random),"children":["\#(bits)"],"rewards":[0.5],"spread":1}"#.utf8))
        #expect(String(decoding: try old.state(), as: UTF8.self).contains(#""rewards":[0.5]"#))
        refused(
            try SpreadStrategy(context), #"{"random":\#(random),"next":\#(Int.max)}"#,
            #"{"random":\#(random),"next":-1}"#)
        // What a strategy wrote itself is taken.
        for name in ["random", "evolution", "surrogate", "fixed", "spread", "ads"] {
            let strategy = try Strategies.named(name).init(context)
            _ = try strategy.propose(3)
            try strategy.restore(strategy.state())
        }
    }

    @Test func trainingsOfNoImages() throws {
        let data = try DataSources.load("shapes")
        var configuration = try plan().configuration().evaluation.training("x", epochs: 1)
        #expect(try configuration.images(of: data) > 0)
        configuration.recipe.batchSize = 0
        #expect(throws: TrainingError.self) { try configuration.images(of: data) }
        configuration.recipe.batchSize = 64
        configuration.recipe.epochs = .max
        #expect(throws: TrainingError.self) { try configuration.images(of: data) }
        configuration.recipe.epochs = 1
        configuration.limitTrain = -5
        #expect(throws: TrainingError("-5 training images; at least 1 is needed")) {
            try configuration.images(of: data)
        }
    }
}
