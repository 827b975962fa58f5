import DenseNetArchitecture
import Evaluation
import Files
import Foundation
import ImageData
import Runs
import Strategies
import TestSupport
import Testing
import Training

@testable import ConnectivitySearch

/// What a calibration searches, and what it refuses before it trains anything.
@Suite(.oneThread) struct CalibrationRunTests {
    private let folder = TemporaryFolder()

    private func calibration(_ change: (inout CalibrationConfiguration) -> Void = { _ in }) throws -> CalibrationRun {
        let shapes = try DataSources.load("shapes")
        var search = try smallSearch("spread", children: 4)
        search.data = DataIdentity(shapes, folder: nil)
        (search.limitTrain, search.childThreads) = (64, 1)
        (search.evaluator.epochs, search.evaluator.batchSize, search.evaluator.learningRate) = (2, 32, 0.2)
        var configuration = CalibrationConfiguration(search, fullEpochs: 3, fullSeeds: 2, sharedEpochs: 5)
        change(&configuration)
        return CalibrationRun(configuration, shapes, folder: RunFolder(folder.path))
    }

    @Test func everyEvaluatorGetsTheSameSearch() throws {
        let run = try calibration()
        #expect(run.workers == 1 && run.workerCommand(run.folder).isEmpty)
        let search = run.configuration.search

        // Each child is trained in full with fresh seeds.
        let scratch = try run.study(.scratch)
        #expect(scratch.top == 4 && scratch.reevaluationSeeds == 2 && scratch.reevaluationLength == 1.5)
        #expect(scratch.evaluator == search.evaluator && scratch.difference(from: search) == nil)

        let shared = try run.study(.shared)
        #expect(shared.top == 0 && shared.evaluator.kind == .shared && shared.evaluator.sharedEpochs == 5)
        #expect(shared.evaluator.epochs == 2 && shared.evaluator.batchSize == 32)
        // Twice the default, as for those from scratch.
        #expect(abs(shared.evaluator.learningRate - 2 * EvaluatorSettings(.shared).learningRate) < 1e-12)
        #expect(shared.imagesBefore == 5 * 64 && shared.dense == nil && shared.denseDigest == nil)
    }

    @Test func inheritedWeightsAreThoseOfTheDenseNetwork() throws {
        let run = try calibration()
        let dense = RunFolder(folder("dense"))
        try dense.create()
        try Data("weights".utf8).write(to: URL(fileURLWithPath: dense.weights))
        let search = run.configuration.search
        try dense.write(search.evaluation.training("dense", epochs: 3), to: dense.configuration)
        let inherit = try run.study(.inherit)
        #expect(inherit.top == 0 && inherit.evaluator.kind == .inherit && inherit.evaluator.sharedEpochs == nil)
        #expect(inherit.evaluator.epochs == 2 && inherit.evaluator.batchSize == 32)
        #expect(abs(inherit.evaluator.learningRate - 2 * EvaluatorSettings(.inherit).learningRate) < 1e-12)
        #expect(inherit.dense == dense.absolutePath && inherit.imagesBefore == 3 * 64)
        #expect(inherit.denseDigest == (try TrainedDense.digest(dense)))
        // Masked children start from the same, and are not trained.
        let masked = try run.study(.masked)
        #expect(masked.top == 0 && masked.evaluator.kind == .masked && masked.evaluator.lengths == [0])
        #expect(masked.dense == inherit.dense && masked.denseDigest == inherit.denseDigest)
        #expect(masked.imagesBefore == 3 * 64 && masked.evaluator.batchSize == 32)
        #expect(run.steps == 6 && run.configuration.truth == .scratch)
        #expect(run.configuration.fullTraining == "full training")
    }

    /// With a dense network that is given, a full training is a longer tuning of what it gives.
    @Test func aGivenDenseNetwork() throws {
        let dense = RunFolder(folder("given"))
        try dense.create()
        try Data("weights".utf8).write(to: URL(fileURLWithPath: dense.weights))
        let run = try calibration {
            ($0.dense, $0.denseDigest, $0.bands) = (dense.absolutePath, "digest", [0.7, 0.9])
        }
        let search = run.configuration.search
        try dense.write(search.evaluation.training("dense", epochs: 5), to: dense.configuration)
        #expect(run.steps == 3 && run.configuration.truth == .inherit)
        #expect(run.configuration.fullTraining == "longer tuning")
        let inherit = try run.study(.inherit)
        #expect(inherit.top == 4 && inherit.reevaluationSeeds == 2 && inherit.reevaluationLength == 1.5)
        #expect(inherit.dense == dense.absolutePath && inherit.denseDigest == "digest")
        #expect(inherit.evaluator.kind == .inherit && inherit.imagesBefore == 5 * 64)
        let masked = try run.study(.masked)
        #expect(masked.top == 0 && masked.dense == dense.absolutePath && masked.denseDigest == "digest")
        // All draw from the same bands: 70% and 90% of 166,464.
        #expect(inherit.bands == [116_524, 149_817] && masked.bands == inherit.bands && search.bands == nil)
        // What is no trained network is refused before anything is written.
        #expect(throws: FileError("there is no file \(dense.absolutePath)/architecture.json")) {
            _ = try run.run(resume: false)
        }
        #expect(!run.folder.exists)
    }

    @Test func numbersThatTrainNothing() throws {
        let sentence = "full training of 0 epochs with 2 seeds; both must be 1 or more"
        #expect(throws: SearchError(sentence)) { _ = try calibration { $0.fullEpochs = 0 }.run(resume: false) }
        let seeds = "full training of 3 epochs with 0 seeds; both must be 1 or more"
        #expect(throws: SearchError(seeds)) { _ = try calibration { $0.fullSeeds = 0 }.run(resume: false) }
        // One of each is enough; what is refused then is the search.
        #expect(throws: SearchError("0 children; at least 1 is needed")) {
            _ = try calibration {
                ($0.fullEpochs, $0.fullSeeds, $0.search.children) = (1, 1, 0)
            }.run(resume: false)
        }
        #expect(!RunFolder(folder.path).exists)
    }

    @Test func aCalibrationGoesOnWithItsData() throws {
        let first = try calibration()
        try first.folder.write(first.configuration, to: first.folder.configuration)
        let again = try CalibrationRun(continuing: first.folder)
        #expect(again.configuration == first.configuration && again.data.digest == first.data.digest)
        let moved = try CalibrationRun(continuing: first.folder, dataFolder: "/elsewhere")
        #expect(moved.configuration.search.data.folder == "/elsewhere")

        let other = try calibration { $0.search.data.digest = "0" }
        try other.folder.write(other.configuration, to: other.folder.configuration)
        let sentence = "the data of shapes have changed since \(folder.path) was started"
        #expect(throws: SearchError(sentence)) { _ = try CalibrationRun(continuing: other.folder) }
    }
}
