import DenseKernels
import Randomness
import Testing

/// Inference without libtorch, from the images to what the classifier reads.
@Suite struct InferenceTests {
    @Test(arguments: [ConvolutionKind.winograd, .direct], [1, 3, 9])
    func agreesWithTheDefinition(kind: ConvolutionKind, count: Int) {
        let network = SmallNetwork(kind, count: count)
        #expect(network.expected.count == count * 13)
        #expect(relativeError(network.computed(threads: 1), network.expected) < 1e-5)
    }

    @Test func isTheSameBitsOnEveryNumberOfThreads() {
        let network = SmallNetwork(.winograd, count: 9)
        #expect(network.computed(threads: 1) == network.computed(threads: 2))
        #expect(network.computed(threads: 1) == network.computed(threads: 3))
    }

    /// Threads share a single image's rows of tiles, of which these have one.
    @Test(arguments: [(4, 128), (3, 70)]) func aRowOfTilesIsNotShared(height: Int, width: Int) {
        var random = SeededGenerator(seed: 3)
        let (memory, shape) = (Memory(), MapShape(channels: 7, height: height, width: width))
        let layer = KernelLayer(.winograd, source: 0, reads: [0, 1, 2], destination: 0, writes: 3, outputs: 4)
        let (norm, weight) = (NormValues(3, &random), uniform(4 * 3 * 9, -0.5, 0.5, &random))
        let prepared = PreparedPlan(
            KernelPlan(shapes: [shape], inputChannels: 3, layers: [layer]),
            [
                LayerParameters(
                    scale: memory.holding(norm.scale), shift: memory.holding(norm.shift), weight: memory.holding(weight)
                )
            ], means: [memory.holding(norm.mean)], variances: [memory.holding(norm.variance)])
        let input = memory.holding(uniform(3 * shape.pixels, -1, 1, &random))
        let results = [1, 2, 3].map { threads in
            let out = memory.empty(shape.elements)
            LayerKernels(threads: threads).infer(prepared, input, images: 1, output: 0, out)
            return Array(out)
        }
        withExtendedLifetime(memory) {
            #expect(results[0][(3 * shape.pixels)...].contains { $0 != 0 })
            for result in results { #expect(zip(result, results[0]).allSatisfy { $0 == $1 }) }
        }
    }

    /// A row of pooled pixels that is longer than a panel is cut into pieces; the odd column at its end belongs to
    /// none.
    @Test func longRowsArePooledInPieces() {
        let size = 1099
        var random = SeededGenerator(seed: 4)
        let memory = Memory()
        let shapes = [
            MapShape(channels: 2, height: size, width: size), MapShape(channels: 3, height: size / 2, width: size / 2),
        ]
        let layer = KernelLayer(.pooled, source: 0, reads: [0, 1], destination: 1, writes: 0, outputs: 3)
        let (norm, weight) = (NormValues(2, &random), uniform(3 * 2, -0.5, 0.5, &random))
        let prepared = PreparedPlan(
            KernelPlan(shapes: shapes, inputChannels: 2, layers: [layer]),
            [
                LayerParameters(
                    scale: memory.holding(norm.scale), shift: memory.holding(norm.shift), weight: memory.holding(weight)
                )
            ], means: [memory.holding(norm.mean)], variances: [memory.holding(norm.variance)])
        let images = uniform(2 * size * size, -1, 1, &random)
        let input = memory.holding(images)
        let expected = Maps(images.map(Double.init), channels: 2, size: size).activated(norm).pooled
            .convolved(weight, outputs: 3, kernel: 1)
        for threads in [1, 3] {
            let out = memory.empty(shapes[1].elements)
            LayerKernels(threads: threads).infer(prepared, input, images: 1, output: 1, out)
            #expect(withExtendedLifetime(memory) { relativeError(Array(out), expected.values) } < 1e-5)
        }
    }
}

/// A network of every kind of layer, computed by DenseKernels alone and by the definition.
private struct SmallNetwork {
    /// A layer's place in the plan and its weights.
    private struct Layer {
        let layer: KernelLayer
        let norm: NormValues
        let weight: [Float]
    }
    private let size = 13
    private let images: [Float]
    private let stem: [Float]
    private let layers: [Layer]
    private let end: NormValues
    private let shapes: [MapShape]

