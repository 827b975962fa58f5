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

extension TrainerTests {
    /// A larger network of the same images.
    private func teacher(classes: Int = 3) throws -> DenseNet {
        let larger = try Network(
            Architecture(
                blocks: [3, 2], growthRate: 4, bottleneck: false, compression: 1, stem: .init(.cifar, channels: 4),
                imageSize: 8, classes: classes))
        return try DenseNet(larger, generator: Generator(seed: 9), initialization: .fanIn)
    }

    private func distilled(
        _ path: String, epochs: Int = 3, rate: Double = 0.1, change: (inout TrainingConfiguration) -> Void = { _ in }
    ) throws -> Trainer {
        var configuration = try trainer(path, epochs: epochs, rate: rate).configuration
        configuration.distillation = Distillation(teacher: "elsewhere", digest: "0", temperature: 2, weight: 0.6)
        change(&configuration)
        return Trainer(configuration, try network(), tinyData, folder: RunFolder(path))
    }

    /// Two epochs of three steps are what the loss written out says, step by step; what is logged is what is minimised.
    @Test func aDistilledTrainingIsItsSteps() throws {
        let folder = TemporaryFolder()
        let whole = try distilled(folder("run"), epochs: 2, rate: 0.02) {
            ($0.allData, $0.recipe.batchSize) = (true, 60)
        }
        try whole.start(resume: false)
        let (used, again) = (try teacher(), try teacher())
        let result = try whole.run(resume: false, teacher: used)
        for (mine, other) in zip(used.tensors, again.tensors) {
            let same = try mine.tensor.floats() == other.tensor.floats()
            #expect(same && mine.tensor.grad == nil, "\(mine.name) of the teacher stays")
        }

        let (recipe, maker) = (whole.configuration.recipe, BatchMaker(tinyData.train, whole.normalization))
        let distillation = try #require(whole.configuration.distillation)
        let net = try DenseNet(
            network(), generator: Generator(seed: SeededGenerator(seed: 3, stream: 2).state),
            initialization: recipe.initialization)
        let optimizer = try SGD(net, recipe)
        var losses = [0.0, 0.0]
        for step in 0..<6 {
            var random = SeededGenerator(seed: 3, stream: 3, UInt64(step / 3))
            let (order, start) = (random.permutation(200), step % 3 * 60)
            let chosen = order[start..<start + 60]
            (optimizer.rate, optimizer.momentum) = recipe.rate(step: step, of: 6)
            let batch = try maker.batch(chosen, augmentation: SeededGenerator(seed: 3, stream: 4, UInt64(step)))
            let said = try withoutGrad { try again(batch.images, training: false).doubles() }
            let logits = try net(batch.images, training: true)
            let hand = distilledByHand(
                try logits.doubles(), labels: chosen.map { Int(tinyData.train.labels[$0]) }, teacher: said,
                distillation)
            for parameter in net.parameters { parameter.clearGrad() }
            try logits.backward(Tensor(hand.gradient.map { Float($0) }, [60, 3]))
            try optimizer.step()
            losses[step / 3] += hand.loss / 3
        }
        for ((name, mine), (_, other)) in zip(try whole.folder.model().tensors, net.tensors) {
            let error = relativeError(try mine.doubles(), try other.doubles())
            #expect(error < 5e-3, "\(name)")
        }
        let lines = try String(contentsOfFile: whole.folder.metrics, encoding: .utf8).split(separator: "\n")
        let history = try lines.map { try RunFolder.decoder.decode(EpochMetrics.self, from: Data($0.utf8)) }
        let last = try #require(history.last)
        #expect(history.count == 2 && result.split == "train" && abs(result.loss - last.trainLoss) < 1e-12)
        for (metrics, loss) in zip(history, losses) { #expect(abs(metrics.trainLoss - loss) < 1e-3) }
    }

    /// What is validated is the labels' cross entropy, whatever was minimised.
    @Test func validationIsOfTheLabelsAlone() throws {
        let folder = TemporaryFolder()
        let trained = try distilled(folder("run"), epochs: 1)
        try trained.start(resume: false)
        let result = try trained.run(resume: false, teacher: teacher())
        let lines = try String(contentsOfFile: trained.folder.metrics, encoding: .utf8).split(separator: "\n")
        #expect(lines.count == 1)
        let metrics = try RunFolder.decoder.decode(EpochMetrics.self, from: Data(try #require(lines.first).utf8))
        let again = try trained.folder.model().evaluate(
            BatchMaker(tinyData.train, trained.normalization), trained.configuration.split(of: tinyData).validation)
        let validated = try #require(metrics.validationLoss)
        #expect(abs(validated - again.loss) < 1e-5 && abs(result.loss - again.loss) < 1e-5)
    }

    /// Stopped and resumed with the teacher loaded again: the same bits as never stopped, and others than without it.
    @Test func aDistilledTrainingResumesBitForBit() throws {
        let folder = TemporaryFolder()
        func weights(_ name: String) throws -> Data {
            try Data(contentsOf: URL(fileURLWithPath: folder(name + "/weights.safetensors")))
        }
        let whole = try distilled(folder("whole"))
        try whole.start(resume: false)
        _ = try whole.run(resume: false, teacher: teacher())
        let alone = try trainer(folder("alone"))
        try alone.start(resume: false)
        _ = try alone.run(resume: false)
        let (expected, other) = (try weights("whole"), try weights("alone"))
        #expect(expected != other)
        for stop in [1, 9, 14] {
            var first = try distilled(folder("stopped-\(stop)"))
            (first.checkpointSeconds, first.stopAfter) = (0, stop)
            try first.start(resume: false)
            #expect(throws: Interrupted.self) { try first.run(resume: false, teacher: teacher()) }
            let second = try distilled(folder("stopped-\(stop)"))
            try second.start(resume: true)
            _ = try second.run(resume: true, teacher: teacher())
            let same = try weights("stopped-\(stop)") == expected
            #expect(same, "stopped after \(stop)")
        }
    }

    /// A training that learns from another network never goes on without it, nor with one of other classes.
    @Test func theTeacherIsGiven() throws {
        let folder = TemporaryFolder()
        var started = try distilled(folder("run"), epochs: 1)
        try started.start(resume: false)
        let sentence = TrainingError("\(folder("run")) learns from elsewhere, which was not given")
        #expect(throws: sentence) { try started.run(resume: false) }
        let classes = "the network takes 3×8×8 images of 4 classes; tiny has 3×8×8 of 3"
        #expect(throws: TrainingError(classes)) { try started.run(resume: false, teacher: teacher(classes: 4)) }
        started.stopAfter = 4
        #expect(throws: Interrupted.self) { try started.run(resume: false, teacher: teacher()) }
        started.stopAfter = nil
        #expect(throws: sentence) { try started.run(resume: true) }
        _ = try started.run(resume: true, teacher: teacher())
        // Numbers that teach nothing are refused before anything is written.
        let wrong = try distilled(folder("wrong")) { $0.distillation?.temperature = 0 }
        let temperature = "a distillation temperature of 0.0; it must be from 0.01 to 100"
        #expect(throws: TrainingError(temperature)) { try wrong.start(resume: false) }
        #expect(!wrong.folder.exists)
    }
}
