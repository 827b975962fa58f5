import DenseNetModel
import Foundation
import ImageData
import Runs
import TestSupport
import Testing
import Torch

@testable import Training

extension TrainerTests {
    /// A training that starts from other weights never starts from fresh ones instead.
    @Test func givenWeightsAreStartedFrom() throws {
        let folder = TemporaryFolder()
        // So small a rate moves nothing that could be seen.
        var configuration = try trainer(folder("run"), epochs: 1, rate: 1e-12).configuration
        configuration.initialWeights = "elsewhere"
        var started = Trainer(configuration, try network(), tinyData, folder: RunFolder(folder("run")))
        try started.start(resume: false)
        let sentence = "\(folder("run")) starts from the weights of elsewhere, which were not given"
        for resume in [false, true] {
            #expect(throws: TrainingError(sentence)) { try started.run(resume: resume) }
        }
        let initial = try DenseNet(network(), generator: Generator(seed: 9))
        let before = try initial.parameters.map { try $0.doubles() }
        started.stopAfter = 4
        #expect(throws: Interrupted.self) { try started.run(resume: false, initial: initial) }
        // From here on the checkpoint has them.
        started.stopAfter = nil
        #expect(throws: TrainingError(sentence)) { try started.run(resume: false) }
        _ = try started.run(resume: true)
        for (parameter, old) in zip(try started.folder.model().parameters, before) {
            let now = try parameter.doubles()
            #expect(zip(now, old).allSatisfy { abs($0 - $1) < 1e-6 })
        }
    }

    /// The generator is the whole process's: a training that does not draw from it neither seeds nor restores it.
    @Test func withoutDropoutTheGeneratorIsLeftAlone() throws {
        let folder = TemporaryFolder()
        var plain = try trainer(folder("run"), epochs: 1)
        plain.stopAfter = 3
        let before = try Runtime.generatorState()
        try plain.start(resume: false)
        #expect(throws: Interrupted.self) { try plain.run(resume: false) }
        #expect(try Runtime.generatorState() == before)
        // A checkpoint has the state of its own time.
        try Runtime.seed(77)
        let seeded = try Runtime.generatorState()
        plain.stopAfter = nil
        _ = try plain.run(resume: true)
        #expect(try Runtime.generatorState() == seeded && seeded != before)
    }

    /// The result is of the weights that were kept, over every image of its split.
    @Test(arguments: [true, false])
    func aResultIsOfItsSplit(testAtEnd: Bool) throws {
        let folder = TemporaryFolder()
        var configuration = try trainer(folder("run"), epochs: 1).configuration
        configuration.testAtEnd = testAtEnd
        let trained = Trainer(configuration, try network(), tinyData, folder: RunFolder(folder("run")))
        try trained.start(resume: false)
        let result = try trained.run(resume: false)
        let (set, indices) =
            testAtEnd
            ? (tinyData.test, Array(0..<60)) : (tinyData.train, configuration.split(of: tinyData).validation)
        let again = try trained.folder.model().evaluate(BatchMaker(set, trained.normalization), indices)
        #expect(result.split == (testAtEnd ? "test" : "validation"))
        #expect(result.accuracy == again.accuracy && abs(result.loss - again.loss) < 1e-5)
        let speed = try #require(result.inferenceImagesPerSecond)
        #expect(speed > 0 && speed < 1e9)
        let uses = try trained.folder.readTestUses().map { $0?.accuracy }
        #expect(uses == (testAtEnd ? [result.accuracy] : []))
        // What is validated is so either way.
        #expect(result.validationAccuracy != nil)
        let stored = try trained.folder.read(TrainingResult.self, from: trained.folder.result)
        #expect(stored.accuracy == result.accuracy && stored.impossibility == nil)
    }
}
