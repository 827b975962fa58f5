import ArgumentParser
import DenseNetModel
import Foundation
import Reporting
import Torch
import Training

/// What to compute on.
struct ComputeOptions: ParsableArguments {
    @Option(
        help: "Threads that compute; all cores without it. Results repeat bit for bit at the same number.",
        transform: Whole.threads.parse)
    var threads: Int?

    // Optional, so that a resumed run knows what was typed.
    @Option(
        name: .customLong("device"),
        help: ArgumentHelp("cpu, cuda, cuda:N or mps. (default: cpu)", valueName: "device"),
        completion: .list(["cpu", "cuda", "mps"]))
    var typedDevice: String?

    @Option(
        name: .customLong("kernels"),
        help: ArgumentHelp(
            "What computes dense blocks on CPU: auto, swift (our SIMD kernels) or torch. (default: auto)",
            valueName: "kernels"))
    var typedKernels: KernelChoice?

    /// Sets the threads and checks the device.
    /// - Parameter resuming: whether a run goes on, which may yet refuse its number of threads.
    func apply(resuming: Bool = false) throws -> (device: Device, kernels: KernelChoice) {
        let cores = ProcessInfo.processInfo.activeProcessorCount
        if let threads, threads > cores, !resuming {
            // Not refused: a run of another machine repeats bit for bit at its own number of threads.
            AdsCommand.tell("\(threads) threads share \(plural(cores, "core")) here")
        }
        try Runtime.setThreads(threads ?? cores)
        do {
            return (try Device(named: typedDevice ?? Device.cpu.name), typedKernels ?? .automatic)
        } catch let error as DeviceError {
            if case .unknown = error { throw UsageError("\(error)") }
            throw error
        }
    }
}

/// What to compute on, and the seed.
struct MachineOptions: ParsableArguments {
    @OptionGroup var compute: ComputeOptions

    @Option(
        name: .customLong("seed"), help: ArgumentHelp("Decides everything random. (default: 0)", valueName: "seed"),
        transform: Seed.parse)
    var typedSeed: UInt64?

    /// The seed, typed or not.
    var seed: UInt64 { typedSeed ?? 0 }
    var threads: Int? { compute.threads }
    var typedDevice: String? { compute.typedDevice }
    var typedKernels: KernelChoice? { compute.typedKernels }

    /// Sets the threads and checks the device: `ComputeOptions`.
    func apply(resuming: Bool = false) throws -> (device: Device, kernels: KernelChoice) {
        try compute.apply(resuming: resuming)
    }
}

/// How results are printed.
struct OutputOptions: ParsableArguments {
    @Flag(help: "Print one JSON object on stdout, and nothing else there.")
    var json = false

    @Flag(help: "No progress on stderr.")
    var quiet = false
}
