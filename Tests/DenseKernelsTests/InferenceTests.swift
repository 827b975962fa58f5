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

    /// Stem of 5 channels; a block of a plain layer, and a bottleneck that reads some channels; a transition that reads some;
    /// a block of one layer.
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
            MapShape(channels: 14, height: size, width: size), MapShape(channels: 13, height: size / 2, width: size / 2),
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
        let (kernels, count) = (LayerKernels(threads: threads), images.count / (3 * size * size))
        var maps = [Float](repeating: .nan, count: count * 5 * size * size)
        kernels.convolveStem(
            StemConvolution(stem, outputs: 5, inputs: 3, kernel: 3, stride: 1, padding: 1), images, images: count,
            height: size, width: size, &maps)
        let plan = KernelPlan(shapes: shapes, inputChannels: 5, layers: layers.map(\.layer))
        // The kernels read parameters where they lie, here: in arrays that this gathers.
        let flat = layers.flatMap { [$0.norm.scale, $0.norm.shift, $0.norm.mean, $0.norm.variance, $0.weight] }
        let starts = flat.reduce(into: [0]) { $0.append(($0.last ?? 0) + $1.count) }
        let prepared = flat.flatMap { $0 }.withUnsafeBufferPointer { all -> PreparedPlan? in
            guard let base = all.baseAddress else { return nil }
            let of = { (layer: Int, part: Int) in base + starts[5 * layer + part] }
            return PreparedPlan(
                plan, layers.indices.map { LayerParameters(scale: of($0, 0), shift: of($0, 1), weight: of($0, 4)) },
                means: layers.indices.map { of($0, 2) }, variances: layers.indices.map { of($0, 3) })
        }
        guard let prepared else { return [] }
        var last = [Float](repeating: .nan, count: count * shapes[1].elements)
        kernels.infer(prepared, maps, images: count, output: 1, &last)
        var means = [Float](repeating: .nan, count: count * 13)
        kernels.poolEnd(
            last, images: count, shapes[1], scale: end.scale, shift: end.shift, mean: end.mean, variance: end.variance,
            &means)
        return means
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
