import DenseNetArchitecture
import ImageData
import Testing
import Training

@testable import ConnectivitySearch
@testable import Evaluation
@testable import Strategies

/// Everything that makes two searches different ones, one at a time.
@Suite struct SearchDifferenceTests {
    private func configuration() throws -> SearchConfiguration {
        var c = try SearchPlan(
            Architecture(
                blocks: [3, 2], growthRate: 4, bottleneck: false, compression: 1, stem: .init(.cifar, channels: 8),
                imageSize: 32, classes: 10),
            DataSources.load("shapes"), machine: .current(device: .cpu, kernels: .automatic)
        ).configuration()
        (c.searchesBlockEnds, c.keepsPredecessor) = (true, false)
        return c
    }

    private static let changes: [(String, @Sendable (inout SearchConfiguration) -> Void)] = [
        ("the strategy", { $0.strategy = "random" }), ("the architecture", { $0.architecture.growthRate = 5 }),
        ("the data's digest", { $0.data.digest = "0" }), ("the seed", { $0.seed = 7 }),
        ("--evaluator", { $0.evaluator.kind = .shared }), ("--reward", { $0.evaluator.reward = .loss }),
        ("--child-epochs", { $0.evaluator.epochs = 7 }), ("--shared-epochs", { $0.evaluator.sharedEpochs = 7 }),
        ("--batch-size", { $0.evaluator.batchSize = 7 }), ("--learning-rate", { $0.evaluator.learningRate = 7 }),
        ("--halving", { $0.evaluator.halving = 7 }), ("--augmentation", { $0.evaluator.augmentation = .off }),
        ("--score-images", { $0.evaluator.scoreImages = 7 }),
        ("the number of batches for BN's statistics", { $0.evaluator.normBatches = 77 }),
        ("the number of batches for a score's statistics", { $0.evaluator.scoreBatches = 77 }),
        ("--limit-train", { $0.limitTrain = 7 }), ("--limit-validation", { $0.limitValidation = 7 }),
        ("the target", { $0.target = CostTarget(.macs, limit: 7) }), ("the limit of each band", { $0.bands = [7] }),
        ("--search-block-end", { $0.searchesBlockEnds = false }),
        ("whether every layer reads the one before it", { $0.keepsPredecessor = true }),
        ("the price", { $0.price = Price(.macs, weight: 7) }),
        ("--children-per-update", { $0.agent.childrenPerUpdate = 7 }), ("--lag", { $0.lag = 7 }),
        ("--agent-rate", { $0.agent.learningRate = 7 }), ("--connection-rate", { $0.agent.connectionRate = 7 }),
        ("--entropy-bonus", { $0.agent.entropyBonus = 7 }), ("--critic-steps", { $0.agent.criticSteps = 7 }),
        ("--warm-start", { $0.agent.warmStart = 7 }), ("the agent's size", { $0.agent.hidden = 7 }),
        ("the constant of the logits' tanh", { $0.agent.tanhConstant = 7 }),
        ("the range of the agent's first weights", { $0.agent.initialRange = 7 }),
        ("the decay of rewards' variance", { $0.agent.deviationDecay = 0.7 }),
        ("the length of the agent's gradients", { $0.agent.gradientClip = 7 }),
        ("the number of children imagined", { $0.agent.imagined = 7 }),
        ("what raises the entropy bonus", { $0.agent.entropyRaise = 7 }),
        ("how children are drawn", { $0.sampler = nil }), ("the dense network", { $0.denseDigest = "0" }),
        ("--child-threads", { $0.childThreads = 7 }), ("the device", { $0.machine.device = "x" }),
        ("--kernels", { $0.machine.kernels = .torch }),
    ]

    @Test(arguments: changes.indices) func whatMakesAnotherSearch(index: Int) throws {
        let (name, change) = Self.changes[index]
        let base = try configuration()
        var other = base
        change(&other)
        #expect(other.difference(from: base)?.hasPrefix("\(name) is ") == true, "\(other.difference(from: base) ?? "")")
        #expect(base.difference(from: base) == nil)
    }

    /// How long it goes on, where it lies and who works for it make no other.
    @Test func whatMakesNone() throws {
        let base = try configuration()
        var longer = base
        (longer.children, longer.imageBudget, longer.top, longer.maxLost) = (77, 777, 7, 7)
        (longer.data.folder, longer.dense, longer.isFinished) = ("/elsewhere", "/dense", true)
        #expect(longer.difference(from: base) == nil)
    }
}
