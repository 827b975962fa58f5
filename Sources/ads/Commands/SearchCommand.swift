import ArgumentParser
import ConnectivitySearch
import Evaluation
import Strategies
import StudyPostgres

struct SearchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "search", abstract: "Search the connections that are worth keeping.",
        discussion: """
            Children are validated on images held out of the training data; the test set is never touched. Ctrl-C, a crash or a \
            power cut lose at most the children being evaluated: the same command with --resume goes on.

            EXAMPLE
              ads search --data shapes --arch densenet-22-12 --children 20 \\
                --target-macs 0.6 --dense runs/dense --out runs/ads
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

    @OptionGroup var child: ChildOptions

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

    @OptionGroup var agent: AgentOptions

    @Flag(
        help:
            "Continue the search in --out; everything else may then be left out. More --children or --images, --top, --reevaluation-seeds, --workers, --threads, --max-lost, --lease and --data-dir may change."
    )
    var resume = false

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
        if child.childEpochs == 0, child.kind != .inherit, child.kind != .masked, !resume {
            throw ValidationError(
                "--child-epochs 0 is for --evaluator inherit and masked: \(child.kind.rawValue) learns nothing without training"
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
}
