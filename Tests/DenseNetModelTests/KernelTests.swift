import DenseKernels
import DenseNetArchitecture
import Randomness
import TestSupport
import Testing
import Torch

@testable import DenseNetModel

/// Our kernels beside libtorch's operations, one dense block at a time, off ReLU's kink.
@Suite(.serialized) struct KernelTests {
    /// Image size, growth rate, images; odd ones among them, and maps of several panels, whose tiles are whole or not.
    @Test(arguments: [
        (32, 12, 3), (16, 12, 2), (8, 12, 5), (7, 12, 4), (1, 4, 6), (14, 8, 3), (9, 1, 4), (5, 17, 3), (28, 24, 2),
        (10, 64, 2), (6, 5, 7), (6, 12, 8), (3, 4, 9), (48, 12, 2), (48, 12, 3), (40, 4, 2), (37, 8, 2), (260, 2, 1),
        (16, 12, 21), (20, 12, 13), (80, 4, 1),
    ])
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
            let out = try kernels == .swift ? net.kernelBody(input, training: true) : net.body(input, training: true)
            try (out * weight.to(type)).sum().backward()
            let layer = net.blocks[0].layers[0]
            return try [out.doubles()]
                + [input, layer.norm1.scale, layer.norm1.shift, layer.conv1].map { try $0.grad?.doubles() ?? [] }
        }
        let exact = try results(.torch, .float64)
        let ours = try results(.swift, .float32)
        for (name, (p, q)) in zip(["output", "input", "scale", "shift", "weights"], zip(ours, exact)) {
            #expect(p.count == q.count && relativeError(p, q) < 1e-4, "\(name)")
        }
    }

    /// Winograd's transforms cost digits, which points and short sums win back: of many inputs the outputs are as exact
    /// as libtorch's own in float32, within a small factor.
    @Test func roundsLikeTheDefinition() throws {
        let a = try Architecture(
            blocks: [1], growthRate: 12, bottleneck: false, compression: 1, stem: .init(.cifar, channels: 400),
            imageSize: 16,
            classes: 3)
        let state = try DenseNet(Network(a), generator: Generator(seed: 3)).state
        let x = try Tensor.zeros([2, 400, 16, 16]).fillNormal(Generator(seed: 4))
        func outputs(_ kernels: KernelChoice, _ type: ElementType) throws -> [Double] {
            let net = try DenseNet(Network(a), state: state, type: type)
            let out =
                try kernels == .swift
                ? net.kernelBody(x.to(type), training: true) : net.body(x.to(type), training: true)
            return try out.narrowed(1, from: 400, count: 12).contiguous().doubles()
        }
        let exact = try outputs(.torch, .float64)
        func error(_ got: [Double]) -> Double {
            zip(got, exact).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
        }
        let (ours, theirs) = (error(try outputs(.swift, .float32)), error(try outputs(.torch, .float32)))
        #expect(ours < 4 * theirs, "L2 error \(ours), libtorch's \(theirs)")
    }

    /// The gradient along a random direction of everything beside the difference of two outputs.
    @Test(arguments: [(8, 12, 4), (9, 4, 3), (20, 6, 2)])
    func finiteDifferences(size: Int, growthRate: Int, images: Int) throws {
        let a = try Architecture(
            blocks: [2], growthRate: growthRate, bottleneck: false, compression: 1, stem: .init(.cifar, channels: 5),
            imageSize: size, classes: 3)
        let base = try DenseNet(Network(a), generator: Generator(seed: 3))
        var state = base.state
        for (name, tensor) in base.tensors where name.contains("norm1.bias") {
            state[name] = try Tensor((0..<tensor.count).map { $0 % 3 == 0 ? Float(-8) : 8 }, [tensor.count])
        }
        let net = try DenseNet(Network(a), state: state)
        let x = try Tensor.zeros([images, 5, size, size]).fillNormal(Generator(seed: 4)).requiringGrad()
        let weight = try Tensor.zeros([images, 5 + 2 * growthRate, size, size]).fillNormal(Generator(seed: 5))
        let moved = [x] + net.blocks[0].layers.flatMap { [$0.norm1.scale, $0.norm1.shift, $0.conv1] }
        let directions = try moved.enumerated().map { i, tensor in
            try Tensor.zeros(tensor.shape).fillNormal(Generator(seed: UInt64(10 + i)))
        }
        let out = try net.kernelBody(x, training: true)
        try (out * weight).sum().backward()
        var slope = 0.0
        for (tensor, direction) in zip(moved, directions) {
            slope += zip(try #require(tensor.grad).doubles(), try direction.doubles()).reduce(0) { $0 + $1.0 * $1.1 }
        }
        let step: Float = 2e-3
        let start = try moved.map { try $0.detached().clone() }
        func value(_ sign: Float) throws -> Double {
            try withoutGrad {
                for (i, tensor) in moved.enumerated() {
                    try tensor.assign(start[i] + directions[i] * Double(sign * step))
                }
                let out = try net.kernelBody(x, training: true)
                return zip(try out.doubles(), try weight.doubles()).reduce(0) { $0 + $1.0 * $1.1 }
            }
        }
        let difference = (try value(1) - value(-1)) / Double(2 * step)
        #expect(abs(difference - slope) < 0.01 * abs(slope), "difference \(difference), gradient \(slope)")
    }

    /// A bottleneck layer (1×1, then 3×3) and a transition, whose middle BNs have batch statistics of their own.
    @Test(arguments: [(32, 4, 3), (14, 8, 4), (7, 12, 5), (9, 3, 2)])
    func bottleneckAndTransition(size: Int, growthRate: Int, images: Int) throws {
        let a = try Architecture(
            blocks: [2, 1], growthRate: growthRate, bottleneck: true, compression: 0.5,
            stem: .init(.cifar, channels: 6),
            imageSize: size, classes: 3)
        let network = try Network(a)
        let base = try DenseNet(network, generator: Generator(seed: 3))
        var state = base.state
        for (name, tensor) in base.tensors where name.contains("norm") && name.hasSuffix("bias") {
            state[name] = try Tensor((0..<tensor.count).map { $0 % 3 == 0 ? Float(-8) : 8 }, [tensor.count])
        }
        let x = try Tensor.zeros([images, 6, size, size]).fillNormal(Generator(seed: 4))
        func results(_ kernels: KernelChoice, _ type: ElementType) throws -> [String: [Double]] {
            let net = try DenseNet(network, state: state, type: type)
            let input = try x.to(type).clone().requiringGrad()
            let out = try kernels == .swift ? net.kernelBody(input, training: true) : net.body(input, training: true)
            let weight = try Tensor.zeros(out.shape).fillNormal(Generator(seed: 5))
            try (out * weight.to(type)).sum().backward()
            var all = ["output": try out.doubles(), "input": try input.grad?.doubles() ?? []]
            for (name, tensor) in net.tensors where name.contains("denseblock") || name.contains("transition") {
                all[name] = try name.contains("running") ? tensor.doubles() : tensor.grad?.doubles() ?? []
            }
            return all
        }
        let (ours, theirs, exact) = (
            try results(.swift, .float32), try results(.torch, .float32), try results(.torch, .float64)
        )
        for (name, value) in exact {
            let (mine, other) = (try #require(ours[name]), try #require(theirs[name]))
            func error(_ got: [Double]) -> Double { zip(got, value).map { abs($0 - $1) }.max() ?? .infinity }
            // Where ReLU lets a whole channel through, a BN behind it makes some gradients nearly vanish: there
            // libtorch's own error in float32 is the measure.
            let allowed = max(1e-4 * (value.map(abs).max() ?? 0), 4 * error(other))
            #expect(
                mine.count == value.count && error(mine) <= allowed,
                "\(name): \(error(mine)); libtorch \(error(other)), allowed \(allowed)")
        }
    }
}
