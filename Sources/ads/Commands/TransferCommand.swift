import ArgumentParser
import DenseNetArchitecture
import DenseNetModel
import Files
import ImageData
import Reporting
import Runs
import Training

struct TransferCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "transfer", abstract: "Train the network a run has on other data, and test it once.",
        discussion: """
            The connections are the run's; classes and channels are the data's. Weights are fresh ones, or with --inherit the run's own; \
            a search's that found parts of a trained network are that network's. Then the classifier alone is fresh where the classes \
            differ.

            EXAMPLES
              ads transfer runs/found --data cifar100 --epochs 20 \\
                --out runs/found-on-cifar100
              ads transfer runs/found/retrained-0 --data folder --data-dir photographs \\
                --image-size 64 --inherit --out runs/moved
            """)

    @Argument(
        help: ArgumentHelp("A search's folder, or a training's or an import's.", valueName: "run"),
        completion: .directory)
    var path: String

    @OptionGroup var data: DataOptions
    @OptionGroup var recipe: RecipeOptions
    @OptionGroup var machine: MachineOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var curves: TensorBoardOptions

    @Option(help: "The new run's folder.", completion: .directory, transform: WrittenPath.parse)
    var out: String

    @Flag(help: "Start from the run's weights instead of fresh ones.")
    var inherit = false

    @Option(
        help: "Height and width of images that come in any size. (default: the run's)",
        transform: Whole(1...4096).parse)
    var imageSize: Int?

    @Option(help: "Train on N of the training images only.", transform: Whole.images.parse)
    var limitTrain: Int?

    @Flag(help: "Train on the validation images too, and keep the last weights.")
    var allData = false

    @Option(help: "What reports call this network; what the run calls it without it.")
    var label: String?

    @Flag(help: "Continue the run in --out; everything else may then be left out, and only --data-dir may change.")
    var resume = false

    func run() throws {
        try data.cache.apply()
        let source = RunFolder(path)
        guard source.exists else { throw FileError("\(path) holds no run: there is no \(source.configuration)") }
        let folder = RunFolder(out)
        let console = Console(quiet: output.quiet)
        let (device, kernels) = try machine.apply(resuming: resume)
        let trainer: Trainer
        var initial: DenseNet?
        if resume, folder.exists {
            trainer = try continued(folder, source)
        } else {
            trainer = try new(folder, source, .current(device: device, kernels: kernels), console)
            // What cannot be started from is refused before there is a folder.
            initial = try initialWeights(trainer) { console.line($0) }
            try trainer.start(resume: resume)
        }
        try TrainingOutput(console: console, curves: curves.tensorboard, json: output.json).run(
            trainer, resume: resume, initial: initial ?? initialWeights(trainer), on: " on \(trainer.data.name)")
    }

    /// The training of a run's network on other data.
    private func new(
        _ folder: RunFolder, _ source: RunFolder, _ here: Machine, _ console: Console
    ) throws -> Trainer {
        let from = try TransferSource(source)
        let own = from.network.architecture
        guard let set = try data.load(size: { imageSize ?? own.imageSize }) else {
            throw UsageError("--data is needed, the data set to train on: \(DataOptions.known)")
        }
        guard set.digest != from.data?.digest else {
            throw UsageError(
                "\(set.name) is what \(path) was made with; its network is trained there by 'ads \(from.isSearch ? "retrain \(path)" : "train --arch \(path)/architecture.json")'"
            )
        }
        if let imageSize, imageSize != set.train.size {
            throw UsageError(
                "--image-size is \(imageSize), but the images have \(set.train.size) pixels; leave it out")
        }
        var other = own
        (other.classes, other.imageSize, other.inputChannels) = (
            set.classNames.count, set.train.size, set.train.channels
        )
        let network: Network
        do { network = try from.network(like: other) } catch let error as ArchitectureError {
            throw UsageError("the network of \(path) does not fit the images of \(set.name): \(error)")
        }
        var configuration = TrainingConfiguration(
            label: label ?? from.label, data: DataIdentity(set, folder: data.dataDir),
            recipe: try recipe.resolve(for: set),
            seed: machine.seed, limitTrain: limitTrain, allData: allData, testAtEnd: true, machine: here)
        if inherit {
            if recipe.initialization != nil {
                throw UsageError("--initialization is for fresh weights; leave it out with --inherit")
            }
            guard own.inputChannels == set.train.channels else {
                throw UsageError(
                    "the weights of \(path) are for images of \(own.inputChannels) channels; those of \(set.name) have \(set.train.channels). Leave --inherit out"
                )
            }
            try configuration.start(from: from.weights(), own, console)
        }
        return Trainer(configuration, network, set, folder: folder)
    }

    /// The run in a folder; an option that was typed says what the run has.
    private func continued(_ folder: RunFolder, _ source: RunFolder) throws -> Trainer {
        try folder.expect(kind: "training")
        let network = try folder.network()
        guard try network == TransferSource(source).network(like: network.architecture) else {
            throw FileError(
                "\(folder.path) holds a run of another network than that of \(path); choose another folder with --out")
        }
        let c = try folder.read(TrainingConfiguration.self, from: folder.configuration)
        let resumed = Resumed(folder: folder)
        try resumed.keeps(machine, c.machine, seed: c.seed)
        try resumed.keeps(recipe, c.recipe)
        try resumed.keeps(data, c.data)
        try resumed.keeps("--image-size", imageSize, network.architecture.imageSize)
        try resumed.keeps(flag: "--inherit", inherit, c.initialWeights != nil)
        try resumed.keeps("--limit-train", limitTrain, c.limitTrain)
        try resumed.keeps(flag: "--all-data", allData, c.allData)
        try resumed.keeps("--label", label, c.label)
        return try Trainer(continuing: folder, dataFolder: data.dataDir)
    }
}
