import ArgumentParser
import ConnectivitySearch
import DenseNetArchitecture
import Foundation
import ImageData
import Reporting
import Runs
import Training

struct CalibrateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "calibrate", abstract: "How far each evaluator can be trusted, before a search relies on it.",
        discussion: """
            Evaluates the same random connectivities, of costs spread over the range, by every evaluator and by full training, and \
            prints how well each orders them: Kendall's rank correlation, 1 for the same order, 0 for none, with its 95% interval. \
            "MACs alone" is what needs no evaluation: an evaluator that does no better only tells dear from cheap; what it knows beyond \
            is the correlation given the MACs (Kendall's partial tau). With a target all connectivities cost the same. The test set is never touched.

            EXAMPLE
              ads calibrate --data shapes --arch densenet-16-12 --children 12 --limit-train 2048 --out runs/calibration
            """)

    @OptionGroup var data: DataOptions
    @OptionGroup var network: NetworkOptions
    @OptionGroup var machine: MachineOptions
    @OptionGroup var output: OutputOptions

    @Option(help: "The run's folder.")
    var out: String

    @Option(help: "Connectivities to compare.")
    var children = 20

    @Option(help: "Epochs of a full training, and of the dense network that children inherit from.")
    var fullEpochs = 4

    @Option(help: "Seeds each connectivity is trained in full with; with 2 or more, how well full training orders as itself is told.")
    var fullSeeds = 2

    @Option(help: "Epochs of a child trained from scratch or tuned.")
    var childEpochs = 1.0

    @Option(help: "Epochs of the network of shared weights.")
    var sharedEpochs = EvaluatorSettings.sharedEpochs

    @Option(help: "Images a step of all trainings.")
    var batchSize: Int?

    @Option(help: "The highest learning rate of trainings from scratch; inherited weights are tuned with a quarter.")
    var learningRate: Double?

    @Option(help: "Train on the first N training images only.")
    var limitTrain: Int?

    @Option(help: "Validate on N of the validation images only.")
    var limitValidation: Int?

    @OptionGroup var target: TargetOptions
    @OptionGroup var workers: WorkerOptions

    @Flag(help: "Continue the calibration in --out; everything else may then be left out.")
    var resume = false

    func run() throws {
        let console = Console(quiet: output.quiet)
        let folder = RunFolder(out)
        let applied = try machine.apply()
        var job: CalibrationRun
        if try continuesAlone(resume, folder, data, network, "calibration") {
            job = try CalibrationRun(continuing: folder)
        } else {
            let (set, value) = try chosen(data, network, refusing: "a calibration draws its own connectivities")
            let here = Machine.current(device: applied.device, kernels: applied.kernels)
            job = CalibrationRun(try settings(value.architecture, set, here), set, folder: folder)
        }
        let count = try workers.processes(for: job.configuration.search, in: folder, threads: machine.threads).0
        job.workers = count
        job.workerCommand = { WorkerOptions.command($0, workers: count) }
        var step = 0
        job.observer = { title in
            step += 1
            console.line("[\(step)/4] \(title)")
            return SearchConsole(console, training: "").show
        }
        let calibration = try job.run(resume: resume)
        if output.json { return try printJSON(calibration) }
        print(calibration.table)
        print("saved in \(folder.path); draw it with: ads report \(folder.path)")
    }

    private func settings(_ architecture: Architecture, _ set: DataSet, _ here: Machine) throws -> CalibrationConfiguration {
        do {
            var evaluator = EvaluatorSettings(.scratch)
            evaluator.epochs = childEpochs
            if let batchSize { evaluator.batchSize = batchSize }
            if let learningRate { evaluator.learningRate = learningRate }
            guard children >= 2 else { throw SearchError("\(children) children; at least 2 are needed to compare") }
            guard fullEpochs >= 1, fullSeeds >= 1, sharedEpochs >= 1 else {
                throw SearchError("--full-epochs, --full-seeds and --shared-epochs must be 1 or more")
            }
            let chosen = try target.chosen()
            guard chosen?.measure != .latency else { throw SearchError("a calibration takes --target-macs, --target-parameters or --target-traffic") }
            var c = SearchConfiguration(
                strategy: chosen == nil ? SpreadStrategy.name : RandomStrategy.name, architecture: architecture,
                data: DataIdentity(set, folder: data.dataDir), seed: machine.seed, children: children, evaluator: evaluator, machine: here)
            c.childThreads = workers.childThreads
            c.maxLost = workers.maxLost
            (c.limitTrain, c.limitValidation) = (limitTrain, limitValidation)
            if let (measure, value) = chosen { c.target = try CostTarget(measure, value, in: c.space) }
            try c.validate()
            return CalibrationConfiguration(c, fullEpochs: fullEpochs, fullSeeds: fullSeeds, sharedEpochs: sharedEpochs)
        } catch let error as SearchError {
            throw UsageError("\(error)")
        }
    }
}
