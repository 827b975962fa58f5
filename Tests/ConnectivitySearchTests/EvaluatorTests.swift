import DenseNetArchitecture
import DenseNetModel
import Foundation
import ImageData
import Randomness
import Runs
import StudySQLite
import TestSupport
import Testing
import Torch
import Training

@testable import ConnectivitySearch
@testable import Evaluation
@testable import Strategies

@Suite(.serialized, .oneThread) struct EvaluatorTests {
    @Test func childrenAreEvaluatedTheSameEveryTime() throws {
        let shapes = try DataSources.load("shapes")
        let a = try Architecture(
            blocks: [2, 2], growthRate: 4, bottleneck: false, compression: 1, stem: .init(.cifar, channels: 4))
        let data = ChildData(shapes, seed: 1, limitTrain: 128, limitValidation: 100)
        let chain = Connectivity(try ConnectivityPatterns.parse("nearest"), for: a)
        var settings = EvaluatorSettings(.scratch)
        settings.batchSize = 32
        let scratch = ScratchEvaluator(a, data, settings, device: .cpu, kernels: .automatic)
        let first = try scratch.evaluate(chain, seed: 3, length: 1)
        let second = try scratch.evaluate(chain, seed: 3, length: 1)
        #expect(first == second && first.images == 128)
        #expect(try scratch.evaluate(chain, seed: 3, length: 2.5).images == 320)
        #expect(try scratch.evaluate(chain, seed: 4, length: 1).loss != first.loss)

        let dense = try DenseNet(Network(a), generator: Generator(seed: 2))
        let before = try dense.tensors.map { try $0.tensor.floats() }
        settings = EvaluatorSettings(.inherit)
        settings.batchSize = 32
        let inherit = InheritEvaluator(TrainedDense(dense, data, settings))
        let one = try inherit.evaluate(chain, seed: 3, length: 1)
        #expect(try inherit.evaluate(chain, seed: 3, length: 1).loss == one.loss)
        #expect(
            try dense.tensors.map { try $0.tensor.floats() } == before,
            "the dense network is not changed by its children")

