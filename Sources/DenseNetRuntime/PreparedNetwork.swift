import DenseKernels
import DenseNetArchitecture
import Foundation
import Synchronization

/// A network as our kernels compute it: weights packed, BNs folded, memory kept from call to call.
final class PreparedNetwork: Sendable {
    let network: Network
    private let weights: NetworkWeights
    private let threads: Int
    private let stem: StemConvolution
    /// For one image at a time, and for more, made once there are more.
    private let oneImage: PreparedPlan
    private let batches = Mutex<PreparedPlan?>(nil)
    private let idle = Mutex<[Workspace]>([])
    private let imagesAtOnce: Int

    init(_ network: Network, _ weights: NetworkWeights, threads: Int) {
        (self.network, self.weights, self.threads) = (network, weights, threads)
        let (architecture, geometry) = (network.architecture, network.architecture.stem.geometry)
        stem = weights.withElements {
            StemConvolution(
                $0("features.conv0.weight"), outputs: architecture.stem.channels, inputs: architecture.inputChannels,
                kernel: geometry.kernel, stride: geometry.stride, padding: geometry.padding)
        }
        oneImage = weights.prepared(network, for: .oneImage)
        imagesAtOnce = Self.imagesAtOnce(
            threads: threads, bytesForAnImage: Self.bytesForAnImage(network),
            memory: Int(clamping: ProcessInfo.processInfo.physicalMemory))
    }

    /// As many images as keep all threads busy, whose maps are in memory together; fewer where they would take more
    /// than half of it.
    static func imagesAtOnce(threads: Int, bytesForAnImage: Int, memory: Int) -> Int {
        max(1, min(LayerKernels.group * threads, memory / 2 / max(1, bytesForAnImage)))
    }

    /// Bytes that the maps of one image take. Few weights may stand for more of them than there is memory, and who asks
    /// for memory that there is not is stopped.
    static func bytesForAnImage(_ network: Network) -> Int {
        let (a, size) = (network.architecture, network.blocks[0].size)
        let stem = a.stem.channels * a.stem.convolvedSize(a.imageSize) * a.stem.convolvedSize(a.imageSize)
        let body = network.kernelPlan(height: size, width: size, for: .oneImage).shapes.reduce(0) { $0 + $1.elements }
        return MemoryLayout<Float>.size * (stem + a.stem.channels * size * size + 2 * body)
    }

    /// The logits `[count, classes]` of normalised images `[count, C, H, W]` of the architecture's size.
    ///
    /// An image's are the same bits whatever the threads and the images beside it; alone it is computed another way,
    /// and differs by rounding.
    func logits(_ images: UnsafeBufferPointer<Float>, count: Int) -> [Float] {
        let plan = count == 1 ? oneImage : preparedForBatches()
        let workspace = idle.withLock { $0.popLast() } ?? Workspace(threads: threads)
        // Memory for more calls at once than there are processors is given back.
        defer { idle.withLock { if $0.count < ProcessInfo.processInfo.activeProcessorCount { $0.append(workspace) } } }
        let (size, step) = (images.count / count, imagesAtOnce)
        return stride(from: 0, to: count, by: step).flatMap { first in
            let number = min(step, count - first)
            return weights.withElements { elements in
                run(
                    UnsafeBufferPointer(rebasing: images[first * size..<(first + number) * size]), number, plan,
                    workspace, elements)
            }
        }
    }

    private func preparedForBatches() -> PreparedPlan {
        batches.withLock { held in
            let plan = held ?? weights.prepared(network, for: .inference)
            held = plan
            return plan
        }
    }

