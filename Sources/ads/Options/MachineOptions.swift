import ArgumentParser
import DenseNetModel
import Foundation
import Torch
import Training

/// What to compute on, and the seed.
struct MachineOptions: ParsableArguments {
    @Option(help: "Threads that compute; all cores without it. Results repeat bit for bit at the same number.")
    var threads: Int?

    @Option(help: "Decides everything random.")
    var seed: UInt64 = 0

    @Option(help: "cpu, cuda, cuda:N or mps.")
    var device = "cpu"

    @Option(help: "What computes dense blocks on CPU: auto, swift (our SIMD kernels) or torch.")
    var kernels = "auto"

    /// Sets the threads and checks the device.
    func apply() throws -> (device: Device, kernels: KernelChoice) {
        if let threads, threads < 1 { throw UsageError("--threads \(threads); at least 1 is needed") }
        guard let choice = KernelChoice(rawValue: kernels) else {
            throw UsageError("unknown kernels '\(kernels)'; known are \(KernelChoice.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        try Runtime.setThreads(threads ?? ProcessInfo.processInfo.activeProcessorCount)
        do {
            return (try Device(named: device), choice)
        } catch let error as DeviceError {
            if case .unknown = error { throw UsageError("\(error)") }
            throw error
        }
    }
}

/// How results are printed.
struct OutputOptions: ParsableArguments {
    @Flag(help: "Print one JSON object on stdout, and nothing else there.")
    var json = false

    @Flag(help: "No progress on stderr.")
    var quiet = false
}
