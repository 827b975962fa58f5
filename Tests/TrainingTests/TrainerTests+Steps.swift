import DenseNetArchitecture
import DenseNetModel
import Foundation
import ImageData
import Randomness
import Runs
import TestSupport
import Testing
import Torch

@testable import Training

// Here, as trainings with dropout draw from libtorch's one generator: one of them at a time.
extension TrainerTests {
    /// Two epochs of three steps, with 20 images left over in each, are what the seed's streams say.
    @Test(arguments: [0, 0.2])
    func aTrainingIsItsSteps(dropout: Double) throws {
        let folder = TemporaryFolder()
        var configuration = try trainer(folder("run"), epochs: 2, dropout: dropout).configuration
        (configuration.allData, configuration.recipe.batchSize) = (true, 60)
        let whole = Trainer(configuration, try network(), tinyData, folder: RunFolder(folder("run")))
        try whole.start(resume: false)
        let result = try whole.run(resume: false)

        let (recipe, maker) = (configuration.recipe, BatchMaker(tinyData.train, whole.normalization))
        let net = try DenseNet(
            network(), generator: Generator(seed: SeededGenerator(seed: 3, stream: 2).state),
            initialization: recipe.initialization)
        net.dropout = dropout
        try Runtime.seed(SeededGenerator(seed: 3, stream: 1).state)
        let optimizer = try SGD(net, recipe)
        var (losses, correct) = ([0.0, 0.0], [0, 0])
        for step in 0..<6 {
            var random = SeededGenerator(seed: 3, stream: 3, UInt64(step / 3))
            let (order, start) = (random.permutation(200), step % 3 * 60)
            (optimizer.rate, optimizer.momentum) = recipe.rate(step: step, of: 6)
            let found = try trainStep(
                net, optimizer, maker, order[start..<start + 60], SeededGenerator(seed: 3, stream: 4, UInt64(step)))
            losses[step / 3] += found.loss / 3
            correct[step / 3] += found.correct
        }
        for ((name, mine), (_, other)) in zip(try whole.folder.model().tensors, net.tensors) {
            let error = relativeError(try mine.doubles(), try other.doubles())
            #expect(error < 1e-4, "\(name)")
        }

        let lines = try String(contentsOfFile: whole.folder.metrics, encoding: .utf8).split(separator: "\n")
        let history = try lines.map { try RunFolder.decoder.decode(EpochMetrics.self, from: Data($0.utf8)) }
        #expect(history.map(\.epoch) == [1, 2])
        for (epoch, metrics) in history.enumerated() {
            #expect(abs(metrics.trainLoss - losses[epoch]) < 1e-4)
            // Less than one image more or fewer.
            #expect(abs(metrics.trainAccuracy - Double(correct[epoch]) / 180) < 0.004)
            #expect(abs(metrics.learningRate - recipe.rate(step: 3 * epoch + 2, of: 6).rate) < 1e-12)
            #expect(metrics.validationAccuracy == nil && metrics.validationLoss == nil)
            let waited = try #require(metrics.waitedSeconds)
            #expect(waited >= 0 && waited <= metrics.seconds && metrics.waitedShare == waited / metrics.seconds)
        }
        // With nothing held out the result is of the last epoch's steps.
        #expect(result.split == "train" && result.validationAccuracy == nil && result.inferenceImagesPerSecond == nil)
        let last = try #require(history.last)
        #expect(abs(result.accuracy - last.trainAccuracy) < 1e-12 && abs(result.loss - last.trainLoss) < 1e-12)
    }

    /// It draws anew each time, and only where a network is trained, whichever kernels compute the rest.
    @Test func dropoutIsForTrainingAlone() throws {
        let net = try DenseNet(network(), generator: Generator(seed: 4))
        let maker = BatchMaker(tinyData.train, Normalization(of: tinyData.train, indices: Array(0..<200)))
        let x = try maker.batch(Array(0..<20)[...]).images
        func logits(_ dropout: Double, _ kernels: KernelChoice, training: Bool) throws -> [Double] {
            (net.dropout, net.kernels) = (dropout, kernels)
            return try withoutGrad { try net(x, training: training).doubles() }
        }
        #expect(try logits(0.5, .torch, training: false) == logits(0, .torch, training: false))
        for kernels in [KernelChoice.automatic, .torch] {
            let (plain, dropped) = (
                try logits(0, kernels, training: true), try logits(0.5, kernels, training: true)
            )
            #expect(relativeError(dropped, plain) > 1e-2)
            #expect(relativeError(try logits(0.5, kernels, training: true), dropped) > 1e-2)
        }
    }