    private func run(
        _ images: UnsafeBufferPointer<Float>, _ count: Int, _ prepared: PreparedPlan, _ workspace: Workspace,
        _ elements: (String) -> UnsafeBufferPointer<Float>
    ) -> [Float] {
        let (architecture, kernels) = (network.architecture, workspace.kernels)
        func norm(_ name: String) -> Norm { Norm(name, elements) }
        let (size, convolved) = (
            architecture.imageSize, stem.shape(height: architecture.imageSize, width: architecture.imageSize)
        )
        let first = prepared.plan.shapes[0]
        let x = workspace.stem(count * convolved.channels * first.pixels)
        if architecture.stem.kind == .imageNet {
            let own = norm("features.norm0")
            kernels.imageNetStem(
                stem, images, images: count, height: size, width: size,
                norm: (own.scale, own.shift, own.mean, own.variance), x)
        } else {
            kernels.convolveStem(stem, images, images: count, height: size, width: size, x)
        }
        let index = network.blocks.count - 1
        let last = prepared.plan.shapes[index]
        let body = workspace.body(count * last.elements)
        kernels.infer(prepared, UnsafeBufferPointer(x), images: count, output: index, body)
        let end = moveTogether(body, count, last)
        let (own, means) = (norm("features.norm5"), workspace.means(count * end.channels))
        kernels.poolEnd(
            UnsafeBufferPointer(body), images: count, end, scale: own.scale, shift: own.shift, mean: own.mean,
            variance: own.variance, means)
        return kernels.linear(
            UnsafeBufferPointer(means), images: count, weight: elements("classifier.weight"),
            bias: elements("classifier.bias"))
    }

    /// Moves the channels that the last block's end reads together, and gives their shape.
    private func moveTogether(_ maps: UnsafeMutableBufferPointer<Float>, _ count: Int, _ shape: MapShape) -> MapShape {
        let block = network.blocks[network.blocks.count - 1]
        let read = block.channels(of: block.endSources)
        let end = MapShape(channels: read.count, height: shape.height, width: shape.width)
        guard read.count < shape.channels, let first = maps.baseAddress else { return end }
        for image in 0..<count {
            // Ascending, so that each moves down onto what is not needed any more.
            for (channel, from) in read.enumerated() {
                (first + (image * end.elements + channel * end.pixels)).update(
                    from: first + (image * shape.elements + from * shape.pixels), count: end.pixels)
            }
        }
        return end
    }
}

/// Where a BN's four tensors lie.
private struct Norm {
    let scale: UnsafeBufferPointer<Float>
    let shift: UnsafeBufferPointer<Float>
    let mean: UnsafeBufferPointer<Float>
    let variance: UnsafeBufferPointer<Float>

    init(_ name: String, _ elements: (String) -> UnsafeBufferPointer<Float>) {
        (scale, shift) = (elements(name + ".weight"), elements(name + ".bias"))
        (mean, variance) = (elements(name + ".running_mean"), elements(name + ".running_var"))
    }
}

extension NetworkWeights {
    /// A network's body with its weights packed.
    fileprivate func prepared(_ network: Network, for use: KernelUse) -> PreparedPlan {
        let (size, bottleneck) = (network.blocks[0].size, network.architecture.bottleneck)
        // In the plan's order.
        let layers = network.blocks.enumerated().flatMap { b, block in
            block.layers.flatMap { layer -> [(norm: String, convolution: String)] in
                let name = "features.denseblock\(b + 1).denselayer\(layer.index)"
                let first = (name + ".norm1", name + ".conv1.weight")
                return bottleneck ? [first, (name + ".norm2", name + ".conv2.weight")] : [first]
            }
                + (block.transitionChannels == nil
                    ? []
                    : [("features.transition\(b + 1).norm", "features.transition\(b + 1).conv.weight")])
        }
        return withElements { elements in
            let norms = layers.map { Norm($0.norm, elements) }
            return PreparedPlan(
                network.kernelPlan(height: size, width: size, for: use),
                zip(layers, norms).map {
                    LayerParameters(scale: $1.scale, shift: $1.shift, weight: elements($0.convolution))
                }, means: norms.map(\.mean), variances: norms.map(\.variance))
        }
    }
}

/// The memory of one call at a time.
///
/// `@unchecked` as whoever computes takes it out of the list of the idle under a lock, and puts it back when done.
private final class Workspace: @unchecked Sendable {
    let kernels: LayerKernels
    let (stem, body, means) = (Scratch(), Scratch(), Scratch())

    init(threads: Int) { kernels = LayerKernels(threads: threads) }
}

extension Scratch {
    /// Room for `count` elements.
    fileprivate func callAsFunction(_ count: Int) -> UnsafeMutableBufferPointer<Float> {
        UnsafeMutableBufferPointer(start: elements(count), count: count)
    }
}
