import DenseNetArchitecture
import DenseNetModel
import Testing
import Torch

@testable import Training

@Suite struct TimingWorkTests {
    private func network() throws -> Network {
        try Network(
            Architecture(
                blocks: [2, 2], growthRate: 4, bottleneck: false, compression: 1, stem: .init(.cifar, channels: 4),
                imageSize: 8, classes: 3))
    }

    /// What is timed as a training step takes the batch's statistics, what is timed as an inference the running ones.
    @Test(arguments: [true, false], KernelChoice.allCases)
    func statisticsMoveInTrainingOnly(training: Bool, kernels: KernelChoice) throws {
        let net = try DenseNet(network(), generator: Generator(seed: 1), initialization: .fanIn)
        net.kernels = kernels
        let x = try Tensor.zeros([4, 3, 8, 8]).fillNormal(Generator(seed: 2))
        let y = try Tensor([0, 1, 2, 0] as [Int64], [4])
        let running = net.tensors.filter { $0.name.contains("running") }
        let before = try running.map { try $0.tensor.floats() }
        try Timing.work(net, x, y, training ? SGD(net, .paper) : nil)
        for ((name, tensor), old) in zip(running, before) {
            let moved = try tensor.floats() != old
            #expect(moved == training, "\(name)")
        }
    }

    @Test func memoryIsCountedInMegabytes() throws {
        let before = Timing.residentPeak()
        let timing = try Timing.measure(
            network(), training: false, batch: 2, repetitions: 1, kernels: .automatic, device: .cpu)
        let after = Timing.residentPeak()
        // libtorch alone takes more than a megabyte; no test takes a terabyte.
        #expect(before > 1 && after < 1_000_000)
        #expect(timing.peakMegabytes >= 0 && timing.peakMegabytes <= after - before)
    }
}