        // Without epochs the weights are scored as they are, whatever the seed; the best are tuned, counted in epochs.
        settings.epochs = 0
        let untuned = InheritEvaluator(TrainedDense(dense, data, settings))
        #expect(settings.lengths == [0])
        let score = try untuned.evaluate(chain, seed: 3, length: 0)
        #expect(try score == untuned.evaluate(chain, seed: 4, length: 0) && score.images == 0)
        #expect(try untuned.evaluate(chain, seed: 3, length: 2).images == 256)
        #expect(try score.loss != untuned.evaluate(.dense(a), seed: 3, length: 0).loss)
    }

    /// A masked score is that of few images, drawn by the split's seed; a tuned child is validated on all.
    @Test func masksAreScoredOnFewImages() throws {
        let shapes = try DataSources.load("shapes")
        let a = try Architecture(
            blocks: [2, 2], growthRate: 4, bottleneck: false, compression: 1, stem: .init(.cifar, channels: 4))
        let data = ChildData(shapes, seed: 1, limitTrain: 256, limitValidation: 100)
        let chain = Connectivity(try ConnectivityPatterns.parse("nearest"), for: a)
        let dense = try DenseNet(Network(a), generator: Generator(seed: 2))
        var settings = EvaluatorSettings(.masked)
        (settings.batchSize, settings.scoreImages, settings.scoreBatches) = (32, 30, 2)
        let found = try MaskedEvaluator(TrainedDense(dense, data, settings)).evaluate(chain, seed: 9, length: 0)
        let drawn = ChildData(shapes, seed: 1, limitTrain: 256, limitValidation: 30)
        #expect(settings.scored(data) == drawn.validation && drawn.validation.count == 30)
        #expect(settings.forScore(data) == data.forNorm(64))
        let net = try dense.rebuilt(chain)
        try net.recomputeNormStatistics(data.maker, data.forNorm(64), batchSize: 32)
        let expected = try net.evaluate(data.maker, drawn.validation)
        #expect(found == ChildEvaluation(accuracy: expected.accuracy, loss: expected.loss, images: 0))
        // Longer, it is what an inheriting child is.
        let inherit = InheritEvaluator(TrainedDense(dense, data, settings))
        let tuned = try MaskedEvaluator(TrainedDense(dense, data, settings)).evaluate(chain, seed: 9, length: 0.5)
        #expect(try tuned == inherit.evaluate(chain, seed: 9, length: 0.5) && tuned.images == 128)
        // Without epochs for it, it is scored on all images, whatever the seed.
        settings.epochs = 0
        let longer = try MaskedEvaluator(TrainedDense(dense, data, settings)).evaluate(chain, seed: 3, length: 2)
        #expect(try longer == inherit.evaluate(chain, seed: 9, length: 0) && longer != found && longer.images == 0)
        settings.epochs = 1
        // More than there are is all of them; searches of older versions took all, and eight batches.
        settings.scoreImages = 101
        #expect(settings.scored(data) == data.validation)
        (settings.scoreImages, settings.scoreBatches) = (nil, nil)
        let whole = try MaskedEvaluator(TrainedDense(dense, data, settings)).evaluate(chain, seed: 9, length: 0)
        #expect(try whole == inherit.evaluate(chain, seed: 9, length: 0))
    }

    private func small(_ kind: EvaluatorSettings.Kind, children: Int = 6) throws -> (SearchConfiguration, DataSet) {
        let shapes = try DataSources.load("shapes")
        let a = try Architecture(
            blocks: [3, 2], growthRate: 4, bottleneck: false, compression: 1, stem: .init(.cifar, channels: 4))
        var settings = EvaluatorSettings(kind)
        settings.batchSize = 32
        if kind == .shared { settings.sharedEpochs = 2 }
        var c = SearchConfiguration(
            strategy: "ads", architecture: a, data: DataIdentity(shapes, folder: nil), seed: 5, children: children,
            evaluator: settings,
            machine: .current(device: .cpu, kernels: .automatic))
        c.childThreads = 1
        (c.limitTrain, c.limitValidation, c.top) = (128, 100, 1)
        return (c, shapes)
    }

    @Test func sharedWeightsAreTrainedOnceAndScoreChildren() throws {
        let folder = TemporaryFolder()
        let (c, shapes) = try small(.shared)
        let weights = SharedWeights(c.evaluation, RunFolder(folder("s")), shapes)
        try weights.train { _ in }
        let net = try weights.load()
        let before = try net.tensors.map { try $0.tensor.floats() }
        let fresh = try DenseNet(
            Network(c.architecture), generator: Generator(seed: SeededGenerator(seed: 5, stream: 2).state),
            initialization: .fanIn)
        for ((name, tensor), start) in zip(net.tensors, fresh.tensors) where !name.contains("running") {
            #expect(try tensor.floats() != start.tensor.floats(), "\(name) was not trained")
        }
        let data = ChildData(shapes, seed: 5, limitTrain: 128, limitValidation: 100)
        let scratch = ScratchEvaluator(c.architecture, data, c.evaluator, device: .cpu, kernels: .automatic)
        let shared = SharedEvaluator(data, c.evaluator, again: scratch) { net }
        let chain = Connectivity(try ConnectivityPatterns.parse("nearest"), for: c.architecture)
        let score = try shared.evaluate(chain, seed: 5, length: 0)
        #expect(score.images == 0)
        #expect(try shared.evaluate(chain, seed: 6, length: 0) == score)
        #expect(try shared.evaluate(.dense(c.architecture), seed: 5, length: 0).loss != score.loss)
        #expect(
            try net.tensors.map { try $0.tensor.floats() } == before,
            "the shared weights are not changed by the children")
        #expect(try shared.evaluate(chain, seed: 5, length: 1) == scratch.evaluate(chain, seed: 5, length: 1))
    }

    @Test func stepsOfSharedWeightsCoverTheRange() throws {
        let space = SearchSpace(try Architecture(named: "densenet-22-12"))
        let free = space.entries.indices.filter { space.entries[$0].isFree }
        let rates = (0..<400).map { step -> Double in
            let choices = space.choices(SharedWeights.sample(space, seed: 1, step: step))
            return Double(free.count { choices[$0] }) / Double(free.count)
        }
        for tenth in 0..<10 {
            let count = rates.count { Int(min(0.999, $0) * 10) == tenth }
            #expect(count > 15 && count < 80, "\(count) of 400 steps keep about \(tenth)0%")
        }
        #expect(SharedWeights.sample(space, seed: 1, step: 7) == SharedWeights.sample(space, seed: 1, step: 7))
    }

    @Test func aSearchWithSharedWeightsCountsTheirImagesOnce() throws {
        let folder = TemporaryFolder()
        var (c, shapes) = try small(.shared)
        c.imagesBefore = try SearchRun.imagesBefore(c, shapes)
        #expect(c.imagesBefore == 256)
        let run = SearchRun(c, shapes, folder: RunFolder(folder("s")))
        let result = try run.run(resume: false)
        let history = try StudyHistory(SQLiteStudy(path: folder("s/study.sqlite")))
        // Two longer evaluations of the best and of the mode, two epochs each.
        let again = Set(history.reevaluations.map(\.child)).count
        #expect((again == 1 || again == 2) && result.images == 256 + again * 2 * 256)
        #expect(history.images == result.images && history.configuration.sharedDigest != nil)
        // Other weights are another search.
        let path = folder("s/shared/weights.safetensors")
        var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        bytes[bytes.count - 2] ^= 1
        try bytes.write(to: URL(fileURLWithPath: path))
        let error = #expect(throws: SearchError.self) { try run.run(resume: true) }
        #expect(error?.description == "the weights of \(folder("s"))/shared have changed since the search was started")
    }

    @Test(arguments: [nil, 0.75])
    func magnitudePrunesAndTunes(share: Double?) throws {
        let (c, shapes) = try small(.inherit)
        let data = ChildData(shapes, seed: 5, limitTrain: 128, limitValidation: 100)
        let space = SearchSpace(c.architecture)
        // What layer 3 of the first block reads of the block's input is worth nothing.
        let dense = try DenseNet(Network(c.architecture), generator: Generator(seed: 2))
        try withoutGrad {
            try dense.state["features.denseblock1.denselayer3.norm1.weight"]?.narrowed(0, from: 0, count: 4).fill(0)
            // And more than of the layer before it, which it must read, is what layer 2 of the second reads of its
            // input.
            let norm = dense.state["features.denseblock2.denselayer2.norm1.weight"]
            try norm?.narrowed(0, from: 0, count: 16).fill(9)
        }
        let before = try dense.tensors.map { try $0.tensor.floats() }
        func strategy() throws -> MagnitudeStrategy {
            var context = StrategyContext(space, seed: 5)
            context.target = try share.map { try CostTarget(.macs, $0, in: space) }
            context.children = 4
            context.dense = TrainedDense(dense, data, c.evaluator).pruned
            return try MagnitudeStrategy(context)
        }
        let (whole, parts) = (try strategy(), try strategy())
        var (children, resumed): ([Connectivity], [Connectivity]) = ([], [])
        var state: Data?
        for _ in 0..<5 {
            children += try whole.propose(3)
            let next = try strategy()
            if let state { try next.restore(state) }
            resumed += try next.propose(3)
            state = try next.state()
            #expect(next.images == whole.images)
        }
        #expect(children == resumed && children.count == (share == nil ? 4 : 1))
        #expect(try parts.propose(1)[0] == children[0])
        #expect(whole.images == 3 * 128, "tuned between four steps")
        // More children do not make a finished path longer.
        var longer = StrategyContext(space, seed: 5)
        longer.target = try share.map { try CostTarget(.macs, $0, in: space) }
        (longer.children, longer.dense) = (8, TrainedDense(dense, data, c.evaluator).pruned)
        let finished = try MagnitudeStrategy(longer)
        try finished.restore(whole.state())
        #expect(try finished.propose(3).isEmpty)
        #expect(try dense.tensors.map { try $0.tensor.floats() } == before)
        let first = children[0].blocks[0][2]
        #expect(!first[0], "the connection without a scale goes first")
        let costs = try children.map { try Network(c.architecture, $0).cost.macs }
        let (all, least) = (try Network(c.architecture).cost.macs, try space.cheapest().cost.macs)
        if let share {
            #expect(costs[0] <= Int(share * Double(all)))
        } else {
            for (step, cost) in costs.enumerated() { #expect(cost <= all - (all - least) * (step + 1) / 4) }
            #expect(children[3] == (try space.cheapest().connectivity))
        }
    }

    /// Where layers may go, what is left of each row is something that the network's weights know, whatever its
    /// magnitudes: the target is kept, or refused.
    @Test(arguments: [nil, 0.6, 0.5, 0.3])
    func magnitudePrunesWhatTheEndsRead(share: Double?) throws {
        let (c, shapes) = try small(.inherit)
        let data = ChildData(shapes, seed: 5, limitTrain: 64, limitValidation: 100)
        let space = SearchSpace(c.architecture, searchesBlockEnds: true)
        var kept = 0
        for seed in 1...6 as ClosedRange<UInt64> {
            let dense = try DenseNet(Network(c.architecture), generator: Generator(seed: seed))
            var context = StrategyContext(space, seed: 5)
            context.target = try share.map { try CostTarget(.macs, $0, in: space) }
            context.children = 4
            context.dense = TrainedDense(dense, data, c.evaluator).pruned
            let strategy = try MagnitudeStrategy(context)
            do {
                let children = try (0..<4).flatMap { _ in try strategy.propose(1) }
                let costs = try children.map { try Network(c.architecture, $0).cost.macs }
                #expect(costs.count == (share == nil ? 4 : 1) && costs == costs.sorted(by: >))
                if let target = context.target { #expect(costs[0] <= target.limit) }
                kept += 1
            } catch let error as SearchError {
                #expect(error.description.hasPrefix("pruning by magnitude reaches "))
            }
        }
        #expect(share == 0.3 ? kept < 6 : kept == 6)
    }

    @Test func magnitudeNeedsADenseNetwork() throws {
        let (c, _) = try small(.scratch)
        let error = #expect(throws: SearchError.self) {
            try MagnitudeStrategy(StrategyContext(SearchSpace(c.architecture), seed: 1))
        }
        #expect(
            error?.description
                == "magnitude ranks the connections of a trained dense network; give its run with --dense")
    }

    @Test func validationImagesAreNeverTrainedOn() throws {
        let shapes = try DataSources.load("shapes")
        let data = ChildData(shapes, seed: 1, limitTrain: 500, limitValidation: nil)
        #expect(Set(data.train).isDisjoint(with: data.validation))
        #expect(data.train.count == 500 && data.validation.count == 600)
    }
}
