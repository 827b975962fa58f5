import ArgumentParser
import ConnectivitySearch
import Files
import ImageData
import Reporting
import Runs
import Training

struct CalibrateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "calibrate", abstract: "How far each evaluator can be trusted, before a search relies on it.",
        discussion: """
            Evaluates the same random connectivities, of costs spread over the range, by every evaluator and by full training, and \
            prints how well each orders them: Kendall's rank correlation, 1 for the same order, 0 for none, with its 95% interval, \
            and its price. "MACs alone" is what needs no evaluation: an evaluator that does no better only tells dear from cheap; \
            what it knows beyond is the correlation given the MACs (Kendall's partial tau). With a target all connectivities cost the \
            same; with --bands they cost the same in each band, and only those of one band are compared. Each evaluator orders by \
            accuracy and by minus loss. A last table says what masked scores of fewer and of more images are worth, and what they \
            take. With --dense a full training is a longer tuning of what children inherit, and only evaluators that inherit are \
            compared. The test set is never touched.

            EXAMPLE
              ads calibrate --data shapes --arch densenet-16-12 --children 12 \\
                --out runs/calibration
              ads calibrate --data cifar10 --arch densenet-40-12 --dense runs/dense --children 60 \\
                --bands 0.35,0.45,0.65 --limit-train 10000 --out runs/bands
            """)

    @OptionGroup var data: DataOptions
    @OptionGroup var network: NetworkOptions
    @OptionGroup var machine: MachineOptions
    @OptionGroup var output: OutputOptions

    @Option(help: "The run's folder.", completion: .directory, transform: WrittenPath.parse)
    var out: String

    @Option(
        help: "Connectivities to compare. (default: 20)",
        transform: Whole(2...1_000_000).parse)
    var children: Int?

    @Option(
        help:
            "Draw connectivities at these shares of the dense network's MACs in turn, as 0.35,0.45,0.65, and compare those of the same share alone.",
        transform: Shares.parse)
    var bands: Shares?

    @Flag(
        help:
            "Prune what the blocks' ends read, too: reaches cheaper networks. Layers may then be left out whole."
    )
    var searchBlockEnd = false

    @Option(
        help:
            "The run of the trained dense network that children inherit from; it must have this --seed. Without --arch the network is its; without --dense the calibration trains one.",
        completion: .directory)
    var dense: String?

    @Option(
        help: "Epochs of a full training, and of the dense network that children inherit from. (default: 4)",
        transform: Whole.count.parse)
    var fullEpochs: Int?

    @Option(
        help:
            "Seeds each connectivity is trained in full with; with 2 or more, how well full training orders as itself is told. (default: 2)",
        transform: Whole.count.parse)
    var fullSeeds: Int?

    @Option(
        help: "Epochs of a child trained from scratch or tuned. (default: 1)",
        transform: Real.rate.parse)
    var childEpochs: Double?

    @Option(
        help: "Epochs of the network of shared weights. (default: 8)",
        transform: Whole.count.parse)
    var sharedEpochs: Int?

    @Option(
        help: "Images a step of all trainings.",
        transform: Whole.batch.parse)
    var batchSize: Int?

    @Option(
        help: "The highest learning rate of trainings from scratch; inherited weights are tuned with a quarter.",
        transform: Real.rate.parse)
    var learningRate: Double?

    @OptionGroup var trainingImages: AugmentationOption

    @Option(
        help: "Train on N of the training images only.",
        transform: Whole.images.parse)
    var limitTrain: Int?

    @Option(
        help: "Validate on N of the validation images only.",
        transform: Whole.images.parse)
    var limitValidation: Int?

    @OptionGroup var target: TargetOptions
    @OptionGroup var workers: WorkerOptions

    @Flag(
        help:
            "Continue the calibration in --out; everything else may then be left out. --workers, --threads, --max-lost, --lease and --data-dir may change."
    )
    var resume = false

    func validate() throws {
        if bands != nil, try target.chosen() != nil {
            throw ValidationError("--bands and a target exclude each other; give one of them")
        }
        if dense != nil, sharedEpochs != nil {
            throw ValidationError("--shared-epochs is for calibrations without --dense, which compare shared weights")
        }
    }

    func run() throws {
        try data.cache.apply()
        let console = Console(quiet: output.quiet)
        let folder = RunFolder(out)
        let applied = try machine.apply(resuming: resume)
        var job: CalibrationRun
        if try continues(resume, folder, data, "calibration") {
            job = try continued(folder)
        } else {
            let (set, value) = try chosen(
                data, network, refusing: "a calibration draws its own connectivities", of: dense)
            for note in set.notes { console.line(note) }
            tellOfConnections(value, network, console)
            let here = Machine.current(device: applied.device, kernels: applied.kernels)
            job = CalibrationRun(try settings(value.architecture, set, here), set, folder: folder)
        }
        guard workers.workers != 0 else { throw UsageError("--workers 0 is for a search with --study") }
        let count = workers.processes(for: job.configuration.search, in: folder, threads: machine.threads).0
        job.workers = count
        job.workerCommand = { WorkerOptions.command($0, workers: count) }
        let steps = job.steps
        var step = 0
        job.observer = { title in
            step += 1
            console.line("[\(step)/\(steps)] \(title)")
            return SearchConsole(console, training: "").show
        }
        let calibration = try job.run(resume: resume)
        if output.json { return try printJSON(calibration) }
        print(calibration.table)
        print("saved in \(folder.path); draw it with: ads report \(ShellText.word(folder.path))")
    }
}
