import DenseKernels
import DenseNetModel
import Foundation
import Torch

/// This program.
public enum ADS {
    /// Its version.
    public static let version = "0.1.0"
}

extension Machine {
    /// This machine, with the given settings.
    public static func current(device: Device, kernels: KernelChoice) -> Machine {
        Machine(
            ads: ADS.version, torch: Runtime.version, threads: Runtime.threads, device: device.name,
            instructionSet: LayerKernels.builtFor, torchInstructionSet: Runtime.cpuCapability, kernels: kernels,
            system: systemName)
    }

    private static var systemName: String {
        let information = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
        let model = information.split(separator: "\n").first { $0.hasPrefix("model name") }
        let name = model?.split(separator: ":").last.map { $0.trimmingCharacters(in: .whitespaces) }
        return "\(name ?? "unknown processor"), \(ProcessInfo.processInfo.activeProcessorCount) cores"
    }
}