    /// Stem of 5 channels; a block of a plain layer, and a bottleneck that reads some channels; a transition that reads
    /// some; a block of one layer.
    init(_ kind: ConvolutionKind, count: Int) {
        var random = SeededGenerator(seed: 7)
        func make(
            _ kind: ConvolutionKind, _ source: Int, _ reads: [Int], _ destination: Int, _ writes: Int, _ outputs: Int
        ) -> Layer {
            let taps = kind == .pointwise || kind == .pooled ? 1 : 9
            return Layer(
                layer: KernelLayer(
                    kind, source: source, reads: reads, destination: destination, writes: writes, outputs: outputs),
                norm: NormValues(reads.count, &random),
                weight: uniform(outputs * reads.count * taps, -0.5, 0.5, &random))
        }
        images = uniform(count * 3 * size * size, -1, 1, &random)
        stem = uniform(5 * 3 * 9, -0.5, 0.5, &random)
        shapes = [
            MapShape(channels: 14, height: size, width: size),
            MapShape(channels: 13, height: size / 2, width: size / 2),
            MapShape(channels: 16, height: size, width: size),
        ]
        layers = [
            make(kind, 0, Array(0..<5), 0, 5, 4),
            make(.pointwise, 0, [0, 3, 5, 6, 8], 2, 0, 16),
            make(kind, 2, Array(0..<16), 0, 9, 5),
            make(.pooled, 0, [1, 2, 4, 7, 9, 13], 1, 0, 6),
            make(kind, 1, [0, 2, 5], 1, 6, 7),
        ]
        end = NormValues(13, &random)
    }

    /// By the kernels: the means of the last block's maps after BN and ReLU.
    func computed(threads: Int) -> [Float] {
        let (kernels, count, memory) = (LayerKernels(threads: threads), images.count / (3 * size * size), Memory())
        let maps = memory.empty(count * 5 * size * size)
        kernels.convolveStem(
            StemConvolution(memory.holding(stem), outputs: 5, inputs: 3, kernel: 3, stride: 1, padding: 1),
            memory.holding(images),
            images: count, height: size, width: size, maps)
        let plan = KernelPlan(shapes: shapes, inputChannels: 5, layers: layers.map(\.layer))
        let prepared = PreparedPlan(
            plan,
            layers.map {
                LayerParameters(
                    scale: memory.holding($0.norm.scale), shift: memory.holding($0.norm.shift),
                    weight: memory.holding($0.weight))
            },
            means: layers.map { memory.holding($0.norm.mean) },
            variances: layers.map { memory.holding($0.norm.variance) })
        let last = memory.empty(count * shapes[1].elements)
        kernels.infer(prepared, UnsafeBufferPointer(maps), images: count, output: 1, last)
        let means = memory.empty(count * 13)
        kernels.poolEnd(
            UnsafeBufferPointer(last), images: count, shapes[1], scale: memory.holding(end.scale),
            shift: memory.holding(end.shift),
            mean: memory.holding(end.mean), variance: memory.holding(end.variance), means)
        return withExtendedLifetime(memory) { Array(means) }
    }

    /// By the definition.
    var expected: [Double] {
        var buffers = [Maps?](repeating: nil, count: 3)
        buffers[0] = Maps(images.map(Double.init), channels: 3, size: size).convolved(stem, outputs: 5, kernel: 3)
        for own in layers {
            let layer = own.layer
            guard let source = buffers[layer.source] else { return [] }
            let activated = source.selecting(layer.reads).activated(own.norm)
            let kernel = layer.kind == .pointwise || layer.kind == .pooled ? 1 : 3
            let input = layer.kind == .pooled ? activated.pooled : activated
            let output = input.convolved(own.weight, outputs: layer.outputs, kernel: kernel)
            buffers[layer.destination] = layer.writes == 0 ? output : buffers[layer.destination]?.appending(output)
        }
        return buffers[1]?.activated(end).means ?? []
    }
}

/// Memory that lies still: the kernels read values where they are. Freed with the object.
private final class Memory {
    private var buffers: [UnsafeMutableBufferPointer<Float>] = []

    deinit { for buffer in buffers { buffer.deallocate() } }

    func empty(_ count: Int) -> UnsafeMutableBufferPointer<Float> {
        let buffer = UnsafeMutableBufferPointer<Float>.allocate(capacity: count)
        buffer.initialize(repeating: .nan)
        buffers.append(buffer)
        return buffer
    }

    func holding(_ values: [Float]) -> UnsafeBufferPointer<Float> {
        let buffer = empty(values.count)
        _ = buffer.update(from: values)
        return UnsafeBufferPointer(buffer)
    }
}
