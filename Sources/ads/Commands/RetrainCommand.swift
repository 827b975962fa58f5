import ArgumentParser
import ConnectivitySearch
import DenseNetArchitecture
import Evaluation
import Files
import Foundation
import ImageData
import Reporting
import Runs
import Strategies
import StudyPostgres
import Training

struct RetrainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retrain", abstract: "Train the network a search found, in full, and test it once.",
        discussion: """
            The network is built at its real, smaller size. It starts from fresh weights, as everything it is compared with, or \
            with --inherit from the weights that remain of the search's dense network. With --distil it learns from that network's \
            logits, too.

            EXAMPLE
              ads retrain runs/ads --epochs 4 --seed 1
            """)

    @Argument(
        help: ArgumentHelp("The search's folder, or its study's address: postgresql://...", valueName: "run"),
        completion: .directory)
    var path: String

    @OptionGroup var recipe: RecipeOptions
    @OptionGroup var machine: MachineOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var curves: TensorBoardOptions

    @Option(
        help: "The new run's folder; RUN/retrained-SEED without it. An address needs it.", completion: .directory,
        transform: WrittenPath.parse)
    var out: String?

    @Flag(help: "Start from the dense network's weights, rebuilt; it must have this --seed.")
    var inherit = false

    @OptionGroup var distillation: DistillationOptions

    @Option(help: "Train on N of the training images only.", transform: Whole.images.parse)
    var limitTrain: Int?

    @Flag(help: "Train on the validation images too, and keep the last weights.")
    var allData = false

    @Option(help: "What reports call this network; without it found, or the search's strategy where that is not ads.")
    var label: String?

    @Option(help: "The folder of the data, where not the search's.", completion: .directory)
    var dataDir: String?

    @OptionGroup var cache: CacheOptions

    @Flag(help: "Continue the run; everything else may then be left out, and only --data-dir may change.")
    var resume = false

    func run() throws {
        try cache.apply()
        let address = try address()
        let folder = RunFolder(out ?? "\(path)/retrained-\(machine.seed)")
        let continues = resume && folder.exists
        if !continues { try checkStart() }
        // A run that was begun knows its network, whatever the study's search does meanwhile.
        let found = try continues && address != nil ? nil : found(address)
        let console = Console(quiet: output.quiet)
        let (device, kernels) = try machine.apply(resuming: resume)
        let trainer =
            try found.map {
                try continues
                    ? continued(folder, $0.network) : new(folder, $0, .current(device: device, kernels: kernels))
            } ?? continued(folder, nil)
        if continues, !trainer.isFinished, let address { try fetchDense(of: address, for: trainer) }
        let (initial, teacher) = (try initialWeights(trainer), try teacherNetwork(trainer))
        try trainer.start(resume: resume)
        try TrainingOutput(console: console, curves: curves.tensorboard, json: output.json).run(
            trainer, resume: resume, initial: initial, teacher: teacher)
    }

    /// The study's address, where it is one that the search is named by.
    private func address() throws -> PostgresAddress? {
        guard PostgresAddress.isOne(path) else { return nil }
        let address = try StudyAddress.check(path)
        guard out != nil else {
            throw UsageError("an address is no folder that the run could be made in; give its folder with --out")
        }
        return address
    }

    /// What the search found.
    private func found(_ address: PostgresAddress?) throws -> FoundNetwork {
        if let address { return try FoundNetwork(of: address, withDense: inherit || distillation.distil) }
        let search = RunFolder(path)
        guard search.exists else { throw FileError("\(path) holds no run: there is no \(search.configuration)") }
        try search.expect(kind: "search")
        return try FoundNetwork(in: search)
    }

    /// Fetches the dense network once more where a run needs it, and it is not in the cache any more.
    private func fetchDense(of address: PostgresAddress, for trainer: Trainer) throws {
        let c = trainer.configuration
        let needed = [c.startsFromRun ? c.initialWeights : nil, c.distillation?.teacher].compactMap(\.self)
        guard needed.contains(where: { !RunFolder($0).exists }) else { return }
        try FoundNetwork.fetchDense(of: address)
    }

    /// Refuses what no new run can have, before anything is looked for.
    private func checkStart() throws {
        try distillation.check()
        if inherit, recipe.initialization != nil {
            throw UsageError("--initialization is for fresh weights; leave it out with --inherit")
        }
    }

    /// The training of what a search found.
    private func new(_ folder: RunFolder, _ found: FoundNetwork, _ here: Machine) throws -> Trainer {
        let settings = found.configuration
        let directory = dataDir ?? settings.data.folder
        let data = try settings.data.load(from: directory)
        guard data.digest == settings.data.digest else {
            throw SearchError("the data of \(settings.data.name) are not those that \(path) searched on")
        }
        var configuration = TrainingConfiguration(
            label: label ?? settings.foundLabel,
            data: DataIdentity(data, folder: directory), recipe: try recipe.resolve(for: data), seed: machine.seed,
            limitTrain: limitTrain, allData: allData, testAtEnd: true, machine: here)
        if inherit || distillation.distil { try useDense(of: settings, data, in: &configuration) }
        return Trainer(configuration, found.network, data, folder: folder)
    }

    /// Has a training start with the weights of the search's dense network, learn from its logits, or both.
    /// - Throws: `UsageError` when the search has none; `SearchError` when it has changed, or has seen the images that
    ///   are validated on.
    private func useDense(
        of settings: SearchConfiguration, _ data: DataSet, in configuration: inout TrainingConfiguration
    ) throws {
        guard let dense = settings.dense else {
            throw UsageError(
                inherit
                    ? "the search in \(path) had no trained dense network; there are no weights for --inherit"
                    : "the search in \(path) has no trained dense network for --distil; give one to 'ads search' with --dense"
            )
        }
        // What is validated on must not have been trained on: the dense network's split is that of its seed.
        var own = settings
        (own.seed, own.machine) = (configuration.seed, configuration.machine)
        let (_, origin) = try TrainedDense.check(own.evaluation, data, for: "--inherit and --distil need")
        if inherit {
            (configuration.initialWeights, configuration.initialDigest) = (dense, settings.denseDigest)
            configuration.inherits = true
            // Weights remember what they were trained on, and forget some of it with every epoch.
            if case .imported(let c) = origin, !allData {
                AdsCommand.tell(
                    "which images \(c.file.inSentence) was trained on is not known, maybe on those held out here; then the weights that do best on them are an early epoch's, and --all-data, which keeps the last, does better"
                )
            }
        }
        // The weights, and a teacher's that sees the same batch, know images as they were trained on them.
        configuration.normalization = origin.normalization
        // A search without the digest did not pass the check.
        guard distillation.distil, let digest = settings.denseDigest else { return }
        configuration.distillation = distillation.from(run: dense, digest: digest)
    }

    /// The run in a folder; an option that was typed says what the run has.
    /// - Parameter network: what it must be of, where that is known.
    private func continued(_ folder: RunFolder, _ network: Network?) throws -> Trainer {
        try folder.expect(kind: "training")
        guard try network == nil || folder.network() == network else {
            throw SearchError(
                "\(folder.path) holds a run of another network than \(path) found; choose another folder with --out")
        }
        let c = try folder.read(TrainingConfiguration.self, from: folder.configuration)
        let resumed = Resumed(folder: folder)
        try resumed.keeps(machine, c.machine, seed: c.seed)
        try resumed.keeps(recipe, c.recipe)
        try resumed.keeps(flag: "--inherit", inherit, c.initialWeights != nil)
        try resumed.keeps(distillation, c.distillation)
        try resumed.keeps("--limit-train", limitTrain, c.limitTrain)
        try resumed.keeps(flag: "--all-data", allData, c.allData)
        try resumed.keeps("--label", label, c.label)
        return try Trainer(continuing: folder, dataFolder: dataDir)
    }
}
