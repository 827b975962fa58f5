import DenseNetArchitecture
import Evaluation
import Files
import Foundation
import ImageData
import Runs
import Strategies
import Torch
import Training

/// A calibration as a run in a folder: a study for each evaluator, of the same connectivities, and what they come to.
///
/// The study of `scratch` also holds the full trainings, as longer evaluations of all its children; with a dense
/// network that is given that of `inherit` does.
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
        if let dataFolder { configuration.search.data.folder = DataIdentity.absolute(dataFolder) }
        let data = try configuration.search.data.load()
        guard data.digest == configuration.search.data.digest else {
            throw SearchError(
                "the data of \(configuration.search.data.name) have changed since \(folder.path) was started")
        }
        self.init(configuration, data, folder: folder)
    }

    /// The parts it has, each told to `observer` when it begins.
    public var steps: Int { configuration.dense == nil ? 6 : 3 }

    /// Runs, from the start or from the last finished child.
    /// - Throws: `Interrupted` with all finished children kept; `SearchError`, `TrainingError`, `FileError`.
    public func run(resume: Bool) throws -> Calibration {
        try configuration.validate()
        if configuration.dense != nil {
            // Before anything is written, as a search does it.
            try TrainedDense.check(study(.inherit).evaluation, data, for: "inherited weights need")
        }
        if resume, folder.exists {
            let stored = try folder.read(CalibrationConfiguration.self, from: folder.configuration)
            if let difference = configuration.difference(from: stored) {
                throw SearchError(
                    "\(folder.path) holds another calibration: \(difference); continue it with 'ads calibrate --resume --out \(ShellText.word(folder.path))'"
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
        let long = "\(configuration.fullSeeds) × \(configuration.fullEpochs) epochs"
        if configuration.dense == nil {
            studies[.scratch] = try searched(study(.scratch), "scratch, and each child in full: \(long)")
            studies[.shared] = try searched(study(.shared), "shared weights")
            before[.shared] = try seconds(RunFolder(path(.shared) + "/shared"))
            try trainDense()
            studies[.inherit] = try searched(study(.inherit), "inherited weights")
        } else {
            studies[.inherit] = try searched(study(.inherit), "inherited weights, and each child tuned longer: \(long)")
        }
        let masked = try study(.masked)
        let scored = try searched(masked, "masked, the dense network's weights as they are")
        studies[.masked] = scored
        let trained = try seconds(dense)
        (before[.inherit], before[.masked]) = (trained, trained)
        let scores = try MaskedScores(masked, data, folder: folder).read(
            scored.children.filter { $0.repeatOf == nil }.map(\.connectivity),
            observer("masked, with fewer and with more images"))
        let calibration = try Calibration(configuration, studies, secondsBefore: before, scores: scores)
        try folder.write(calibration, to: folder.calibration)
        return calibration
    }

    /// The run of the dense network that children inherit from: the given one, or the calibration's own.
    private var dense: RunFolder { RunFolder(configuration.dense ?? folder.path + "/dense") }

    private func path(_ kind: EvaluatorSettings.Kind) -> String { folder.path + "/" + kind.rawValue }

    /// The search with an evaluator of a kind, of the same children.
    func study(_ kind: EvaluatorSettings.Kind) throws -> SearchConfiguration {
        var c = configuration.search
        c.bands = try configuration.bandLimits()
        if kind == configuration.truth {
            c.top = c.children
            c.reevaluationSeeds = configuration.fullSeeds
            c.reevaluationLength = Double(configuration.fullEpochs) / c.evaluator.epochs
        } else {
            c.top = 0
        }
        guard kind != .scratch else { return c }
        let scratch = c.evaluator
        c.evaluator = EvaluatorSettings(kind)
        (c.evaluator.epochs, c.evaluator.batchSize) = (scratch.epochs, scratch.batchSize)
        c.evaluator.augmentation = scratch.augmentation
        // A trained network is tuned with the same part of the rate as by default.
        c.evaluator.learningRate *= scratch.learningRate / EvaluatorSettings(.scratch).learningRate
        if kind == .shared { c.evaluator.sharedEpochs = configuration.sharedEpochs }
        if c.evaluator.inherits {
            c.dense = dense.absolutePath
            c.denseDigest = try configuration.denseDigest ?? TrainedDense.digest(dense)
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
        return try StudyHistory(folder.openStudy())
    }

    /// Trains the dense network that children inherit from, where that is not done.
    private func trainDense() throws {
        let c = configuration.search
        let show = observer("the dense network that children inherit from")
        var trainer = Trainer(
            c.evaluation.training("dense", epochs: configuration.fullEpochs), try Network(c.architecture), data,
            folder: dense)
        guard !trainer.isFinished else { return }
        trainer.observer = { show(.training($0)) }
        try trainer.start(resume: true)
        try c.evaluation.useAllThreads()
        _ = try trainer.run(resume: true)
    }

    /// The seconds of a training; 0 where its run does not say, as weights may come from elsewhere.
    private func seconds(_ run: RunFolder) throws -> Double {
        guard FileManager.default.fileExists(atPath: run.result) else { return 0 }
        let result = try run.read(TrainingResult.self, from: run.result)
        if let reason = result.impossibility { throw FileError("\(run.result) is damaged: \(reason)") }
        return result.seconds
    }
}
