import ArgumentParser
import ConnectivitySearch
import DenseNetArchitecture
import Evaluation
import Reporting
import Runs
import Strategies
import StudyPostgres
import Training

struct SearchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "search", abstract: "Search the connections that are worth keeping.",
        discussion: """
            Children are validated on images held out of the training data; the test set is never touched. Ctrl-C, a crash or a \
            power cut lose at most the children being evaluated: the same command with --resume goes on.

            EXAMPLE
              ads search --data shapes --arch densenet-22-12 --children 20 --target-macs 0.6 --dense runs/dense --out runs/ads
            """)

    @OptionGroup var data: DataOptions
    @OptionGroup var network: NetworkOptions
    @OptionGroup var machine: MachineOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var curves: TensorBoardOptions

    @Option(help: "The run's folder.", completion: .directory, transform: WrittenPath.parse)
    var out: String

    @Option(
        help: ArgumentHelp(
            "\(Strategies.builtIn.map { "\($0.name) (\($0.help))" }.joined(separator: ", ")). (default: ads)"),
        completion: .list(Strategies.all.map { $0.name }))
    var strategy: String?

    @Option(
        help: "Children to evaluate; repeats are free. 40 without it, with --images no limit.",
        transform: Whole.count.parse)
    var children: Int?

    @Option(
        help:
            "Propose children until so many training images are seen, those of --dense or shared weights included; with --children whatever comes first.",
        transform: Whole.images.parse)
    var images: Int?

    @OptionGroup var target: TargetOptions

    @Flag(
        help:
            "Prune what the blocks' ends read, too: reaches cheaper networks. Layers may then be left out whole."
    )
    var searchBlockEnd = false

    @Option(
        help: "Reward taken for the dense network's MACs, as 0.1; a cheaper child pays its share.",
        transform: Real.weight.parse)
    var priceMacs: Double?

    @Option(
        help: "The same for parameters.",
        transform: Real.weight.parse)
    var priceParameters: Double?

    @Option(
        help:
            "scratch (short training from fresh weights), inherit (a trained dense network's weights, tuned), masked (the same weights as they are, no training) or shared (one network's shared weights, no training); inherit where --dense is given."
    )
    var evaluator: EvaluatorSettings.Kind?

    @Option(
        help:
            "The run of the trained dense network that children inherit from, or that is pruned by magnitude; it must have this --seed.",
        completion: .directory)
    var dense: String?

    @Option(
        help:
            "Times a child goes through its training images. Masked children are tuned so with --halving; with this option alone the best are when they are evaluated again. (default: 1; 0 for masked children without --halving)",
        transform: Real.weight.parse)
    var childEpochs: Double?

    @Option(help: "What rewards a child: its validated accuracy, or minus its validated loss. (default: accuracy)")
    var reward: EvaluatorSettings.Reward?

    @Option(
        help: "Times the network of shared weights goes through the training images. (default: 8)",
        transform: Whole.count.parse)
    var sharedEpochs: Int?

    @Option(
        help: "Use the shared weights of this search, which has the same settings, instead of training them anew.",
        completion: .directory)
    var shared: String?

    @Option(
        help: "Images a step of a child's training.",
        transform: Whole.batch.parse)
    var batchSize: Int?

    @Option(
        help: "The highest learning rate of a child's training.",
        transform: Real.rate.parse)
    var learningRate: Double?

    @OptionGroup var trainingImages: AugmentationOption

    @Option(
        help: "Train children on N of the training images only.",
        transform: Whole.images.parse)
    var limitTrain: Int?

    @Option(
        help: "Validate children on N of the validation images only.",
        transform: Whole.images.parse)
    var limitValidation: Int?

    @Option(
        help: "Validation images a masked child is scored on; tuned ones are validated on all. (default: 300)",
        transform: Whole.images.parse)
    var scoreImages: Int?

    @Option(
        help:
            "How many of the best children are evaluated again, longer, masked ones that are not tuned on all validation images; 0 for none. (default: 3)",
        transform: Whole.countOrNone.parse)
    var top: Int?

    @Option(
        help: "With how many fresh seeds. (default: 2; 1 where nothing is trained)",
        transform: Whole.count.parse)
    var reevaluationSeeds: Int?

    @Option(
        help: "Children an update of the agent.",
        transform: Whole.count.parse)
    var childrenPerUpdate: Int?

    @Option(
        help:
            "Updates that are proposed ahead, so that workers need not wait for an update's last child: the agent then learns of each so many updates later. (default: 0)",
        transform: Whole(0...1000).parse)
    var lag: Int?

    @Option(
        help:
            "Successive halving: N times fewer children of each update are trained N times longer, of masked ones are tuned for --child-epochs; the others no further.",
        transform: Real(over: 1, upTo: 1e6).parse)
    var halving: Double?

    @OptionGroup var workers: WorkerOptions

    @Option(
        help:
            "Keep the study in a PostgreSQL database, not in the run's folder: postgresql://user@host/database?study=name. 'ads worker' on any machine then helps."
    )
    var study: String?

    @Flag(
        help:
            "Let machines of another processor or version work for --study, too: children are then not the same bits on all of them."
    )
    var mixed = false

    @Option(
        help: "The learning rate of what the agent's logits share.",
        transform: Real.rate.parse)
    var agentRate: Double?

    @Option(
        help: "The learning rate of the term that each connection's logit has of its own.",
        transform: Real.rate.parse)
    var connectionRate: Double?

    @Option(
        help: "The agent's entropy bonus.",
        transform: Real.weight.parse)
    var entropyBonus: Double?

    @Option(
        help: "Steps of the agent an update under its critic; 0 for an agent without one. (default: 4)",
        transform: Whole.steps.parse)
    var criticSteps: Int?

    @Option(
        help:
            "How far the agent starts from what --dense says of connections, in deviations of their magnitudes; 0 for not at all. (default: 1)",
        transform: Real.deviations.parse)
    var warmStart: Double?

    @Flag(
        help:
            "Continue the search in --out; everything else may then be left out. More --children or --images, --top, --reevaluation-seeds, --workers, --threads, --max-lost, --lease and --data-dir may change."
    )
    var resume = false

    /// Where children's weights come from.
    var kind: EvaluatorSettings.Kind { evaluator ?? (dense == nil ? .scratch : .inherit) }

    /// The database of the study.
    func address() throws -> PostgresAddress? {
        guard let study else { return nil }
        guard PostgresAddress.isOne(study) else {
            throw UsageError(
                "--study is an address of PostgreSQL, postgresql://...; without it the study lies in the run's folder")
        }
        return try StudyAddress.check(study)
    }

    func validate() throws {
        if childEpochs == 0, kind != .inherit, kind != .masked, !resume {
            throw ValidationError(
                "--child-epochs 0 is for --evaluator inherit and masked: \(kind.rawValue) learns nothing without training"
            )
        }
        if priceMacs != nil, priceParameters != nil {
            throw ValidationError("--price-macs and --price-parameters exclude each other")
        }
        if mixed, study == nil, !resume { throw ValidationError("--mixed is for --study") }
        if top == 0, reevaluationSeeds != nil, !resume {
            throw ValidationError("--reevaluation-seeds is for the best that are evaluated again; --top 0 leaves none")
        }
        _ = try target.chosen()
    }

    func run() throws {
        try data.cache.apply()
        if workers.workers == 0, study == nil, !resume {
            throw UsageError("--workers 0 leaves the work to other machines, which need --study")
        }
        let console = Console(quiet: output.quiet)
        let folder = RunFolder(out)
        let applied = try machine.apply(resuming: resume)
        var search: SearchRun
        // Begun on another machine.
        if resume, !folder.exists, let address = try address(),
            try !SearchRun.adopt(address, in: folder, dataFolder: data.dataDir), data.data == nil
        {
            throw SearchError("\(address) holds no search that was started; start it without --resume")
        }
        if try continues(resume, folder, data, "search") {
            search = try continued(folder)
        } else {
            let (set, value) = try chosen(data, network, refusing: "a search starts from the dense network")
            for note in set.notes { console.line(note) }
            tellOfConnections(value, network, console)
            search = SearchRun(
                try settings(
                    value.architecture, set, .current(device: applied.device, kernels: applied.kernels), console), set,
                folder: folder)
            search.studyAddress = try address()
        }
        let progress = SearchConsole(console)
        let curves = TensorBoardCurves(folder, asked: self.curves.tensorboard, console)
        search.observer = {
            progress.show($0)
            curves.show($0)
        }
        let c = search.configuration
        (search.workers, search.workerCommand) = workers.processes(for: c, in: folder, threads: machine.threads)
        console.line(
            "searching with \(c.strategy): \(c.budget), \(c.evaluator.kind.rawValue), \(c.target.map { "at most \(grouped($0.limit)) \($0.measure.noun)" } ?? "no target"), \(search.workers == 0 ? "workers elsewhere" : plural(search.workers, "worker")) with \(plural(c.threads, "thread")) each"
        )
        if search.workers == 0 { console.line("children wait for: ads worker --study \(study ?? folder.path)") }
        let result: SearchResult
        do {
            result = try search.run(resume: resume)
        } catch let interrupted as Interrupted {
            curves.keepUp()
            throw interrupted
        }
        try curves.finishSearch()
        if output.json { return try printJSON(result) }
        if let latency = result.latency {
            print(
                "one image takes \(fixed(latency.timed, 3)) ms, timed whole; \(fixed(latency.predicted, 3)) ms by the table, at most \(fixed(latency.target, 3)) ms asked\(latency.timed > latency.target * 1.05 ? ": missed by more than 5%" : "")"
            )
        }
        print(
            """
            best of \(result.children) children (\(result.repeats) repeats): child \(result.child), validated \(percent(result.accuracy))\(c.top > 0 ? " when evaluated again" : "")
            \(grouped(result.parameters)) parameters, \(grouped(result.macs)) MACs (\(percent(result.macsShare)) of dense), \(result.connections) connections
            \(try Network(c.architecture, result.connectivity).drawing)
            saved in \(folder.path); \(c.evaluator.inherits ? "tune" : "train") it in full with: ads retrain \(folder.path)\(c.evaluator.inherits ? " --inherit" : "")
            """)
    }
}
