import DenseNetArchitecture
import DenseNetModel
import Foundation
import TestSupport
import Testing
import Torch

@testable import Training

@Suite(.serialized, .oneThread) struct TimingTests {
    private func network() throws -> Network {
        try Network(
            Architecture(
                blocks: [2, 2], growthRate: 4, bottleneck: false, compression: 1, stem: .init(.cifar, channels: 4),
                imageSize: 8, classes: 3))
    }

    @Test(arguments: [true, false])
    func whatIsTimedIsDone(training: Bool) throws {
        let timing = try Timing.measure(
            network(), training: training, batch: 4, repetitions: 5, kernels: .automatic, device: .cpu)
        #expect(timing.work == (training ? "training step" : "inference") && timing.batch == 4)
        #expect(timing.milliseconds.count == 5 && timing.milliseconds.allSatisfy { $0 > 0 && $0 < 10_000 })
        #expect(timing.median == timing.milliseconds.sorted()[2] && timing.peakMegabytes >= 0)
        #expect(timing.threads == Runtime.threads)

        // A training step moves every weight, an inference none.
        let net = try DenseNet(network(), generator: Generator(seed: 1), initialization: .fanIn)
        let x = try Tensor.zeros([4, 3, 8, 8]).fillNormal(Generator(seed: 2))
        let y = try Tensor((0..<4).map { Int64($0 % 3) }, [4])
        let before = try net.parameters.map { try $0.floats() }
        try Timing.work(net, x, y, training ? SGD(net, .paper) : nil)
        for (parameter, old) in zip(net.parameters, before) { #expect(try (parameter.floats() != old) == training) }
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
