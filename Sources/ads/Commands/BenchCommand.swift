import ArgumentParser
import DenseKernels
import DenseNetArchitecture
import DenseNetModel
import Foundation
import Reporting
import Torch
import Training

struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "This machine's speed: our kernels beside libtorch's operations.",
        discussion: """
            Times training steps (forward, loss, backward, SGD) or inference on random images, in turn, and prints medians, \
            the ratio, and the share of this processor's measured multiply-add peak. 'make bench' adds PyTorch, OpenVINO and \
            ONNX Runtime where they are installed.

            EXAMPLE
              ads bench --arch densenet-40-12 --batch-size 64
              ads bench --arch densenet121 --inference --batch-size 1
            """)

    @OptionGroup var network: NetworkOptions
    @OptionGroup var machine: MachineOptions
    @OptionGroup var output: OutputOptions

    @Option(help: "Images at a time.", transform: Whole(1...65_536).parse)
    var batchSize = 64

    @Option(help: "Repetitions of each, in two turns.", transform: Whole(2...1_000_000).parse)
    var repetitions = 6

    @Flag(help: "Inference instead of training steps.")
    var inference = false

    struct Result: Encodable {
        var parameters: Int
        var macs: Int
        var connections: Int
        var threads: Int
        var instructionSet: String
        /// Multiply-adds a second of the processor, measured.
        var peak: Double
        /// Multiply-adds our kernels do for one image, forward.
        var multiplyAdds: Int
        var runs: [Run]
    }

    struct Run: Encodable {
        var kernels: KernelChoice
        var work: String
        var batch: Int
        var milliseconds: Double
        var fastest: Double
        var slowest: Double
        var imagesPerSecond: Double
        var peakMegabytes: Double
        /// Multiply-adds really done over what the processor could have done; of our kernels alone.
        var shareOfPeak: Double?
    }

    func validate() throws {
        guard batchSize >= (inference ? 1 : 2) else {
            throw ValidationError("--batch-size \(batchSize); training needs at least 2, inference 1")
        }
    }

    func run() throws {
        let (device, choice) = try machine.apply()
        var options = network
        if options.arch == nil { options.arch = "densenet-40-12" }
        guard let network = try options.network(seed: machine.seed) else { return }
        let console = Console(quiet: output.quiet)
        let choices: [KernelChoice] = choice != .automatic ? [choice] : device == .cpu ? [.swift, .torch] : [.torch]
        var timings: [KernelChoice: [Timing]] = [:]
        // In turn, so that a machine that slows down slows both.
        for turn in 1...2 {
            for kernels in choices {
                console.line("\(kernels.rawValue), turn \(turn) of 2")
                let timing = try Timing.measure(
                    network, training: !inference, batch: batchSize, repetitions: (repetitions + 1) / 2,
                    kernels: kernels, device: device)
                timings[kernels, default: []].append(timing)
            }
        }
        let peak = LayerKernels.measurePeak(threads: Runtime.threads)
        let done = network.kernelMultiplyAdds(!inference ? .training : batchSize == 1 ? .oneImage : .inference)
        let runs = choices.compactMap { kernels -> Run? in
            guard let own = timings[kernels], let first = own.first else { return nil }
            let times = own.flatMap(\.milliseconds).sorted()
            let median = times.median
            let perImage = Double(done) * (inference ? 1 : 3)
            return Run(
                kernels: kernels, work: first.work, batch: batchSize, milliseconds: median, fastest: times[0],
                slowest: times[times.count - 1], imagesPerSecond: Double(batchSize) / median * 1e3,
                peakMegabytes: first.peakMegabytes,
                shareOfPeak: kernels == .swift && device == .cpu
                    ? perImage * Double(batchSize) / (median / 1e3) / peak : nil)
        }
        let cost = network.cost
        let result = Result(
            parameters: cost.parameters, macs: cost.macs, connections: cost.connections, threads: Runtime.threads,
            instructionSet: LayerKernels.builtFor, peak: peak, multiplyAdds: done, runs: runs)
        if output.json { return try printJSON(result) }
        print(
            "\(options.arch ?? ""), \(options.label(network)): \(grouped(cost.parameters)) parameters, \(grouped(cost.macs)) MACs, \(Runtime.threads) threads, \(LayerKernels.builtFor)"
        )
        for run in runs {
            let share = run.shareOfPeak.map { ", \(percent($0)) of the processor's multiply-adds" } ?? ""
            print(
                "\(run.kernels.rawValue.padding(toLength: 6, withPad: " ", startingAt: 0)) \(run.work), batch \(run.batch): \(fixed(run.milliseconds, 2)) ms (\(fixed(run.fastest, 2)) to \(fixed(run.slowest, 2))), \(Int(run.imagesPerSecond)) images/s\(share)"
            )
        }
        if runs.count == 2 { print("ours is \(fixed(runs[1].milliseconds / runs[0].milliseconds, 2)) times as fast") }
    }
}
