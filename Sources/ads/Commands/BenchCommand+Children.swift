import ConnectivitySearch
import DenseKernels
import DenseNetArchitecture
import DenseNetModel
import Evaluation
import Foundation
import Reporting
import Runs
import Strategies
import Torch
import Training

// `ads bench --children`: how many children an hour a search without training evaluates.
extension BenchCommand {
    struct ChildrenResult: Encodable {
        /// Of the dense network.
        var parameters: Int
        var macs: Int
        var children: Int
        /// The children's MACs on average, as a share of the dense network's.
        var macsShare: Double
        /// Images that a child's BN statistics are recomputed over.
        var statisticsImages: Int
        /// Images that a child is validated on.
        var validationImages: Int
        var threads: Int
        var instructionSet: String
        /// Most memory ever resident above that before the first child.
        var peakMegabytes: Double
        var runs: [ChildrenRun]
    }

    struct ChildrenRun: Encodable {
        var kernels: KernelChoice
        var childrenPerHour: Double
        /// Of a child, on average; in all and in parts.
        var milliseconds: Double
        var rebuilding: Double
        var statistics: Double
        var validation: Double
        var rest: Double
        var fastest: Double
        var slowest: Double

        init(_ kernels: KernelChoice, _ times: ChildBenchmark.Times) {
            self.kernels = kernels
            milliseconds = times.mean
            childrenPerHour = 3.6e6 / times.mean
            let count = Double(times.milliseconds.count)
            func part(_ part: EvaluationPart) -> Double { times.parts[part, default: 0] / count }
            (rebuilding, statistics, validation) = (part(.rebuilding), part(.statistics), part(.validation))
            rest = milliseconds - rebuilding - statistics - validation
            (fastest, slowest) = (times.milliseconds.min() ?? 0, times.milliseconds.max() ?? 0)
        }
    }

    /// Evaluates so many children of the dense network, and says what that took.
    func evaluate(_ count: Int) throws {
        let decided = [
            (inference, "--inference"), (batchSize != nil, "--batch-size"), (repetitions != nil, "--repetitions"),
            (network.connectivity != nil, "--connectivity"),
        ]
        for (typed, option) in decided where typed {
            throw UsageError("\(option) is not for --children, which are evaluated as a search does; leave it out")
        }
        let (device, choice) = try machine.apply()
        if let out, FileManager.default.fileExists(atPath: out + "/dense") {
            throw UsageError("\(out) holds a benchmark already; choose another folder with --out")
        }
        let console = Console(quiet: output.quiet)
        console.line("making the images")
        let set = try ChildBenchmark.images()
        var options = network
        if options.arch == nil { options.arch = "densenet-40-12" }
        guard
            let network = try options.network(
                classes: set.classNames.count, channels: set.train.channels, size: set.train.size)
        else { return }
        let folder = RunFolder(out ?? NSTemporaryDirectory() + "ads-bench-" + UUID().uuidString)
        defer { if out == nil { try? FileManager.default.removeItem(atPath: folder.path) } }
        let choices = Self.choices(choice, on: device)
        let benchmark: ChildBenchmark
        do {
            benchmark = try ChildBenchmark(
                network.architecture, set, children: count, macs: targetMacs ?? 0.65, seed: machine.seed,
                kernels: choices, device: device, in: folder)
        } catch let error as SearchError {
            throw UsageError("\(error)")
        }
        let before = Timing.residentPeak()
        let times = try benchmark.measure { console.progress("child \($0) of \(count)") }
        let after = Timing.residentPeak()
        if out != nil { try benchmark.write(times[0].evaluations, to: folder) }
        let cost = try Network(network.architecture).cost
        let result = ChildrenResult(
            parameters: cost.parameters, macs: cost.macs, children: count, macsShare: try benchmark.macsShare(),
            statisticsImages: benchmark.statisticsImages.count, validationImages: benchmark.validationImages.count,
            threads: Runtime.threads, instructionSet: LayerKernels.builtFor, peakMegabytes: after - before,
            runs: zip(choices, times).map { ChildrenRun($0, $1) })
        if output.json { return try printJSON(result) }
        show(result, options.arch ?? "")
    }

    private func show(_ result: ChildrenResult, _ name: String) {
        print(
            "\(name), \(result.children == 1 ? "1 child" : "\(result.children) children") at \(percent(result.macsShare)) of its MACs: BN statistics over \(grouped(result.statisticsImages)) images, \(grouped(result.validationImages)) validated, \(plural(result.threads, "thread")), \(result.instructionSet)"
        )
        for run in result.runs {
            print(
                "\(run.kernels.rawValue.padding(toLength: 6, withPad: " ", startingAt: 0)) \(grouped(Int(run.childrenPerHour))) children an hour, \(fixed(run.milliseconds, 1)) ms each (\(fixed(run.fastest, 1)) to \(fixed(run.slowest, 1))): rebuilding \(fixed(run.rebuilding, 1)), statistics \(fixed(run.statistics, 1)), validation \(fixed(run.validation, 1)), the rest \(fixed(run.rest, 1))"
            )
        }
        guard result.runs.count == 2 else { return }
        print("ours is \(fixed(result.runs[1].milliseconds / result.runs[0].milliseconds, 2)) times as fast")
    }
}
