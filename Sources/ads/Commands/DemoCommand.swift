import ArgumentParser
import ConnectivitySearch
import DenseNetArchitecture
import DenseNetModel
import Evaluation
import Files
import Foundation
import ImageData
import Reporting
import Runs
import Strategies
import Torch
import Training

struct DemoCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo", abstract: "The whole way on a built-in data set, in minutes.",
        discussion: """
            Trains a dense network on generated shapes, searches parts of it with the agent and with coin flips at equal cost, \
            tunes both results, tests each once and writes a report. Interrupted, the same command goes on where it was.

            EXAMPLE
              ads demo --out demo-run
            """)

    @OptionGroup var machine: MachineOptions
    @OptionGroup var output: OutputOptions

    @Option(help: "The folder for all runs. (default: ads-demo)", completion: .directory, transform: WrittenPath.parse)
    var out = "ads-demo"

    @Option(help: "Children of each search. (default: 200)", transform: Whole.count.parse)
    var children = 200

    @Option(help: "Epochs the dense network is trained for. (default: 8)", transform: Whole.count.parse)
    var epochs = 8

    func run() throws {
        let console = Console(quiet: output.quiet)
        let (device, kernels) = try machine.apply()
        let began = ContinuousClock.now
        do {
            try play(device, kernels, console)
        } catch let error as Interrupted {
            // It always goes on.
            throw Interrupted(description: error.description.replacing(" and --resume", with: ""))
        }
        console.line("done in \(duration((ContinuousClock.now - began).seconds))")
    }

    private func play(_ device: Device, _ kernels: KernelChoice, _ console: Console) throws {
        let demo = Demo(
            data: try DataSources.load("shapes"), architecture: try Architecture(named: "densenet-28-6"), out: out,
            children: children, epochs: epochs, seed: machine.seed,
            machine: .current(device: device, kernels: kernels), threads: machine.threads, console: console)
        try demo.check()
        var step = 0
        func title(_ text: String) {
            step += 1
            console.line("[\(step)/6] \(text)")
        }
        title("training the dense network")
        let dense = try demo.trainDense()
        let share = "\(Int(100 * Demo.target))% of its MACs"
        title("the agent searches for the best part at \(share), scored as it is, without training")
        let found = try demo.search("ads")
        title("coin flips, as many and at the same cost")
        let flipped = try demo.search("random")
        title("tuning the network the agent found, rebuilt at its real size")
        let foundResult = try demo.tune("found", found.network)
        title("tuning the best of the coin flips")
        let flippedResult = try demo.tune("random", flipped.network)
        title("writing the report")
        let content = try ReportContent(folders: [out])
        let path = RunFolder(out).report
        try AtomicFile.write(Data(HTMLReport(content).text.utf8), to: path)
        if output.json { return try printJSON(content.rows) }
        print("\nfound:\n\(found.network.drawing)\n")
        print("mean accuracy of children, as they are:")
        for (name, search) in [("agent", found), ("coin flips", flipped)] {
            print("\(padded(name, 12))\(search.story)")
        }
        print("\nnetwork     as found   tuned, test accuracy   parameters          MACs   ms for one image")
        for (result, score) in [(dense, nil), (foundResult, found.accuracy), (flippedResult, flipped.accuracy)] {
            let milliseconds = try RunFolder(result.run).model(device: device).milliseconds(repetitions: 40, rounds: 4)
            let columns: [(String, Int)] = [
                (score.map(percent) ?? "", 8), (percent(result.accuracy), 23), (grouped(result.parameters), 13),
                (grouped(result.macs), 14), (fixed(milliseconds, 3), 19),
            ]
            let row = columns.map { String(repeating: " ", count: max(0, $0.1 - $0.0.count)) + $0.0 }.joined()
            print(padded(result.label, 12) + row)
        }
        print(
            """

            As found: on the \(Demo.scoreImages) held-out images that children are scored on. One seed and a small set: a point \
            after tuning is noise.
            report: \(path)
            """)
    }

    private func padded(_ text: String, _ width: Int) -> String {
        text.padding(toLength: width, withPad: " ", startingAt: 0)
    }
}
