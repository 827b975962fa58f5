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
            the ratio, and the share of this processor's measured multiply-add peak. With --children it is what the masked \
            evaluator of a search does with a child of a dense network: children an hour, and where the time goes. 'make \
            bench' adds PyTorch, OpenVINO and ONNX Runtime where they are installed.

            EXAMPLE
              ads bench --arch densenet-40-12 --batch-size 64
              ads bench --arch densenet121 --inference --batch-size 1
              ads bench --arch densenet-40-12 --children 8
            """)

    @OptionGroup var network: NetworkOptions
    @OptionGroup var machine: MachineOptions
    @OptionGroup var output: OutputOptions

    // Optional, so that --children knows what was typed.
    @Option(help: "Images at a time. (default: 64)", transform: Whole(1...65_536).parse)
    var batchSize: Int?

    @Option(help: "Repetitions of each, in two turns. (default: 6)", transform: Whole(2...1_000_000).parse)
    var repetitions: Int?

    @Flag(help: "Inference instead of training steps.")
    var inference = false

    @Option(
        help:
            "Instead of steps evaluate N masked children of the dense network, as a search with --strategy random does: generated images, as many as CIFAR's.",
        transform: Whole.count.parse)
    var children: Int?

    @Option(
        help: "The most MACs a child may have: a share of the dense network's up to 1, else a number. (default: 0.65)",
        transform: Real.cost.parse)
    var targetMacs: Double?

    @Option(
        help:
            "With --children the folder where a peer finds what it needs to evaluate the same: the dense network's run, the children, the images, and what the children came to here.",
        completion: .directory, transform: WrittenPath.parse)
    var out: String?

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

    /// Images at a time.
    private var images: Int { batchSize ?? 64 }

    /// What computes, in turn: both kernels where nothing else was asked for.
    static func choices(_ choice: KernelChoice, on device: Device) -> [KernelChoice] {
        choice != .automatic ? [choice] : device == .cpu ? [.swift, .torch] : [.torch]
    }

    func validate() throws {
        guard images >= (inference ? 1 : 2) else {
            throw ValidationError("--batch-size \(images); training needs at least 2, inference 1")
        }
    }

    func run() throws {
        if let children { return try evaluate(children) }
        for (typed, option) in [(targetMacs != nil, "--target-macs"), (out != nil, "--out")] where typed {
            throw UsageError("\(option) is for --children; leave it out, or say how many")
        }
        let (device, choice) = try machine.apply()
        var options = network
        if options.arch == nil { options.arch = "densenet-40-12" }
        guard let network = try options.network(seed: machine.seed) else { return }
        let console = Console(quiet: output.quiet)
        let choices = Self.choices(choice, on: device)
        var timings: [KernelChoice: [Timing]] = [:]
        // In turn, so that a machine that slows down slows both.
        for turn in 1...2 {
            for kernels in choices {
                console.line("\(kernels.rawValue), turn \(turn) of 2")
                let timing = try Timing.measure(
                    network, training: !inference, batch: images, repetitions: ((repetitions ?? 6) + 1) / 2,
                    kernels: kernels, device: device)
                timings[kernels, default: []].append(timing)
            }
        }
        let peak = LayerKernels.measurePeak(threads: Runtime.threads)
        let done = network.kernelMultiplyAdds(!inference ? .training : images == 1 ? .oneImage : .inference)
        let runs = choices.compactMap { kernels -> Run? in
            guard let own = timings[kernels], let first = own.first else { return nil }
            let times = own.flatMap(\.milliseconds).sorted()
            let median = times.median
            let perImage = Double(done) * (inference ? 1 : 3)
            return Run(
                kernels: kernels, work: first.work, batch: images, milliseconds: median, fastest: times[0],
                slowest: times[times.count - 1], imagesPerSecond: Double(images) / median * 1e3,
                peakMegabytes: first.peakMegabytes,
                shareOfPeak: kernels == .swift && device == .cpu
                    ? perImage * Double(images) / (median / 1e3) / peak : nil)
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
