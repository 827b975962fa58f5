import ArgumentParser
import ConnectivitySearch
import DenseNetArchitecture
import Foundation
import ImageData
import Reporting
import Training

struct SearchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "search", abstract: "Search the connections that are worth keeping.",
        discussion: """
            Children are validated on images held out of the training data; the test set is never touched. Ctrl-C, a crash or a
            power cut lose at most the children being evaluated: the same command with --resume goes on.

            EXAMPLE
              ads search --data shapes --arch densenet-22-12 --children 20 --target-macs 0.6 --dense runs/dense --out runs/ads
            """)

    @OptionGroup var data: DataOptions
    @OptionGroup var network: NetworkOptions
    @OptionGroup var machine: MachineOptions
    @OptionGroup var output: OutputOptions

    @Option(help: "The run's folder.")
    var out: String

    @Option(help: ArgumentHelp("\(Strategies.all.map { "\($0.name) (\($0.help))" }.joined(separator: ", "))."))
    var strategy = "ads"

    @Option(help: "Children to evaluate; repeats are free.")
    var children: Int?

    @Option(help: "Propose children until so many training images are seen, those of --dense or shared weights included; with --children whatever comes first.")
    var images: Int?

    @OptionGroup var target: TargetOptions

    @Flag(help: "Prune what the blocks' ends read, too: reaches cheaper networks.")
    var searchBlockEnd = false

    @Option(help: "Reward taken for the dense network's MACs, as 0.1; a cheaper child pays its share.")
    var priceMacs: Double?

    @Option(help: "The same for parameters.")
    var priceParameters: Double?

    @Option(help: "scratch (short training from fresh weights), inherit (a trained dense network's weights, tuned) or shared (one network's shared weights, no training); inherit where --dense is given.")
    var evaluator: String?

    @Option(help: "The run of the trained dense network that children inherit from, or that is pruned by magnitude; it must have this --seed.")
    var dense: String?

    @Option(help: "Times a child goes through its training images.")
    var childEpochs: Double?

    @Option(help: "Times the network of shared weights goes through the training images.")
    var sharedEpochs: Int?

    @Option(help: "Use the shared weights of this search, which has the same settings, instead of training them anew.")
    var shared: String?

    @Option(help: "Images a step of a child's training.")
    var batchSize: Int?

    @Option(help: "The highest learning rate of a child's training.")
    var learningRate: Double?

    @Option(help: "Train children on the first N training images only.")
    var limitTrain: Int?

    @Option(help: "Validate children on N of the validation images only.")
    var limitValidation: Int?

    @Option(help: "How many of the best children are evaluated again, longer; 0 for none.")
    var top = 3

    @Option(help: "With how many fresh seeds.")
    var reevaluationSeeds = 2

    @Option(help: "Children an update of the agent.")
    var childrenPerUpdate: Int?

    @Option(help: "Successive halving: N times fewer children of each update are trained N times longer, the others no further.")
    var halving: Double?

    @OptionGroup var workers: WorkerOptions

    @Option(help: "The agent's learning rate.")
    var agentRate: Double?

    @Option(help: "The agent's entropy bonus.")
    var entropyBonus: Double?

    @Flag(help: "Continue the search in --out; everything else may then be left out.")
    var resume = false

    func run() throws {
        let console = Console(quiet: output.quiet)
        let folder = RunFolder(out)
        let applied = try machine.apply()
        var search: SearchRun
        if resume, folder.exists, data.data == nil, network.arch == nil {
            search = try SearchRun(continuing: folder, children: children)
        } else {
            if resume, !folder.exists, data.data == nil { throw UsageError("there is no search in \(out) to continue; start one with --data and --arch") }
            guard let set = try data.load() else { throw UsageError("--data is needed: cifar10, cifar100 or shapes") }
            guard let value = try network.network(classes: set.classNames.count, channels: set.train.channels, size: set.train.size)
            else { throw UsageError("--arch is needed, such as densenet-40-12") }
            if network.connectivity != nil { throw UsageError("a search starts from the dense network; leave --connectivity out") }
            search = SearchRun(
                try settings(value.architecture, set, .current(device: applied.device, kernels: applied.kernels), console), set, folder: folder)
        }
        let progress = SearchConsole(console)
        search.observer = progress.show
        let c = search.configuration
        (search.workers, search.workerCommand) = try workers.processes(for: c, in: folder, threads: machine.threads)
        console.line(
            "searching with \(c.strategy): \(c.budget), \(c.evaluator.kind.rawValue), \(c.target.map { "at most \(grouped($0.limit)) \($0.measure.noun)" } ?? "no target"), \(plural(search.workers, "worker")) with \(plural(c.threads, "thread")) each")
        let result = try search.run(resume: resume)
        if output.json { return try printJSON(result) }
        if let latency = result.latency {
            print(
                "one image takes \(fixed(latency.timed, 3)) ms, timed whole; \(fixed(latency.predicted, 3)) ms by the table, at most \(fixed(latency.target, 3)) ms asked\(latency.timed > latency.target * 1.05 ? ": missed by more than 5%" : "")")
        }
        print(
            """
            best of \(result.children) children (\(result.repeats) repeats): child \(result.child), validated \(percent(result.accuracy)) when evaluated again
            \(grouped(result.parameters)) parameters, \(grouped(result.macs)) MACs (\(percent(result.macsShare)) of dense), \(result.connections) connections
            \(try Network(c.architecture, result.connectivity).drawing)
            saved in \(folder.path); train it in full with: ads retrain \(folder.path)
            """)
    }

    /// The table latencies come from: the study's, where it has one, so that a resumed search computes with the same.
    private func latencyTable(_ space: SearchSpace, _ here: Machine, _ console: Console) throws -> LatencyTable {
        guard here.device == "cpu", here.kernels != .torch else { throw SearchError("a latency target needs --device cpu and our own kernels") }
        let folder = RunFolder(out)
        if resume, folder.exists, let stored = try SQLiteStudy(path: folder.study, mustExist: true).configuration()?.target?.table {
            return stored
        }
        console.line("measuring the latency of every layer the search can come to")
        let table = try LatencyTable(measuring: space, threads: here.threads)
        func milliseconds(_ network: Network) -> String { fixed(table.milliseconds(of: network), 3) }
        console.line("one image takes \(milliseconds(try space.cheapest())) to \(milliseconds(try Network(space.architecture))) ms")
        return table
    }

    /// The configuration the options describe.
    private func settings(_ architecture: Architecture, _ set: DataSet, _ machine: Machine, _ console: Console) throws -> SearchConfiguration {
        do {
            let kindName = evaluator ?? (dense == nil ? "scratch" : "inherit")
            guard let kind = EvaluatorSettings.Kind(rawValue: kindName) else {
                throw SearchError("unknown evaluator '\(kindName)'; known are \(EvaluatorSettings.Kind.allCases.map(\.rawValue).joined(separator: ", "))")
            }
            var evaluation = EvaluatorSettings(kind)
            if let childEpochs { evaluation.epochs = childEpochs }
            if let sharedEpochs {
                guard kind == .shared else { throw SearchError("--shared-epochs needs --evaluator shared") }
                evaluation.sharedEpochs = sharedEpochs
            }
            if let batchSize { evaluation.batchSize = batchSize }
            if let learningRate { evaluation.learningRate = learningRate }
            let type = try Strategies.named(strategy)
            // A path of prunings is cut into as many steps as it has children.
            let most = images == nil || type.needsDense ? 40 : Int.max
            var c = SearchConfiguration(
                strategy: strategy, architecture: architecture, data: DataIdentity(set, folder: data.dataDir), seed: self.machine.seed,
                children: children ?? most, evaluator: evaluation, machine: machine)
            c.childThreads = workers.childThreads
            c.maxLost = workers.maxLost
            c.evaluator.halving = halving
            c.limitTrain = limitTrain
            c.limitValidation = limitValidation
            c.top = top
            c.reevaluationSeeds = reevaluationSeeds
            if let childrenPerUpdate { c.agent.childrenPerUpdate = childrenPerUpdate }
            if let agentRate { c.agent.learningRate = agentRate }
            if let entropyBonus { c.agent.entropyBonus = entropyBonus }
            c.searchesBlockEnds = searchBlockEnd
            let space = c.space
            if let (measure, value) = try target.chosen() {
                let table = measure == .latency ? try latencyTable(space, machine, console) : nil
                c.target = try CostTarget(measure, value, in: space, table: table)
            }
            switch (priceMacs, priceParameters) {
            case (nil, nil): c.price = type.defaultPrice
            case (let weight?, nil): c.price = .init(.macs, weight: weight)
            case (nil, let weight?): c.price = .init(.parameters, weight: weight)
            default: throw SearchError("--price-macs and --price-parameters exclude each other")
            }
            if let dense {
                guard kind == .inherit || type.needsDense else { throw SearchError("--dense is for --evaluator inherit and for strategies that prune it") }
                c.dense = URL(fileURLWithPath: dense).standardizedFileURL.path
                c.denseDigest = try TrainedDense.digest(RunFolder(dense))
            } else if kind == .inherit {
                throw SearchError("inherited weights need a trained dense network; give its run with --dense")
            }
            if let shared {
                guard kind == .shared else { throw SearchError("--shared needs --evaluator shared") }
                c.shared = URL(fileURLWithPath: shared).standardizedFileURL.path
            }
            c.imageBudget = images
            if kind == .shared, images != nil, children == nil {
                throw SearchError("children with shared weights see no images of their own; --images needs --children, too")
            }
            c.imagesBefore = try SearchRun.imagesBefore(c, set)
            try c.validate()
            return c
        } catch let error as SearchError {
            throw UsageError("\(error)")
        }
    }
}
