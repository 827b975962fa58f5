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

    /// BN, ReLU and pooling behind an ImageNet stem's convolution, beside libtorch's; an undefined value among them.
    @Test(arguments: [(32, 1), (57, 2), (7, 3), (1, 1), (112, 2)])
    func stemPooling(size: Int, images: Int) throws {
        let net = try DenseNet(Network(Architecture(named: "densenet121")), generator: Generator(seed: 3))
        let norm = try #require(net.stemNorm)
        for (i, tensor) in [norm.scale, norm.shift, norm.mean].enumerated() {
            try tensor.assign(Tensor.zeros(tensor.shape).fillNormal(Generator(seed: UInt64(i))))
        }
        let x = try Tensor.zeros([images, norm.scale.count, size, size]).fillNormal(Generator(seed: 4))
        try x.withUnsafeElements(Float.self) { $0[$0.count / 2] = .nan }
        let (ours, theirs) = try withoutGrad {
            try (
                net.pooledStem(x, norm).floats(),
                norm(x, training: false, momentum: 0.1).relu().maxPool(3, stride: 2, padding: 1).floats()
            )
        }
        #expect(ours.count == theirs.count)
        #expect(zip(ours, theirs).allSatisfy { $0.isNaN ? $1.isNaN : abs($0 - $1) <= 1e-5 * max(1, abs($1)) })
    }

    /// A stem's convolution (with an ImageNet stem, BN, ReLU and pooling behind it) beside libtorch's, at any thread
    /// count.
    @Test(
        arguments: [(32, 3, 2), (7, 1, 3), (37, 3, 2), (1, 2, 2), (130, 3, 1), (300, 1, 1)],
        [Architecture.Stem.Kind.cifar, .imageNet])
    func stems(image: (size: Int, channels: Int, count: Int), kind: Architecture.Stem.Kind) throws {
        let a = try Architecture(
            blocks: [1], growthRate: 4, bottleneck: false, compression: 1,
            stem: .init(kind, channels: kind == .cifar ? 16 : 37),
            inputChannels: image.channels, imageSize: image.size, classes: 3)
        let net = try DenseNet(Network(a), generator: Generator(seed: 3))
        let x = try Tensor.zeros([image.count, image.channels, image.size, image.size]).fillNormal(Generator(seed: 4))
        let before = Runtime.threads
        defer { try? Runtime.setThreads(before) }
        let results = try [1, 2, 5].map { threads in
            try Runtime.setThreads(threads)
            return try withoutGrad { try net.kernelStem(x).floats() }
        }
        let theirs = try withoutGrad { try net.stemOutput(x, training: false).floats() }
        let same = results.count { $0 == results[0] }
        #expect(same == results.count)
        let largest = theirs.map(abs).max() ?? 0
        let worst = zip(results[0], theirs).map { abs($0 - $1) }.max() ?? .infinity
        #expect(theirs.count == results[0].count && worst <= 1e-5 * largest, "\(worst) of \(largest)")
    }

    /// The last BN, ReLU and pooling beside libtorch's in float64: values, gradients, running statistics; the same bits
    /// at any thread count.
    @Test(arguments: [(8, 5), (7, 3), (1, 6), (5, 1)])
    func networkEnds(size: Int, images: Int) throws {
        let a = try Architecture(
            blocks: [2], growthRate: 8, bottleneck: false, compression: 1, stem: .init(.cifar, channels: 5),
            imageSize: size, classes: 3)
        let base = try DenseNet(Network(a), generator: Generator(seed: 3))
        var state = base.state
        for (i, name) in ["weight", "bias"].enumerated() {
            state["features.norm5." + name] = try Tensor.zeros([21]).fillNormal(Generator(seed: UInt64(i + 1)))
        }
        let start = try Tensor.zeros([images, 21, size, size]).fillNormal(Generator(seed: 4)) * 2 + 0.5
        let weight = try Tensor.zeros([images, 21]).fillNormal(Generator(seed: 5))
        let before = Runtime.threads
        defer { try? Runtime.setThreads(before) }
        func results(_ type: ElementType, ours: Bool, threads: Int) throws -> [[Double]] {
            try Runtime.setThreads(threads)
            let net = try DenseNet(Network(a), state: state, type: type)
            let norm = net.blocks[0].endNorm
            let x = try start.to(type).clone().requiringGrad()
            func end(_ training: Bool) throws -> Tensor {
                try ours
                    ? net.kernelEnd(x, training: training)
                    : norm(x, training: training, momentum: 0.1).relu().mean([2, 3])
            }
            let out = try end(true)
            try (out * weight.to(type)).sum().backward()
            let inference = try withoutGrad { try end(false) }
            return try [out, inference, norm.mean, norm.variance].map { try $0.doubles() }
                + [x, norm.scale, norm.shift].map { try $0.grad?.doubles() ?? [] }
        }
        let (mine, theirs) = (
            try results(.float32, ours: true, threads: 1), try results(.float64, ours: false, threads: 1)
        )
        for (i, (p, q)) in zip(mine, theirs).enumerated() {
            #expect(p.count == q.count && relativeError(p, q) < 1e-4, "value \(i)")
        }
        let others = try [2, 3].count { try results(.float32, ours: true, threads: $0) == mine }
        #expect(others == 2)
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
            let before = Runtime.threads
            defer { try? Runtime.setThreads(before) }
            try Runtime.setThreads(threads)
            return try withoutGrad { try net.kernelBody(x, training: false).floats() }
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
        let before = Runtime.threads
        defer { try? Runtime.setThreads(before) }
        let results = try [1, 2, 3].map { threads in
            try Runtime.setThreads(threads)
            return try withoutGrad { try net.kernelBody(x, training: false).floats() }
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
