import DenseKernels
import DenseNetArchitecture
import Randomness
import TestSupport
import Testing
import Torch

@testable import DenseNetModel

/// Our kernels beside libtorch's operations, one dense block at a time, off ReLU's kink.
@Suite(.serialized) struct KernelTests {
    /// Image size, growth rate, images; odd ones among them.
    @Test(arguments: [(32, 12, 3), (16, 12, 2), (8, 12, 5), (7, 12, 4), (1, 4, 6), (14, 8, 3), (9, 1, 4), (5, 17, 3), (28, 24, 2), (10, 64, 2)])
    func gradientsOfOneLayer(size: Int, growthRate: Int, images: Int) throws {
        let a = try Architecture(
            blocks: [1], growthRate: growthRate, bottleneck: false, compression: 1, stem: .init(.cifar, channels: 5),
            imageSize: size, classes: 3)
        let network = try Network(a)
        let base = try DenseNet(network, generator: Generator(seed: 3))
        // A shift far from zero keeps every input of the layer's ReLU off its kink.
        var state = base.state
        for (name, tensor) in base.tensors where name.contains("norm1.bias") {
            state[name] = try Tensor((0..<tensor.count).map { $0 % 3 == 0 ? Float(-8) : 8 }, [tensor.count])
        }
        let x = try Tensor.zeros([images, 5, size, size]).fillNormal(Generator(seed: 4))
        let weight = try Tensor.zeros([images, 5 + growthRate, size, size]).fillNormal(Generator(seed: 5))
        /// Output, gradient of the input, gradients of scale, shift and weights.
        func results(_ kernels: KernelChoice, _ type: ElementType) throws -> [[Double]] {
            let net = try DenseNet(network, state: state, type: type)
            net.kernels = kernels
            let input = try x.to(type).clone().requiringGrad()
            let out = try net.blockOutput(input, network.blocks[0], net.blocks[0], training: true)
            try (out * weight.to(type)).sum().backward()
            let layer = net.blocks[0].layers[0]
            return try [out.doubles()] + [input, layer.norm1.scale, layer.norm1.shift, layer.conv1].map { try $0.grad?.doubles() ?? [] }
        }
        let exact = try results(.torch, .float64)
        let ours = try results(.swift, .float32)
        for (name, (p, q)) in zip(["output", "input", "scale", "shift", "weights"], zip(ours, exact)) {
            #expect(p.count == q.count && relativeError(p, q) < 1e-4, "\(name)")
        }
    }

    @Test func theSameBitsAtAnyThreadCount() throws {
        // Layer 1 reads the input; layer 2 skips it in part, layer 3 skips layer 1.
        let (images, growth) = (21, 12)
        let plan = DenseBlockPlan(
            height: 16, width: 16, inputChannels: 5, growthRate: growth,
            layers: [
                .init(reads: Array(0..<5), writes: 5), .init(reads: [0, 2] + Array(5..<17), writes: 17),
                .init(reads: Array(17..<29), writes: 29),
            ])
        let generator = try Generator(seed: 4)
        func random(_ shape: [Int]) throws -> Tensor { try Tensor.zeros(shape).fillNormal(generator) }
        let input = try random([images, plan.channels, 16, 16])
        let incoming = try random([images, plan.channels, 16, 16])
        let weights = try plan.layers.map { try [random([$0.reads.count]), random([$0.reads.count]), random([growth, $0.reads.count, 3, 3])] }
        func results(threads: Int) throws -> [Float] {
            let (maps, gradient) = (try input.clone(), try incoming.clone())
            let kernels = DenseBlockKernels(threads: threads)
            func base(_ tensor: Tensor) throws -> UnsafeMutablePointer<Float> {
                try tensor.withUnsafeElements(Float.self) { try #require($0.baseAddress) }
            }
            let parameters = try weights.map { try DenseLayerParameters(scale: base($0[0]), shift: base($0[1]), weight: base($0[2])) }
            let statistics = try kernels.forwardTraining(plan, base(maps), images: images, parameters)
            let gradients = try kernels.backward(plan, base(maps), images: images, parameters, statistics, gradient: base(gradient))
            return try maps.floats() + gradient.narrowed(1, from: 0, count: 5).contiguous().floats() + statistics.mean + statistics.variance
                + gradients.flatMap { $0.scale + $0.shift + $0.weight }
        }
        let one = try results(threads: 1)
        let odd = one.count { !$0.isFinite }
        #expect(odd == 0)
        for threads in [2, 3, 5, 16] {
            let many = try results(threads: threads)
            #expect(many == one, "\(threads) threads")
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
