import ArgumentParser
import ConnectivitySearch
import DenseNetArchitecture
import Files
import Foundation
import ImageData
import Reporting
import Runs
import Training

struct RetrainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retrain", abstract: "Train the network a search found, in full, and test it once.",
        discussion: """
            The network is built at its real, smaller size. It starts from fresh weights, as everything it is compared with, or \
            with --inherit from the weights that remain of the search's dense network.

            EXAMPLE
              ads retrain runs/ads --epochs 4 --seed 1
            """)

    @Argument(help: ArgumentHelp("The search's folder.", valueName: "run"))
    var path: String

    @OptionGroup var recipe: RecipeOptions
    @OptionGroup var machine: MachineOptions
    @OptionGroup var output: OutputOptions

    @Option(help: "The new run's folder; RUN/retrained-SEED without it.")
    var out: String?

    @Flag(help: "Start from the dense network's weights, rebuilt.")
    var inherit = false

    @Flag(help: "Train on the validation images too, and keep the last weights.")
    var allData = false

    @Option(help: "What reports call this network; its strategy without it.")
    var label: String?

    @Option(help: "The folder of the data, where not the search's.")
    var dataDir: String?

    @Flag(help: "Continue the run.")
    var resume = false

    func run() throws {
        let search = RunFolder(path)
        guard search.exists else { throw FileError("\(path) holds no run: there is no \(search.configuration)") }
        let settings = try search.read(SearchConfiguration.self, from: search.configuration)
        guard FileManager.default.fileExists(atPath: search.architecture) else {
            throw SearchError("the search in \(path) is not finished; continue it with 'ads search --resume --out \(path)'")
        }
        let network = try search.network()
        let folder = RunFolder(out ?? "\(path)/retrained-\(machine.seed)")
        let console = Console(quiet: output.quiet)
        let (device, kernels) = try machine.apply()
        let directory = dataDir ?? settings.data.folder
        let data = try DataSources.load(settings.data.name, from: directory)
        guard data.digest == settings.data.digest else {
            throw SearchError("the data of \(settings.data.name) are not those that \(path) searched on")
        }
        var configuration = TrainingConfiguration(
            label: label ?? (settings.strategy == "ads" ? "found" : settings.strategy), data: DataIdentity(data, folder: directory),
            recipe: try recipe.resolve(), seed: machine.seed, allData: allData, testAtEnd: true,
            machine: .current(device: device, kernels: kernels))
        guard !inherit || settings.dense != nil else {
            throw UsageError("the search in \(path) trained its children from scratch; there are no weights for --inherit")
        }
        configuration.initialWeights = inherit ? settings.dense : nil
        var trainer = Trainer(configuration, network, data, folder: folder)
        trainer.observer = { console.show($0) }
        try trainer.start(resume: resume)
        let initial = try configuration.initialWeights.map { try RunFolder($0).model(device: device).rebuilt(network.connectivity) }
        console.line("training \(configuration.label): \(grouped(network.cost.parameters)) parameters, \(grouped(network.cost.macs)) MACs")
        try show(try trainer.run(resume: resume, initial: initial), json: output.json)
    }
}
