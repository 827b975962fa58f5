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
        let base = try DenseNet(Network(a), generator: Generator(seed: 3))
        let x = try Tensor.zeros([images, 3, size, size]).fillNormal(Generator(seed: 4))
        let y = try Tensor((0..<images).map { Int64($0 % 3) }, [images])
        func gradients(_ kernels: KernelChoice, _ type: ElementType) throws -> [[Double]] {
            // A shift far from zero keeps every input of the layer's ReLU off its kink.
            var state = base.state
            for (name, tensor) in base.tensors where name.contains("norm1.bias") {
                state[name] = try Tensor((0..<tensor.count).map { $0 % 3 == 0 ? Float(-8) : 8 }, [tensor.count])
            }
            let net = try DenseNet(Network(a), state: state, type: type)
            net.kernels = kernels
            let loss = try net(x.to(type), training: true).crossEntropy(y)
            try loss.backward()
            return try [[loss.item()]] + net.parameters.map { try $0.grad?.doubles() ?? [] }
        }
        let exact = try gradients(.torch, .float64)
        let ours = try gradients(.swift, .float32)
        for (i, (p, q)) in zip(ours, exact).enumerated() {
            // Without a single pixel beside it, a map's gradient through BN vanishes: compared by its size elsewhere.
            let scale = max(q.map(abs).max() ?? 0, 1e-4)
            #expect((zip(p, q).map { abs($0 - $1) }.max() ?? 0) / scale < 1e-4, "tensor \(i)")
        }
    }

    @Test func theSameBitsAtAnyThreadCount() throws {
        let a = try Architecture(named: "densenet-22-12")
        let network = try Network(a, Connectivity(ConnectivityPatterns.parse("random:0.5"), for: a, seed: 1))
        let block = network.blocks[0]
        let x = try Tensor.zeros([6, 16, 32, 32]).fillNormal(Generator(seed: 8))
        let threads = Runtime.threads
        defer { try? Runtime.setThreads(threads) }
        var results: [[Float]] = []
        for count in [1, 2, 3] {
            try Runtime.setThreads(count)
            let net = try DenseNet(network, generator: Generator(seed: 2))
            let input = try x.clone().requiringGrad()
            let out = try net.fastBlock(input, block, net.blocks[0], training: true)
            try (out * out).sum().backward()
            var all = try out.floats() + (input.grad?.floats() ?? [])
            for layer in net.blocks[0].layers {
                for tensor in [layer.norm1.scale, layer.norm1.shift, layer.conv1] { all += try tensor.grad?.floats() ?? [] }
                all += try layer.norm1.mean.floats() + layer.norm1.variance.floats()
            }
            results.append(all)
        }
        #expect(results[0] == results[1] && results[0] == results[2])
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
