/// A network's body as layers over buffers of maps.
public struct KernelPlan: Sendable {
    /// The buffers; the first begins with the body's input.
    public let shapes: [MapShape]
    /// Channels of the body's input.
    public let inputChannels: Int
    /// The layers in order; every channel but the input's is written by exactly one.
    public let layers: [KernelLayer]

    /// A plan; one that leads outside its buffers stops the program.
    public init(shapes: [MapShape], inputChannels: Int, layers: [KernelLayer]) {
        self.shapes = shapes
        self.inputChannels = inputChannels
        self.layers = layers
        checkLayers()
    }

    /// Multiply-adds that a forward pass of one image really does: fewer than the definition's, as Winograd's 3×3 does
    /// 16 for 36 and pooling comes before the 1×1.
    public var multiplyAdds: Int {
        layers.reduce(0) { sum, layer in
            let grid = Grid(layer.kind, height: shapes[layer.source].height, width: shapes[layer.source].width)
            return sum + grid.units * layer.kind.products * layer.kind.shifts * layer.reads.count * layer.outputs
        }
    }
}

extension LayerKernels {
    /// Runs a plan forward with batch statistics.
    /// - Parameters:
    ///   - maps: each buffer `[images, channels, H, W]`, the first with the input in place.
    ///   - parameters: one per layer.
    /// - Returns: every buffer's statistics.
    public func forwardTraining(
        _ plan: KernelPlan, _ maps: [UnsafeMutableBufferPointer<Float>], images: Int, _ parameters: [LayerParameters]
    ) -> [BatchStatistics] {
        let maps = plan.checked(maps, images: images)
        plan.check(parameters)
        var statistics = plan.shapes.map { BatchStatistics(channels: $0.channels) }
        measure(plan.shapes[0], maps[0], images: images, 0..<plan.inputChannels, &statistics[0])
        for (layer, p) in zip(plan.layers, parameters) {
            let read = statistics[layer.source]
            let activations = layer.reads.enumerated().map { i, channel -> Activation in
                let scale = p.scale[i] / (read.variance[channel] + Self.epsilon).squareRoot()
                return Activation(scale: scale, shift: p.shift[i] - read.mean[channel] * scale)
            }
            let weights = PackedWeights(
                forward: p.weight, layer.kind, reads: layer.reads.count, outputs: layer.outputs,
                chunk: layer.kind.chunk,
                threads: threads
            )
            let moments = forward(
                layer, plan.shapes, maps[layer.source], maps[layer.destination], images: images, activations, weights,
                forStatistics: true)
            for (o, own) in moments.enumerated() { statistics[layer.destination].set(layer.writes + o, own) }
        }
        return statistics
    }

    /// Runs a plan backward, with batch statistics.
    /// - Parameters:
    ///   - maps: the buffers that the forward pass left.
    ///   - gradient: a buffer's gradient; asked for once it is needed, all zeros but where gradients arrive from
    ///     outside.
    ///   - finished: called with a buffer when its gradient is no longer needed; not for the first buffer, whose input
    ///     channels end up holding the gradient of the body's input.
    /// - Returns: each layer's gradients.
    public func backward(
        _ plan: KernelPlan, _ maps: [UnsafeMutableBufferPointer<Float>], images: Int, _ parameters: [LayerParameters],
        _ statistics: [BatchStatistics], gradient: (Int) throws -> UnsafeMutableBufferPointer<Float>,
        finished: (Int) -> Void
    ) rethrows -> [LayerGradients] {
        let maps = plan.checked(maps, images: images)
        plan.check(parameters)
        need(
            statistics.map(\.mean.count) == plan.shapes.map(\.channels),
            "statistics of other buffers than the plan's \(plan.shapes)")
        func checkedGradient(_ index: Int) throws -> UnsafeMutablePointer<Float> {
            checked(try gradient(index), images * plan.shapes[index].elements, "the gradient of a plan's buffer")
        }
        var corrections = plan.shapes.map { Corrections(channels: $0.channels) }
        var gradients: [LayerGradients] = []
        for (l, layer) in plan.layers.enumerated().reversed() {
            let buffers = try [layer.source, layer.destination].map { index in
                BackwardMaps(
                    shape: plan.shapes[index], values: maps[index], gradient: try checkedGradient(index),
                    statistics: statistics[index])
            }
            let incoming = corrections[layer.destination]
            gradients.append(
                backward(
                    layer, buffers[0], buffers[1], images: images, parameters[l],
                    sourceCorrections: &corrections[layer.source], incoming))
            if layer.destination != 0, !plan.layers[..<l].contains(where: { $0.destination == layer.destination }) {
                finished(layer.destination)
            }
        }
        subtract(corrections[0], plan, maps[0], try checkedGradient(0), images: images)
        return gradients.reversed()
    }

    /// The body's input has no producer here: its corrections are subtracted in place.
    private func subtract(
        _ corrections: Corrections, _ plan: KernelPlan, _ maps: UnsafePointer<Float>,
        _ gradient: UnsafeMutablePointer<Float>,
        images: Int
    ) {
        let shape = plan.shapes[0]
        nonisolated(unsafe) let (maps, gradient) = (maps, gradient)
        Workers(threads: threads).run { part, _ in
            for image in Workers.range(of: part, in: images) {
                for channel in 0..<plan.inputChannels {
                    let offset = image * shape.elements + channel * shape.pixels
                    correct(
                        gradient + offset, maps + offset, corrections[channel], gradient + offset, count: shape.pixels)
                }
            }
        }
    }
}
