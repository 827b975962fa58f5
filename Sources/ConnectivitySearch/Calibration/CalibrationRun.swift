import DenseNetArchitecture
import Evaluation
import Foundation
import ImageData
import Runs
import Strategies
import StudySQLite
import Torch
import Training

/// A calibration as a run in a folder: a study for each evaluator, of the same connectivities, and what they come to.
///
/// The study of `scratch` also holds the full trainings, as longer evaluations of all its children.
public struct CalibrationRun {
    /// What is compared; of one that goes on only what decides no child may be changed.
    public var configuration: CalibrationConfiguration
    /// The folder.
    public let folder: RunFolder
    /// The data.
    public let data: DataSet
    /// Processes that evaluate children; with one, this process does.
    public var workers = 1
    /// The command that starts a worker for a study's folder.
    public var workerCommand: (RunFolder) -> [String] = { _ in [] }
    /// Called before each study; gives what receives its progress.
    public var observer: (_ title: String) -> (SearchEvent) -> Void = { _ in { _ in } }

    /// A calibration in a folder.
    public init(_ configuration: CalibrationConfiguration, _ data: DataSet, folder: RunFolder) {
        self.configuration = configuration
        self.data = data
        self.folder = folder
    }

    /// The calibration a folder holds.
    /// - Throws: `FileError`, `DataError`, `SearchError` when the data are no longer the same.
    /// - Parameter dataFolder: where the data lie now, where not as before.
    public init(continuing folder: RunFolder, dataFolder: String? = nil) throws {
        var configuration = try folder.read(CalibrationConfiguration.self, from: folder.configuration)
        if let dataFolder { configuration.search.data.folder = dataFolder }
        let data = try DataSources.load(configuration.search.data.name, from: configuration.search.data.folder)
        guard data.digest == configuration.search.data.digest else {
            throw SearchError(
                "the data of \(configuration.search.data.name) have changed since \(folder.path) was started")
        }
        self.init(configuration, data, folder: folder)
    }

    /// Runs, from the start or from the last finished child.
    /// - Throws: `Interrupted` with all finished children kept; `SearchError`, `TrainingError`, `FileError`.
    public func run(resume: Bool) throws -> Calibration {
        guard configuration.fullEpochs >= 1, configuration.fullSeeds >= 1 else {
            throw SearchError(
                "full training of \(configuration.fullEpochs) epochs with \(configuration.fullSeeds) seeds; both must be 1 or more"
            )
        }
        try configuration.search.validate()
        if resume, folder.exists {
            let stored = try folder.read(CalibrationConfiguration.self, from: folder.configuration)
            if let difference = configuration.difference(from: stored) {
                throw SearchError(
                    "\(folder.path) holds another calibration: \(difference); continue it with 'ads calibrate --resume --out \(folder.path)'"
                )
            }
            try folder.write(configuration, to: folder.configuration)
        } else {
            try folder.create()
            try folder.write(Network(configuration.search.architecture), to: folder.architecture)
            try folder.write(configuration, to: folder.configuration)
        }
        var studies: [EvaluatorSettings.Kind: StudyHistory] = [:]
        var before: [EvaluatorSettings.Kind: Double] = [:]
        let own = try study(.scratch)
        studies[.scratch] = try searched(
            own, "scratch, and each child in full: \(configuration.fullSeeds) × \(configuration.fullEpochs) epochs")
        let shared = try study(.shared)
        studies[.shared] = try searched(shared, "shared weights")
        before[.shared] = try seconds(RunFolder(path(.shared) + "/shared"))
        before[.inherit] = try trainDense()
        studies[.inherit] = try searched(try study(.inherit), "inherited weights")
        let calibration = try Calibration(configuration, studies, secondsBefore: before)
        try folder.write(calibration, to: folder.calibration)
        return calibration
    }

    private func path(_ kind: EvaluatorSettings.Kind) -> String { folder.path + "/" + kind.rawValue }

    /// The search with an evaluator of a kind, of the same children.
    func study(_ kind: EvaluatorSettings.Kind) throws -> SearchConfiguration {
        var c = configuration.search
        guard kind != .scratch else {
            c.top = c.children
            c.reevaluationSeeds = configuration.fullSeeds
            c.reevaluationLength = Double(configuration.fullEpochs) / c.evaluator.epochs
            return c
        }
        let scratch = c.evaluator
        c.top = 0
        c.evaluator = EvaluatorSettings(kind)
        (c.evaluator.epochs, c.evaluator.batchSize) = (scratch.epochs, scratch.batchSize)
        // A trained network is tuned with the same part of the rate as by default.
        c.evaluator.learningRate *= scratch.learningRate / EvaluatorSettings(.scratch).learningRate
        if kind == .shared { c.evaluator.sharedEpochs = configuration.sharedEpochs }
        if kind == .inherit {
            let dense = RunFolder(folder.path + "/dense")
            c.dense = dense.absolutePath
            c.denseDigest = try TrainedDense.digest(dense)
        }
        c.imagesBefore = try SearchRun.imagesBefore(c, data)
        return c
    }

    private func searched(_ c: SearchConfiguration, _ title: String) throws -> StudyHistory {
        let folder = RunFolder(path(c.evaluator.kind))
        var run = SearchRun(c, data, folder: folder)
        (run.workers, run.workerCommand) = (workers, workerCommand(folder))
        run.observer = observer(title)
        _ = try run.run(resume: true)
        return try StudyHistory(SQLiteStudy(path: folder.study, mustExist: true))
    }

    /// Trains the dense network that children inherit from; the seconds it took.
    private func trainDense() throws -> Double {
        let c = configuration.search
        let dense = RunFolder(folder.path + "/dense")
        guard !FileManager.default.fileExists(atPath: dense.result) else { return try seconds(dense) }
        var trainer = Trainer(
            c.evaluation.training("dense", epochs: configuration.fullEpochs), try Network(c.architecture), data,
            folder: dense)
        let show = observer("the dense network that children inherit from")
        trainer.observer = { show(.training($0)) }
        try trainer.start(resume: true)
        try c.evaluation.useAllThreads()
        return try trainer.run(resume: true).seconds
    }

    private func seconds(_ run: RunFolder) throws -> Double {
        try run.read(TrainingResult.self, from: run.result).seconds
    }
}
