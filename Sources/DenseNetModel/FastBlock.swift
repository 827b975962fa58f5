import DenseKernels
import DenseNetArchitecture
import Torch

// The dense block on our kernels, joined to autograd as one custom function.
extension DenseNet {
    /// Whether a block runs on our kernels: plain layers in float32 on CPU without dropout.
    func usesBlockKernels(for block: Network.Block, training: Bool) -> Bool {
        guard kernels == .swift || (kernels == .automatic && DenseBlockKernels.areFast) else { return false }
        let fits = !network.architecture.bottleneck && type == .float32 && device == .cpu && !block.layers.isEmpty
        // With running statistics the kernels have no backward pass.
        return fits && (dropout == 0 || !training) && (training || !isGradEnabled)
    }

    /// The block's buffer `[N, channels, H, W]`: its input, then each remaining layer's output.
    func fastBlock(_ input: Tensor, _ block: Network.Block, _ weights: BlockWeights, training: Bool) throws -> Tensor {
        let x = try input.contiguous()
        let plan = block.plan(height: x.shape[2], width: x.shape[3])
        let images = x.shape[0]
        let kernels = blockKernels
        kernels.threads = Runtime.threads
        guard training else {
            let buffer = try startBuffer(plan, x)
            try withParameters(weights) { parameters in
                try pointers(weights.layers.map(\.norm1.mean)) { means in
                    try pointers(weights.layers.map(\.norm1.variance)) { variances in
                        try buffer.withUnsafeElements(Float.self) { maps in
                            guard let base = maps.baseAddress else { return }
                            kernels.forwardEvaluation(
                                plan, base, images: images, parameters, means: means, variances: variances)
                        }
                    }
                }
            }
            return buffer
        }
        let inputs = [x] + weights.layers.flatMap { [$0.norm1.scale, $0.norm1.shift, $0.conv1] }
        var saved: (maps: Tensor, statistics: BatchStatistics)?
        let outputs = try customFunction("dense_block", inputs: inputs) {
            let buffer = try startBuffer(plan, x)
            let statistics = try withParameters(weights) { parameters in
                try buffer.withUnsafeElements(Float.self) { maps in
                    guard let base = maps.baseAddress else { return BatchStatistics.none }
                    return kernels.forwardTraining(plan, base, images: images, parameters)
                }
            }
            try updateRunning(weights, plan, statistics, elements: images * plan.height * plan.width)
            saved = (buffer, statistics)
            return [buffer]
        } backward: { grads in
            guard let saved, let incoming = grads[0] else { return inputs.map { _ in nil } }
            let gradient = try incoming.clone().contiguous()
            let results = try withParameters(weights) { parameters in
                try saved.maps.withUnsafeElements(Float.self) { maps in
                    try gradient.withUnsafeElements(Float.self) { grad in
                        guard let m = maps.baseAddress, let g = grad.baseAddress else { return [DenseLayerGradients]() }
                        return kernels.backward(plan, m, images: images, parameters, saved.statistics, gradient: g)
                    }
                }
            }
            var out: [Tensor?] = [try gradient.narrowed(1, from: 0, count: plan.inputChannels)]
            for (layer, result) in zip(weights.layers, results) {
                out.append(try Tensor(result.scale, [result.scale.count]))
                out.append(try Tensor(result.shift, [result.shift.count]))
                out.append(try Tensor(result.weight, layer.conv1.shape))
            }
            return out
        }
        return outputs[0]
    }

    /// A buffer with the block's input in place.
    private func startBuffer(_ plan: DenseBlockPlan, _ x: Tensor) throws -> Tensor {
        let buffer = try Tensor.empty([x.shape[0], plan.channels, plan.height, plan.width])
        try buffer.narrowed(1, from: 0, count: plan.inputChannels).assign(x)
        return buffer
    }

    /// Moves every reader's running statistics towards the batch's, the variance unbiased, as PyTorch does.
    private func updateRunning(
        _ weights: BlockWeights, _ plan: DenseBlockPlan, _ statistics: BatchStatistics, elements: Int
    ) throws {
        let m = Float(normMomentum)
        let unbiased = Float(elements) / Float(max(1, elements - 1))
        for (layer, w) in zip(plan.layers, weights.layers) {
            try w.norm1.mean.withUnsafeElements(Float.self) { mean in
                for (i, channel) in layer.reads.enumerated() { mean[i] = (1 - m) * mean[i] + m * statistics.mean[channel] }
            }
            try w.norm1.variance.withUnsafeElements(Float.self) { variance in
                for (i, channel) in layer.reads.enumerated() {
                    variance[i] = (1 - m) * variance[i] + m * statistics.variance[channel] * unbiased
                }
            }
        }
    }
}

/// The layers' parameters where they lie.
private func withParameters<Result>(_ weights: BlockWeights, _ body: ([DenseLayerParameters]) throws -> Result) throws -> Result {
    try pointers(weights.layers.map(\.norm1.scale)) { scales in
        try pointers(weights.layers.map(\.norm1.shift)) { shifts in
            try pointers(weights.layers.map(\.conv1)) { convs in
                try body(
                    scales.indices.map { DenseLayerParameters(scale: scales[$0], shift: shifts[$0], weight: convs[$0]) })
            }
        }
    }
}

/// The first elements of several tensors, valid inside `body`.
private func pointers<Result>(_ tensors: [Tensor], _ body: ([UnsafePointer<Float>]) throws -> Result) throws -> Result {
    let bases = try tensors.map { tensor in
        try tensor.withUnsafeElements(Float.self) { elements -> UnsafePointer<Float> in
            guard let base = elements.baseAddress else { preconditionFailure("a layer's tensor has no elements") }
            return UnsafePointer(base)
        }
    }
    return try withExtendedLifetime(tensors) { try body(bases) }
}

extension Network.Block {
    /// Where each remaining node starts in the block's buffer.
    private var offsets: [Int: Int] {
        var offsets = [0: 0]
        var next = nodeChannels[0]
        for layer in layers {
            offsets[layer.index] = next
            next += nodeChannels[layer.index]
        }
        return offsets
    }

    private func channels(of nodes: [Int]) -> [Int] {
        let offsets = offsets
        return nodes.flatMap { node in
            let start = offsets[node] ?? 0
            return Array(start..<start + nodeChannels[node])
        }
    }

    func plan(height: Int, width: Int) -> DenseBlockPlan {
        let offsets = offsets
        return DenseBlockPlan(
            height: height, width: width, inputChannels: nodeChannels[0], growthRate: nodeChannels[1],
            layers: layers.map { DenseBlockPlan.Layer(reads: channels(of: $0.sources), writes: offsets[$0.index] ?? 0) })
    }

    /// The channels of the buffer that the end reads; the buffer itself when that is all of it.
    func selectEnd(of buffer: Tensor) throws -> Tensor {
        endChannels == buffer.shape[1] ? buffer : try buffer.selecting(channels(of: endSources), dim: 1)
    }
}
