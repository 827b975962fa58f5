import ArgumentParser
import DenseNetArchitecture
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

            EXAMPLE
              ads train --data shapes --arch densenet-22-12 --connectivity log --epochs 4 --out runs/log
            """)

    @OptionGroup var data: DataOptions
    @OptionGroup var network: NetworkOptions
    @OptionGroup var recipe: RecipeOptions
    @OptionGroup var machine: MachineOptions
    @OptionGroup var output: OutputOptions

    @Option(help: "The run's folder.")
    var out: String

    @Option(help: "Train on the first N training images only.")
    var limitTrain: Int?

    @Flag(help: "Train on the validation images too, and keep the last weights.")
    var allData = false

    @Option(help: "The split of the final accuracy: validation, or test (noted in the run).")
    var split = "validation"

    @Option(help: "What reports call this network; its connectivity without it.")
    var label: String?

    @Flag(help: "Continue the run in --out; --data and --arch may then be left out.")
    var resume = false

    func run() throws {
        guard ["validation", "test"].contains(split) else { throw UsageError("--split is validation or test, not '\(split)'") }
        if let limitTrain, limitTrain < 1 { throw UsageError("--limit-train \(limitTrain); at least 1 is needed") }
        let folder = RunFolder(out)
        let console = Console(quiet: output.quiet)
        let (device, kernels) = try machine.apply()
        let job: Trainer
        if try continuesAlone(resume, folder, data, network, "run") {
            job = try Trainer(continuing: folder)
        } else {
            let (set, value) = try chosen(data, network, seed: machine.seed)
            let configuration = TrainingConfiguration(
                label: label ?? network.label(value), data: DataIdentity(set, folder: data.dataDir), recipe: try recipe.resolve(),
                seed: machine.seed, limitTrain: limitTrain, allData: allData, testAtEnd: split == "test",
                machine: .current(device: device, kernels: kernels))
            job = Trainer(configuration, value, set, folder: folder)
            try job.start(resume: resume)
        }
        var trainer = job
        trainer.observer = { console.show($0) }
        let cost = job.network.cost
        console.line(
            "training \(job.configuration.label): \(grouped(cost.parameters)) parameters, \(grouped(cost.macs)) MACs, \(cost.connections) connections, \(job.configuration.machine.threads) threads")
        let result = try trainer.run(resume: resume)
        try show(result, json: output.json)
    }
}

/// Prints a training's result.
func show(_ result: TrainingResult, json: Bool) throws {
    if json { return try printJSON(result) }
    print(
        """
        \(result.label): \(result.split) accuracy \(percent(result.accuracy)), loss \(fixed(result.loss, 4)), \
        \(grouped(result.parameters)) parameters, \(grouped(result.macs)) MACs, \(Int(result.imagesPerSecond)) images/s
        saved in \(result.run)
        """)
}
