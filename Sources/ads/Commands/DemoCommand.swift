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
import Training

struct DemoCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo", abstract: "The whole way on a built-in data set, in minutes.",
        discussion: """
            Trains a dense network on generated shapes, searches connections with the agent and with coin flips, trains both \
            results, tests each once and writes a report. Interrupted, the same command goes on where it was.

            EXAMPLE
              ads demo --out demo-run
            """)

    @OptionGroup var machine: MachineOptions
    @OptionGroup var output: OutputOptions

    @Option(help: "The folder for all runs.")
    var out = "ads-demo"

    @Option(help: "Children of each search.", transform: Whole.count.parse)
    var children = 8

    @Option(help: "Epochs of each full training.", transform: Whole.count.parse)
    var epochs = 3

    func run() throws {
        let console = Console(quiet: output.quiet)
        let (device, kernels) = try machine.apply()
        let here = Machine.current(device: device, kernels: kernels)
        let data = try DataSources.load("shapes")
        let architecture = try Architecture(named: "densenet-16-12")
        var recipe = Recipe.oneCycle
        recipe.epochs = epochs
        recipe.batchSize = 32
        recipe.learningRate = 0.05
        let began = ContinuousClock.now
        var step = 0
        func title(_ text: String) {
            step += 1
            console.line("[\(step)/6] \(text)")
        }
        func train(_ label: String, _ network: Network, _ path: String) throws -> TrainingResult {
            let configuration = TrainingConfiguration(
                label: label, data: DataIdentity(data, folder: nil), recipe: recipe, seed: machine.seed,
                limitTrain: 4096,
                testAtEnd: true, machine: here)
            var trainer = Trainer(configuration, network, data, folder: RunFolder(path))
            trainer.observer = { console.show($0, prefix: "      ") }
            try trainer.start(resume: true)
            return try trainer.run(resume: true)
        }
        func search(_ strategy: String) throws -> Network {
            let progress = SearchConsole(console)
            var plan = SearchPlan(architecture, data, seed: machine.seed, machine: here)
            plan.strategy = strategy
            plan.evaluator = EvaluatorSettings(.inherit)
            plan.evaluator.batchSize = 32
            (plan.children, plan.limitTrain, plan.limitValidation) = (children, 512, 400)
            (plan.top, plan.reevaluationSeeds) = (2, 1)
            plan.target = (.macs, 0.7)
            plan.dense = RunFolder(out + "/dense")
            let c = try plan.configuration()
            let folder = RunFolder(out + "/search-" + strategy)
            var run = SearchRun(c, data, folder: folder)
            run.observer = progress.show
            run.workers = WorkerOptions.fitting(c, threads: machine.threads)
            run.workerCommand = WorkerOptions.command(folder, workers: run.workers)
            _ = try run.run(resume: true)
            return try folder.network()
        }
        title("training the dense network")
        let dense = try train("dense", Network(architecture), out + "/dense")
        title("searching with the agent, at most 70% of the MACs")
        let found = try search("ads")
        title("searching with coin flips, at the same cost")
        let flipped = try search("random")
        title("training the network the agent found, rebuilt at its real size")
        let foundResult = try train("found", found, out + "/found")
        title("training the best of the coin flips")
        let randomResult = try train("random", flipped, out + "/random")
        title("writing the report")
        let content = try ReportContent(folders: [out])
        let path = RunFolder(out).report
        try AtomicFile.write(Data(HTMLReport(content).text.utf8), to: path)
        if output.json { return try printJSON(content.rows) }
        print("\nfound:\n\(found.drawing)\n")
        print("network   test accuracy   parameters          MACs   ms for one image")
        for result in [dense, foundResult, randomResult] {
            let milliseconds = try RunFolder(result.run).model(device: device).milliseconds(repetitions: 40, rounds: 4)
            let columns: [(String, Int)] = [
                (percent(result.accuracy), 13), (grouped(result.parameters), 13), (grouped(result.macs), 14),
                (fixed(milliseconds, 3), 19),
            ]
            let row = columns.map { String(repeating: " ", count: max(0, $0.1 - $0.0.count)) + $0.0 }.joined()
            print(result.label.padding(toLength: 10, withPad: " ", startingAt: 0) + row)
        }
        print("\nOne seed and a small set: differences of a point or two are noise. report: \(path)")
        console.line("done in \(duration((ContinuousClock.now - began).seconds))")
    }
}
