import ArgumentParser
import DenseNetArchitecture
import DenseNetModel
import ImageData
import Reporting
import Runs
import Training

struct TrainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train", abstract: "Train a network.",
        discussion: """
            Accuracy is of the validation split, held out of the training images by the seed, unless --split test is given. \
            Ctrl-C saves; the same command with --resume continues, bit for bit on CPU.

            EXAMPLES
              ads train --data shapes --arch densenet-22-12 --connectivity log \\
                --epochs 4 --out runs/log
              ads train --data cifar100 --weights given.pth.tar --epochs 4 \\
                --out runs/moved
            """)

    @OptionGroup var data: DataOptions
    @OptionGroup var network: NetworkOptions
    @OptionGroup var start: WeightOptions
    @OptionGroup var recipe: RecipeOptions
    @OptionGroup var machine: MachineOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var curves: TensorBoardOptions

    @Option(help: "The run's folder.", completion: .directory, transform: WrittenPath.parse)
    var out: String

    @Option(help: "Train on N of the training images only.", transform: Whole.images.parse)
    var limitTrain: Int?

    @Flag(help: "Train on the validation images too, and keep the last weights.")
    var allData = false

    @Option(help: "The split of the final accuracy; every use of test is noted in the run. (default: validation)")
    var split: FinalSplit?

    @Option(help: "What reports call this network; its connectivity without it.")
    var label: String?

    @Flag(help: "Continue the run in --out; everything else may then be left out, and only --data-dir may change.")
    var resume = false

    func run() throws {
        try data.cache.apply()
        let folder = RunFolder(out)
        let console = Console(quiet: output.quiet)
        let (device, kernels) = try machine.apply(resuming: resume)
        let job: Trainer
        var initial: DenseNet?
        if try continues(resume, folder, data, "run") {
            job = try continued(folder)
        } else {
            if allData, split == .validation {
                throw UsageError("--all-data holds no images out; leave --split validation out, or say --split test")
            }
            let (set, value) = try chosen(data, network, seed: machine.seed, recognizing: start.file())
            var configuration = TrainingConfiguration(
                label: label ?? network.label(value), data: DataIdentity(set, folder: data.dataDir),
                recipe: try recipe.resolve(for: set),
                seed: machine.seed, limitTrain: limitTrain, allData: allData, testAtEnd: split == .test,
                machine: .current(device: device, kernels: kernels))
            try start.use(in: &configuration, recipe, value.architecture, console)
            job = Trainer(configuration, value, set, folder: folder)
            // What cannot be started from is refused before there is a folder.
            initial = try initialWeights(job) { console.line($0) }
            try job.start(resume: resume)
        }
        try TrainingOutput(console: console, curves: curves.tensorboard, json: output.json).run(
            job, resume: resume, initial: initial ?? initialWeights(job), teacher: teacherNetwork(job))
    }

    /// The run in a folder; an option that was typed says what the run has.
    private func continued(_ folder: RunFolder) throws -> Trainer {
        try folder.expect(kind: "training")
        let c = try folder.read(TrainingConfiguration.self, from: folder.configuration)
        let resumed = Resumed(folder: folder)
        try resumed.keeps(machine, c.machine, seed: c.seed)
        try resumed.keeps(recipe, c.recipe)
        try resumed.keeps(data, c.data, network, folder.network(), seed: c.seed)
        try resumed.keeps("--weights", start.file(), c.initialWeights)
        try resumed.keeps("--normalization", start.normalization?.resolved(with: c.data).typed, c.normalization?.typed)
        try resumed.keeps("--limit-train", limitTrain, c.limitTrain)
        try resumed.keeps(flag: "--all-data", allData, c.allData)
        try resumed.keeps("--split", split?.rawValue, (c.testAtEnd ? FinalSplit.test : .validation).rawValue)
        try resumed.keeps("--label", label, c.label)
        return try Trainer(continuing: folder, dataFolder: data.dataDir)
    }
}
