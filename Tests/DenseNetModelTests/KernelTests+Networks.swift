import DenseKernels
import DenseNetArchitecture
import Randomness
import TestSupport
import Testing
import Torch

@testable import DenseNetModel

// Whole networks: the same bits however work is shared, one image, after training, and with undefined values.
extension KernelTests {
    /// Images that a network's transitions leave nothing of are an error, whoever computes; so are none at all.
    @Test(arguments: [KernelChoice.swift, .torch], [true, false])
    func imagesThatAreTooSmall(kernels: KernelChoice, training: Bool) throws {
        let a = try Architecture(
            blocks: [1, 1, 1], growthRate: 4, bottleneck: false, compression: 1, stem: .init(.cifar, channels: 4),
            imageSize: 8)
        let net = try DenseNet(Network(a), generator: Generator(seed: 1))
        net.kernels = kernels
        func logits(_ shape: [Int]) throws -> [Int] {
            try withoutGrad { try net(Tensor.zeros(shape), training: training).shape }
        }
        #expect(try logits([2, 3, 4, 4]) == [2, 10] && logits([2, 3, 8, 8]) == [2, 10])
        for shape in [[2, 3, 3, 3], [2, 3, 8, 2], [2, 3, 2, 8], [2, 3, 1, 1]] {
            #expect(throws: TorchError.self, "\(shape)") { _ = try logits(shape) }
        }
        if kernels == .swift {
            for shape in [[0, 3, 8, 8], [3, 8, 8]] { #expect(throws: TorchError.self) { _ = try logits(shape) } }
        }
    }

    @Test func theSameBitsAtAnyThreadCount() throws {
        // Layer 1 reads the input; layer 2 skips it in part, layer 3 skips layer 1; a transition and a bottleneck
        // follow.
        let (images, growth) = (21, 12)
        let shapes = [
            MapShape(channels: 41, height: 16, width: 16), MapShape(channels: 22, height: 8, width: 8),
            MapShape(channels: 16, height: 8, width: 8),
        ]
        let plan = KernelPlan(
            shapes: shapes, inputChannels: 5,
            layers: [
                .init(.winograd, source: 0, reads: Array(0..<5), destination: 0, writes: 5, outputs: growth),
                .init(
                    .winograd, source: 0, reads: [0, 2] + Array(5..<17), destination: 0, writes: 17, outputs: growth),
                .init(.winograd, source: 0, reads: Array(17..<29), destination: 0, writes: 29, outputs: growth),
                .init(.pooled, source: 0, reads: Array(3..<41), destination: 1, writes: 0, outputs: 18),
                .init(.pointwise, source: 1, reads: Array(1..<18), destination: 2, writes: 0, outputs: 16),
                .init(.winograd, source: 2, reads: Array(0..<16), destination: 1, writes: 18, outputs: 4),
            ])
        let generator = try Generator(seed: 4)
        func random(_ shape: [Int]) throws -> Tensor { try Tensor.zeros(shape).fillNormal(generator) }
        func buffers() throws -> [Tensor] { try shapes.map { try random([images, $0.channels, $0.height, $0.width]) } }
        let (values, incoming) = (try buffers(), try random([images, 22, 8, 8]))
        let weights = try plan.layers.map {
            let taps = $0.kind == .winograd ? 3 : 1
            return try [
                random([$0.reads.count]), random([$0.reads.count]), random([$0.outputs, $0.reads.count, taps, taps]),
            ]
        }
        func results(threads: Int) throws -> [Float] {
            let maps = try values.map { try $0.clone() }
            let gradients = try [Tensor.zeros(values[0].shape), incoming.clone(), Tensor.zeros(values[2].shape)]
            let kernels = LayerKernels(threads: threads)
            let parameters = try weights.map {
                try LayerParameters(scale: elements($0[0]), shift: elements($0[1]), weight: elements($0[2]))
            }
            let statistics = try kernels.forwardTraining(plan, maps.map(mutableElements), images: images, parameters)
            let results = try kernels.backward(
                plan, maps.map(mutableElements), images: images, parameters, statistics,
                gradient: { try mutableElements(gradients[$0]) }, finished: { _ in })
            return try maps.flatMap { try $0.floats() }
                + gradients[0].narrowed(1, from: 0, count: 5).contiguous().floats()
                + statistics.flatMap { $0.mean + $0.variance } + results.flatMap { $0.scale + $0.shift + $0.weight }
        }
        let one = try results(threads: 1)
        let odd = one.count { !$0.isFinite }
        #expect(odd == 0)
        for threads in [2, 3, 5, 16] {
            let many = try results(threads: threads)
            #expect(many == one, "\(threads) threads")
        }
    }

    /// However images are shared out and maps are cut, and whatever else is in the batch.
    @Test func batchesAreTheSameBitsAtAnyThreadCountAndSize() throws {
        let network = try Network(Architecture(named: "densenet-bc-22-8"), nil)
        let net = try DenseNet(network, generator: Generator(seed: 2))
        let channels = network.architecture.stem.channels
        let x = try Tensor.zeros([9, channels, 32, 32]).fillNormal(Generator(seed: 3))
        func results(_ x: Tensor, threads: Int) throws -> [Float] {
            try Runtime.withThreads(threads) {
                try withoutGrad { try net.kernelBody(x, training: false).floats() }
            }
        }
        let one = try results(x, threads: 1)
        for threads in [2, 3, 5] {
            let many = try results(x, threads: threads)
            #expect(many == one, "\(threads) threads")
        }
        let size = one.count / 9
        for first in [0, 4, 7] {
            let part = try results(x.narrowed(0, from: first, count: 2).contiguous(), threads: 1 + first % 3)
            #expect(part == Array(one[first * size..<(first + 2) * size]), "images \(first) and \(first + 1)")
        }
        // A weight that changes is packed anew.
        try net.parameters[1].assign(net.parameters[1].detached() * 2)
        let changed = try results(x, threads: 1)
        #expect(changed != one)
    }

    /// One image: panels are cut for the threads and the smallest maps are convolved by the definition, whole or in
    /// bands.
    @Test(arguments: [
        ("densenet-22-12", 32), ("densenet-22-12", 47), ("densenet-bc-22-8", 28), ("densenet-bc-22-8", 9),
        ("densenet121", 150),
    ])
    func oneImage(name: String, size: Int) throws {
        let network = try Network(Architecture(named: name), nil)
        let net = try DenseNet(network, generator: Generator(seed: 2))
        let x = try Tensor.zeros([1, network.architecture.stem.channels, size, size]).fillNormal(Generator(seed: 3))
        let results = try [1, 2, 3].map { threads in
            try Runtime.withThreads(threads) { try withoutGrad { try net.kernelBody(x, training: false).floats() } }
        }
        let same = results.count { $0 == results[0] }
        #expect(same == results.count)
        let theirs = try withoutGrad { try net.body(x, training: false).floats() }
        #expect(relativeError(results[0].map(Double.init), theirs.map(Double.init)) < 1e-5)
        // Beside others it is convolved otherwise, and rounded otherwise.
        let two = try withoutGrad { try net.kernelBody(Tensor.concatenated([x, x], dim: 0), training: false).floats() }
        #expect(relativeError(two[..<results[0].count].map(Double.init), theirs.map(Double.init)) < 1e-5)
    }

    /// After steps of training a network computes with its new weights, all of them, like one that was just loaded.
    @Test(arguments: ["densenet-22-12", "densenet121"])
    func trainingForgetsWhatWasPrepared(name: String) throws {
        let size = 64
        let network = try Network(Architecture(named: name))
        let net = try DenseNet(network, generator: Generator(seed: 2))
        let optimizer = try SGD(net.parameters, rate: 0.1, momentum: 0.9, weightDecay: 0, nesterov: true)
        let x = try Tensor.zeros([4, 3, size, size]).fillNormal(Generator(seed: 3))
        for _ in 0..<2 {
            _ = try withoutGrad { try net(x, training: false) }
            try net(x, training: true).crossEntropy(Tensor([Int64](repeating: 1, count: 4), [4])).backward()
            try optimizer.step()
            let loaded = try DenseNet(network, state: net.state)
            let (held, fresh) = try withoutGrad {
                (try net(x, training: false).floats(), try loaded(x, training: false).floats())
            }
            let agree = held == fresh
            #expect(agree)
        }
    }

    @Test func notANumberPassesThrough() throws {
        let a = try Architecture(named: "densenet-22-12")
        let net = try DenseNet(Network(a), generator: Generator(seed: 2))
        net.kernels = .swift
        let x = try Tensor.zeros([2, 3, 32, 32])
        try x.narrowed(0, from: 1, count: 1).fill(.nan)
        for training in [false, true] {
            let logits = try withoutGrad { try net(x, training: training).floats() }
            let spoiled = logits[10...].count { $0.isNaN }
            #expect(spoiled == 10)
        }
    }
}
