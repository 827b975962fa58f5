import DenseKernels
import DenseNetArchitecture
import Randomness
import TestSupport
import Testing
import Torch

@testable import DenseNetModel

// What a network begins and ends with, beside libtorch's operations.
extension KernelTests {
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
        let pooled = try Tensor.empty([images, norm.scale.count, (size + 1) / 2, (size + 1) / 2])
        LayerKernels(threads: 2).poolStem(
            try elements(x), images: images, MapShape(channels: norm.scale.count, height: size, width: size),
            norm: (
                try elements(norm.scale), try elements(norm.shift), try elements(norm.mean), try elements(norm.variance)
            ),
            try mutableElements(pooled))
        let (ours, theirs) = try withoutGrad {
            try (
                pooled.floats(),
                norm(x, training: false, momentum: 0.1).relu().maxPool(3, stride: 2, padding: 1).floats()
            )
        }
        #expect(ours.count == theirs.count)
        #expect(zip(ours, theirs).allSatisfy { $0.isNaN ? $1.isNaN : abs($0 - $1) <= 1e-5 * max(1, abs($1)) })
    }

    /// A stem's convolution (with an ImageNet stem, BN, ReLU and pooling behind it) beside libtorch's, at any thread
    /// count.
    @Test(
        arguments: [(32, 3, 2), (7, 1, 9), (37, 3, 2), (1, 2, 2), (130, 3, 1), (300, 1, 1), (64, 3, 5)],
        [Architecture.Stem.Kind.cifar, .imageNet])
    func stems(image: (size: Int, channels: Int, count: Int), kind: Architecture.Stem.Kind) throws {
        let a = try Architecture(
            blocks: [1], growthRate: 4, bottleneck: false, compression: 1,
            stem: .init(kind, channels: kind == .cifar ? 16 : image.size == 64 ? 20 : 37),
            inputChannels: image.channels, imageSize: image.size, classes: 3)
        let net = try DenseNet(Network(a), generator: Generator(seed: 3))
        if let norm = net.stemNorm {
            for (i, tensor) in [norm.scale, norm.shift, norm.mean].enumerated() {
                try tensor.assign(Tensor.zeros(tensor.shape).fillNormal(Generator(seed: UInt64(i))))
            }
            try norm.variance.assign(Tensor((0..<norm.variance.count).map { 0.5 + Float($0 % 7) }, norm.variance.shape))
        }
        let x = try Tensor.zeros([image.count, image.channels, image.size, image.size]).fillNormal(Generator(seed: 4))
        let results = try [1, 2, 5].map { threads in
            try Runtime.withThreads(threads) { try withoutGrad { try net.kernelStem(x).floats() } }
        }
        let theirs = try withoutGrad { try net.stemOutput(x, training: false).floats() }
        let same = results.count { $0 == results[0] }
        #expect(same == results.count)
        let largest = theirs.map(abs).max() ?? 0
        let worst = zip(results[0], theirs).map { abs($0 - $1) }.max() ?? .infinity
        #expect(theirs.count == results[0].count && worst <= 1e-5 * largest, "\(worst) of \(largest)")
    }

    /// Images without a pixel are refused by libtorch's sentence; our kernels would stop the program.
    @Test(arguments: [Architecture.Stem.Kind.cifar, .imageNet], [(0, 0), (0, 8), (8, 0)])
    func imagesOfNoPixels(kind: Architecture.Stem.Kind, size: (height: Int, width: Int)) throws {
        let a = try Architecture(
            blocks: [1], growthRate: 4, bottleneck: false, compression: 1, stem: .init(kind, channels: 8), imageSize: 8)
        let net = try DenseNet(Network(a), generator: Generator(seed: 3))
        #expect(throws: TorchError.self) {
            try withoutGrad { try net(Tensor.zeros([1, 3, size.height, size.width]), training: false) }
        }
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
        func results(_ type: ElementType, ours: Bool, threads: Int) throws -> [[Double]] {
            try Runtime.withThreads(threads) { try results(type, ours: ours) }
        }
        func results(_ type: ElementType, ours: Bool) throws -> [[Double]] {
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
}