    /// Steps in any order, each made ahead or not, are each the step of its number.
    @Test func aStepIsItsNumber() throws {
        let maker = BatchMaker(tinyData.train, Normalization(of: tinyData.train, indices: [0, 1]))
        let images = Array(0..<200)
        var recipe = Recipe.oneCycle
        (recipe.batchSize, recipe.learningRate, recipe.schedule) = (60, 0.05, .constant)
        func fresh() throws -> (net: DenseNet, optimizer: SGD) {
            let net = try DenseNet(network(), generator: Generator(seed: 4))
            return (net, try SGD(net, recipe))
        }
        let ((net, optimizer), (other, single)) = (try fresh(), try fresh())
        var steps = RecipeSteps(
            net, optimizer, maker, images, recipe, total: 6, order: { SeededGenerator(seed: 8, stream: 3, UInt64($0)) },
            augmentation: { SeededGenerator(seed: 8, stream: 4, UInt64($0)) })
        (single.rate, single.momentum) = (0.05, recipe.momentum)
        for step in [4, 5, 0, 0, 1, 3, 2, 7] {
            let found = try steps.train(step: step)
            var random = SeededGenerator(seed: 8, stream: 3, UInt64(step / 3))
            let (order, start) = (random.permutation(200), step % 3 * 60)
            let expected = try trainStep(
                other, single, maker, order[start..<start + 60], SeededGenerator(seed: 8, stream: 4, UInt64(step)))
            #expect(abs(found.loss - expected.loss) < 1e-5 && found.correct == expected.correct, "step \(step)")
            #expect(found.of == 60 && found.waited >= 0)
        }
    }

    /// Of epochs as good as one another the first one's weights are kept.
    @Test func theFirstOfTheBestIsKept() throws {
        let folder = TemporaryFolder()
        // All images are of one class: every epoch gets all of them right.
        let set = ImageSet(
            pixels: tinyData.train.pixels, labels: [Int32](repeating: 1, count: 200), channels: 3, size: 8)
        let data = DataSet(name: "one", train: set, test: set, classNames: ["a", "b", "c"])
        let run = RunFolder(folder("run"))
        let configuration = try trainer(run.path, epochs: 3).configuration
        var even = Trainer(configuration, try network(), data, folder: run)
        var (flags, accuracies, files): ([Bool], [Double?], [Data?]) = ([], [], [])
        even.observer = {
            guard case .epoch(let metrics, _, let isBest) = $0 else { return }
            flags.append(isBest)
            accuracies.append(metrics.validationAccuracy)
            files.append(try? Data(contentsOf: URL(fileURLWithPath: run.weights)))
        }
        try even.start(resume: false)
        let result = try even.run(resume: false)
        #expect(accuracies == [1, 1, 1] && flags == [true, false, false] && result.validationAccuracy == 1)
        #expect(files.count == 3 && files[0] != nil && Set(files).count == 1)
    }

    /// Weights trained in parts are kept after every epoch, called the best after none, and get their statistics from
    /// eight batches.
    @Test func whatIsTrainedInParts() throws {
        let folder = TemporaryFolder()
        let run = RunFolder(folder("run"))
        var configuration = try trainer(run.path, epochs: 2).configuration
        configuration.recipe.batchSize = 10
        let dense = try network()
        var parts = Trainer(configuration, dense, tinyData, folder: run)
        parts.sampler = { _ in .dense(dense.architecture) }
        var (flags, files): ([Bool], [Data?]) = ([], [])
        parts.observer = {
            guard case .epoch(_, _, let isBest) = $0 else { return }
            flags.append(isBest)
            files.append(try? Data(contentsOf: URL(fileURLWithPath: run.weights)))
        }
        try parts.start(resume: false)
        _ = try parts.run(resume: false)
        #expect(flags == [false, false] && files[0] != nil && Set(files).count == 2)
        let (net, again) = (try run.model(), try run.model())
        let sample = configuration.split(of: tinyData).sample(80, seed: 3)
        try again.recomputeNormStatistics(BatchMaker(tinyData.train, parts.normalization), sample, batchSize: 10)
        for ((name, mine), (_, other)) in zip(net.tensors, again.tensors) {
            let error = relativeError(try mine.doubles(), try other.doubles())
            #expect(error < 1e-4, "\(name)")
        }
    }

    /// What the last step tells of the speed is what the result says.
    @Test func speedsAgree() throws {
        let folder = TemporaryFolder()
        var told = try trainer(folder("run"), epochs: 1)
        var (speeds, left): ([Double], [Double]) = ([], [])
        told.observer = {
            guard case .step(_, _, _, _, _, _, let speed, let seconds) = $0 else { return }
            speeds.append(speed)
            left.append(seconds)
        }
        try told.start(resume: false)
        let result = try told.run(resume: false)
        #expect(speeds.count == 9 && speeds.last == result.imagesPerSecond && left.last == 0)
        // No processor takes less than a nanosecond for an image.
        #expect(speeds.allSatisfy { $0 > 0 && $0 < 1e9 } && result.seconds > 0)
        #expect(told.checkpointSeconds == 60)
    }
}
