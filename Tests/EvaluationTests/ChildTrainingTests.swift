import DenseNetArchitecture
import DenseNetModel
import ImageData
import Randomness
import Runs
import TestSupport
import Testing
import Torch
import Training

@testable import Evaluation
@testable import Strategies

@Suite(.oneThread) struct ChildTrainingTests {
    private let data = ChildData(brightData, seed: 5, limitTrain: nil, limitValidation: nil)

    private func fresh() throws -> DenseNet {
        let network = try Network(brightPlan(.scratch).space.architecture)
        return try DenseNet(network, generator: Generator(seed: 7), initialization: .fanIn)
    }

    private func settings(_ kind: EvaluatorSettings.Kind = .scratch, epochs: Double = 1) throws -> EvaluatorSettings {
        var settings = try brightPlan(kind).settings
        (settings.epochs, settings.learningRate) = (epochs, 0.05)
        return settings
    }

    /// The largest relative difference of any tensor of two networks, running statistics included.
    private func difference(_ a: DenseNet, _ b: DenseNet) throws -> Double {
        var largest = 0.0
        for (mine, other) in zip(a.tensors, b.tensors) {
            largest = max(largest, relativeError(try mine.tensor.doubles(), try other.tensor.doubles()))
        }
        return largest
    }

    /// Six steps an epoch, rounded, one at least; without epochs lengths are counted in them.
    @Test func imagesThatAChildSees() throws {
        let cases: [(epochs: Double, length: Double, steps: Int)] = [
            (1, 1, 6), (0.5, 1, 3), (2, 1, 12), (0.5, 3, 9), (2, 0.5, 6), (0, 1, 6), (0, 0.5, 3), (1, 0.01, 1),
            (0.01, 1, 1), (1, 0, 0), (0, 0, 0), (2, 0, 0),
        ]
        for (epochs, length, steps) in cases {
            let images = try settings(epochs: epochs).train(fresh(), data, seed: 3, length: length)
            #expect(images == steps * 18, "\(epochs) epochs, a length of \(length)")
        }
    }

    /// Nine steps are what the seed's streams say, and no more.
    @Test func aChildsTrainingIsItsSteps() throws {
        let (net, other) = (try fresh(), try fresh())
        #expect(try settings(epochs: 1.5).train(net, data, seed: 3, length: 1) == 162)
        var recipe = Recipe.oneCycle
        (recipe.learningRate, recipe.batchSize) = (0.05, 18)
        let optimizer = try SGD(other, recipe)
        for step in 0..<9 {
            var random = SeededGenerator(seed: 3, stream: 0xC41, UInt64(step / 6))
            let (order, start) = (random.permutation(108).map { data.train[$0] }, step % 6 * 18)
            (optimizer.rate, optimizer.momentum) = recipe.rate(step: step, of: 9)
            let augmentation = SeededGenerator(seed: 3, stream: 0xC42, UInt64(step))
            _ = try trainStep(other, optimizer, data.maker, order[start..<start + 18], augmentation)
        }
        let error = try difference(net, other)
        #expect(error < 1e-4)
    }

    @Test func nothingIsTrainedForNoLength() throws {
        let (net, other) = (try fresh(), try fresh())
        #expect(try settings().train(net, data, seed: 3, length: 0) == 0)
        #expect(try difference(net, other) == 0)
    }

    @Test func oneBatchIsEnough() throws {
        let one = ChildData(brightData, seed: 5, limitTrain: 18, limitValidation: nil)
        #expect(try settings().train(fresh(), one, seed: 3, length: 1) == 18)
        let none = ChildData(brightData, seed: 5, limitTrain: 17, limitValidation: nil)
        #expect(throws: SearchError("17 training images do not fill one batch of 18")) {
            try settings().train(fresh(), none, seed: 3, length: 1)
        }
    }

    @Test func aChildThatDivergesSaysWhere() throws {
        let net = try fresh()
        try withoutGrad { try net.state["classifier.weight"]?.fill(.infinity) }
        let error = #expect(throws: ChildDiverged.self) { try settings().train(net, data, seed: 3, length: 1) }
        #expect(error?.description.hasPrefix("the child's loss became ") == true)
        #expect(error?.description.hasSuffix(" in step 1") == true)
    }

    /// A score is a validation after so many batches' statistics, whatever was there before.
    @Test(arguments: [1, 2, 6])
    func aScoreByHand(batches: Int) throws {
        let (net, other) = (try fresh(), try fresh())
        var settings = try settings(.inherit)
        settings.normBatches = batches
        let unscored = try other.evaluate(data.maker, data.validation)
        let score = try settings.score(net, data, images: 4)
        try other.recomputeNormStatistics(data.maker, data.forNorm(batches * 18), batchSize: 18)
        let expected = try other.evaluate(data.maker, data.validation)
        #expect(score.accuracy == expected.accuracy && abs(score.loss - expected.loss) < 1e-5 && score.images == 4)
        #expect(abs(score.loss - unscored.loss) > 1e-5)
        let error = try difference(net, other)
        #expect(error < 1e-5)
    }

    /// What a strategy tunes is tuned as an inheriting child is: at the search's rate where its children inherit, else
    /// at theirs.
    @Test func tuningIsAnInheritingChilds() throws {
        let rates: [(EvaluatorSettings.Kind, Double)] = [(.inherit, 0.05), (.scratch, 0.025), (.shared, 0.025)]
        for (kind, rate) in rates {
            let (net, other) = (try fresh(), try fresh())
            let dense = TrainedDense(try fresh(), data, try settings(kind, epochs: 0.5))
            #expect(try dense.tune(net, seed: 3) == 54)
            var tuning = try settings(.inherit, epochs: 0.5)
            tuning.learningRate = rate
            #expect(try tuning.train(other, data, seed: 3, length: 1) == 54)
            let error = try difference(net, other)
            #expect(error < 1e-4, "\(kind.rawValue)")
        }
        // Children that are scored as they are leave what is pruned as it is.
        let (net, other) = (try fresh(), try fresh())
        #expect(try TrainedDense(fresh(), data, settings(.inherit, epochs: 0)).tune(net, seed: 3) == 0)
        #expect(try difference(net, other) == 0)
    }

    /// Our kernels' results do not depend on their threads, libtorch's may.
    @Test func threadsOfATrainingAlone() throws {
        var plan = try brightPlan(.shared)
        (plan.threads, plan.machine.threads) = (2, 5)
        let expected: [(KernelChoice, Int)] = [(.automatic, 5), (.swift, 5), (.torch, 2)]
        for (kernels, threads) in expected {
            plan.machine.kernels = kernels
            #expect(plan.allThreads == threads)
        }
        (plan.threads, plan.machine.threads, plan.machine.kernels) = (8, 5, .automatic)
        #expect(plan.allThreads == 8)
    }

    /// The dense network is trained on what children are, by their numbers.
    @Test func theDenseNetworksTraining() throws {
        var plan = try brightPlan(.scratch)
        (plan.limitTrain, plan.settings.learningRate, plan.machine.threads) = (90, 0.07, 5)
        let training = plan.training("dense", epochs: 7)
        #expect(training.label == "dense" && training.seed == 5 && training.limitTrain == 90 && !training.allData)
        #expect(training.recipe.epochs == 7 && training.recipe.batchSize == 18 && training.recipe.learningRate == 0.07)
        #expect(training.machine.threads == 1 && training.data == plan.data && training.sampling == nil)
    }
}
