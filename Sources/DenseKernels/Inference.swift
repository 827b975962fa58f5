/// A plan with its weights packed and its BNs folded to one multiply-add a channel: what inference needs, made once.
public struct PreparedPlan: Sendable {
    /// The plan.
    public let plan: KernelPlan
    let layers: [(activations: [Activation], weights: PackedWeights)]

    /// Prepares a plan with each reader's running statistics: `means[i]`, `variances[i]` of layer i.
    public init(
        _ plan: KernelPlan, _ parameters: [LayerParameters], means: [UnsafeBufferPointer<Float>],
        variances: [UnsafeBufferPointer<Float>]
    ) {
        plan.check(parameters)
        need(means.count == plan.layers.count && variances.count == means.count, "running statistics of other layers")
        self.plan = plan
        layers = plan.layers.indices.map { l in
            let (layer, p) = (plan.layers[l], parameters[l])
            let mean = checked(means[l], layer.reads.count, "a layer's running mean")
            let variance = checked(variances[l], layer.reads.count, "a layer's running variance")
            let activations = layer.reads.indices.map { i -> Activation in
                let scale = p.scale[i] / (variance[i] + LayerKernels.epsilon).squareRoot()
                return Activation(scale: scale, shift: p.shift[i] - mean[i] * scale)
            }
            return (
                activations,
                PackedWeights(
                    forward: p.weight, layer.kind, reads: layer.reads.count, outputs: layer.outputs,
                    chunk: layer.kind.chunk)
            )
        }
    }
}

extension LayerKernels {
    /// Images one thread takes through a whole plan before it takes the next: few, so that their maps stay in its
    /// cache; four, so that the smallest maps' tiles fill vectors.
    package static let group = 4

    /// Runs a plan on images `[images, inputChannels, H, W]` and writes one buffer `[images, channels, H, W]`.
    ///
    /// Enough images are shared out among the threads, each taking its own through all layers; with fewer all threads
    /// work on the same layer.
    public func infer(
        _ prepared: PreparedPlan, _ input: UnsafeBufferPointer<Float>, images: Int, output: Int,
        _ out: UnsafeMutableBufferPointer<Float>
    ) {
        let plan = prepared.plan
        need(images >= 1 && plan.shapes.indices ~= output, "\(images) images, buffer \(output) of \(plan.shapes.count)")
        nonisolated(unsafe) let input = checked(
            input, images * plan.inputChannels * plan.shapes[0].pixels, "a body's input")
        nonisolated(unsafe) let out = checked(out, images * plan.shapes[output].elements, "a body's output")
        guard threads > 1, images >= Self.group * threads else {
            for first in stride(from: 0, to: images, by: Self.group) {
                inferGroup(prepared, input, first..<min(first + Self.group, images), output: output, out)
            }
            return
        }
        while helpers.count < threads { helpers.append(LayerKernels(threads: 1)) }
        let groups = (images + Self.group - 1) / Self.group
        nonisolated(unsafe) let helpers = helpers
        // Images do not depend on one another: results are the same bits whoever computes them.
        Workers(threads: threads).run(parts: groups) { group, worker in
            let first = group * Self.group
            helpers[worker].inferGroup(prepared, input, first..<min(first + Self.group, images), output: output, out)
        }
    }

    private func inferGroup(
        _ prepared: PreparedPlan, _ input: UnsafePointer<Float>, _ images: Range<Int>, output: Int,
        _ out: UnsafeMutablePointer<Float>
    ) {
        let plan = prepared.plan
        let offsets = plan.shapes.reduce(into: [0]) { $0.append($0[$0.count - 1] + images.count * $1.elements) }
        let memory = mapScratch.elements(offsets[plan.shapes.count])
        let first = plan.shapes[0]
        for (i, image) in images.enumerated() {
            let count = plan.inputChannels * first.pixels
            (memory + i * first.elements).update(from: input + image * count, count: count)
        }
        for (layer, own) in zip(plan.layers, prepared.layers) {
            _ = forward(
                layer, plan.shapes, memory + offsets[layer.source], memory + offsets[layer.destination],
                images: images.count,
                own.activations, own.weights, forStatistics: false)
        }
        let last = plan.shapes[output]
        (out + images.lowerBound * last.elements).update(
            from: memory + offsets[output], count: images.count * last.elements)
    }
}
