import DenseKernels
import DenseNetArchitecture
import DenseNetModel
import Foundation
import Runs
import Torch

/// How long a network takes on this machine, on random images.
public struct Timing: Encodable, Sendable {
    /// `training step` (forward, loss, backward, SGD) or `inference`.
    public let work: String
    /// Images at a time.
    public let batch: Int
    /// Threads.
    public let threads: Int
    /// What computed: our kernels or libtorch's operations.
    public let kernels: KernelChoice
    /// Milliseconds of each repetition but the first two.
    public let milliseconds: [Double]
    /// Most memory ever resident above that before the first repetition, in MiB.
    public let peakMegabytes: Double

    /// Their median.
    public var median: Double { milliseconds.median }

    /// Times `repetitions` training steps or inferences.
    public static func measure(
        _ network: Network, training: Bool, batch: Int, repetitions: Int, kernels: KernelChoice, device: Device
    ) throws -> Timing {
        let a = network.architecture
        let generator = try Generator(seed: 0)
        let net = try DenseNet(network, generator: generator, initialization: .fanIn, device: device)
        net.kernels = kernels
        let x = try Tensor.zeros([batch, a.inputChannels, a.imageSize, a.imageSize]).fillNormal(generator).to(
            on: device)
        let y = try Tensor((0..<batch).map { Int64($0 % a.classes) }, [batch]).to(on: device)
        let optimizer = try SGD(net, .paper)
        let before = residentPeak()
        let times = try repeatedlyTimed(repetitions: repetitions, warmUp: 2) { _ in
            try Interruption.check("interrupted while measuring")
            try work(net, x, y, training ? optimizer : nil)
        }
        return Timing(
            work: training ? "training step" : "inference", batch: batch, threads: Runtime.threads, kernels: kernels,
            milliseconds: times[0], peakMegabytes: residentPeak() - before)
    }

    /// A training step where there is an optimizer, else an inference; ends when its numbers are there.
    static func work(_ net: DenseNet, _ x: Tensor, _ y: Tensor, _ optimizer: SGD?) throws {
        guard let optimizer else {
            _ = try withoutGrad { try net(x, training: false).doubles() }
            return
        }
        let loss = try net(x, training: true).crossEntropy(y)
        for parameter in net.parameters { parameter.clearGrad() }
        try loss.backward()
        try optimizer.step()
        _ = try loss.item()
    }

    /// The most memory this process ever had resident, in MiB.
    package static func residentPeak() -> Double {
        var usage = rusage()
        #if canImport(Darwin)
        getrusage(RUSAGE_SELF, &usage)
        return Double(usage.ru_maxrss) / 1_048_576
        #else
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return Double(usage.ru_maxrss) / 1024
        #endif
    }
}
