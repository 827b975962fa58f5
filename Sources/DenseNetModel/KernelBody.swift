import DenseKernels
import DenseNetArchitecture
import DenseNetRuntime
import Torch

// Everything between the stem and the last block's end on our kernels, joined to autograd as one custom function.
extension DenseNet {
    /// Whether the network runs on our kernels: in float32 on CPU without dropout.
    func usesKernels(training: Bool) -> Bool {
        // With running statistics the kernels have no backward pass.
        kernels != .torch && type == .float32 && device == .cpu && (dropout == 0 || !training)
            && (training || !isGradEnabled)
    }

    /// What the last block's end reads `[N, channels, H, W]`, from the stem's output.
    func kernelBody(_ input: Tensor, training: Bool) throws -> Tensor {
        let (x, shape) = (try input.contiguous(), input.shape)
        // Each transition halves the maps; libtorch refuses such images as well, our kernels would stop the program.
        guard shape.count == 4, shape[0] > 0, min(shape[2], shape[3]) >> (network.blocks.count - 1) > 0 else {
            throw TorchError(
                operation: "dense_blocks", shapes: [shape],
                reason: "there are no images, or their maps are too small for \(network.blocks.count) blocks")
        }
        layerKernels.threads = Runtime.threads
        let buffer = try training ? bodyTraining(x) : bodyInference(x)
        let last = network.blocks[network.blocks.count - 1]
        return last.endChannels == buffer.shape[1]
            ? buffer : try buffer.selecting(last.channels(of: last.endSources), dim: 1)
    }

    private func bodyInference(_ x: Tensor) throws -> Tensor {
        let (prepared, last) = (try preparedPlan(x.shape), network.blocks.count - 1)
        let shape = prepared.plan.shapes[last]
        let out = try Tensor.empty([x.shape[0], shape.channels, shape.height, shape.width])
        layerKernels.infer(prepared, try elements(x), images: x.shape[0], output: last, try mutableElements(out))
        return out
    }

    /// The packed weights, made anew when a weight changed.
    private func preparedPlan(_ shape: [Int]) throws -> PreparedPlan {
        let versions = tensors.reduce(0) { $0 &+ $1.tensor.version }
        if prepared.versions != versions { prepared = PreparedInference(versions: versions) }
        let key = PreparedInference.Key(height: shape[2], width: shape[3], use: shape[0] == 1 ? .oneImage : .inference)
        if let held = prepared.plans[key] { return held }
        let plan = network.kernelPlan(height: key.height, width: key.width, for: key.use)
        let layers = kernelLayers
        let packed = try withParameters(layers) { parameters in
            PreparedPlan(
                plan, parameters, means: try layers.map { try elements($0.norm.mean) },
                variances: try layers.map { try elements($0.norm.variance) })
        }
        // Images of many sizes, one after the other, do not add up.
        if prepared.plans.count == 4 { prepared.plans = [:] }
        prepared.plans[key] = packed
        return packed
    }

    /// Forgets what was prepared: a training step writes running statistics and weights behind libtorch's count of
    /// versions.
    func forgetPrepared() {
        prepared = PreparedInference(versions: nil)
        preparedStem = nil
    }

    /// Milliseconds that each layer of each block and each transition take for one image, on our kernels.
    /// - Returns: per block, its layers' in order, bottlenecks included, and the transition's behind it (0 after the
    ///   last).
    /// - Throws: `TorchError`.
    public func layerMilliseconds(repetitions: Int) throws -> [(layers: [Double], transition: Double)] {
        guard let first = network.blocks.first else { return [] }
        layerKernels.threads = Runtime.threads
        var times = layerKernels.layerMilliseconds(
            try preparedPlan([1, 0, first.size, first.size]), repetitions: repetitions)[...]
        let perLayer = network.architecture.bottleneck ? 2 : 1
        return network.blocks.map { block in
            let layers = block.layers.map { _ in
                defer { times = times.dropFirst(perLayer) }
                return times.prefix(perLayer).reduce(0, +)
            }
            return (layers, block.transitionChannels == nil ? 0 : times.popFirst() ?? 0)
        }
    }

    private func bodyTraining(_ x: Tensor) throws -> Tensor {
        let layers = kernelLayers
        let plan = network.kernelPlan(height: x.shape[2], width: x.shape[3], for: .training)
        let (kernels, images, last) = (layerKernels, x.shape[0], network.blocks.count - 1)
        let inputs = [x] + layers.flatMap { [$0.norm.scale, $0.norm.shift, $0.weight] }
        var saved: (buffers: [Tensor], statistics: [BatchStatistics])?
        let outputs = try customFunction("dense_blocks", inputs: inputs) {
            let buffers = try startBuffers(plan, x)
            let statistics = try withParameters(layers) { parameters in
                kernels.forwardTraining(plan, try buffers.map(mutableElements), images: images, parameters)
            }
            for (layer, w) in zip(plan.layers, layers) {
                try updateRunning(
                    w.norm, layer.reads, statistics[layer.source], count: images * plan.shapes[layer.source].pixels)
            }
            saved = (buffers, statistics)
            return [buffers[last]]
        } backward: { grads in
            guard let saved, let incoming = grads[0] else { return inputs.map { _ in nil } }
            // A buffer's gradient lives from its first reader to its last producer.
            var gradients = [Tensor?](repeating: nil, count: plan.shapes.count)
            gradients[last] = try incoming.clone().contiguous()
            let results = try withParameters(layers) { parameters in
                try kernels.backward(
                    plan, try saved.buffers.map(mutableElements), images: images, parameters, saved.statistics
                ) { index in
                    let gradient = try gradients[index] ?? Tensor.zeros(saved.buffers[index].shape)
                    gradients[index] = gradient
                    return try mutableElements(gradient)
                } finished: {
                    gradients[$0] = nil
                }
            }
            var out: [Tensor?] = [try gradients[0]?.narrowed(1, from: 0, count: plan.inputChannels)]
            for (layer, result) in zip(layers, results) {
                out.append(try Tensor(result.scale, [result.scale.count]))
                out.append(try Tensor(result.shift, [result.shift.count]))
                out.append(try Tensor(result.weight, layer.weight.shape))
            }
            return out
        }
        return outputs[0]
    }

    /// A plan's buffers with the body's input in place.
    private func startBuffers(_ plan: KernelPlan, _ x: Tensor) throws -> [Tensor] {
        let buffers = try plan.shapes.map { try Tensor.empty([x.shape[0], $0.channels, $0.height, $0.width]) }
        try buffers[0].narrowed(1, from: 0, count: plan.inputChannels).assign(x)
        return buffers
    }

    /// The tensors of each layer of a plan, in its order.
    private var kernelLayers: [KernelWeights] {
        blocks.flatMap { block in
            var layers = block.layers.flatMap { layer in
                [KernelWeights(norm: layer.norm1, weight: layer.conv1)]
                    + (layer.second.map { [KernelWeights(norm: $0.norm, weight: $0.conv)] } ?? [])
            }
            if let transition = block.transition {
                layers.append(KernelWeights(norm: block.endNorm, weight: transition))
            }
            return layers
        }
    }
}

/// Weights packed for inference, and the sum of the tensors' versions that they were packed from.
struct PreparedInference {
    /// What a plan depends on.
    struct Key: Hashable {
        let height: Int
        let width: Int
        let use: KernelUse
    }
    let versions: Int?
    var plans: [Key: PreparedPlan] = [:]
}

/// BN and convolution of one layer of a plan.
private struct KernelWeights {
    let norm: Norm
    let weight: Tensor
}

/// The layers' parameters where they lie.
private func withParameters<Result>(
    _ layers: [KernelWeights], _ body: ([LayerParameters]) throws -> Result
) throws -> Result {
    let parameters = try layers.map {
        LayerParameters(
            scale: try elements($0.norm.scale), shift: try elements($0.norm.shift), weight: try elements($0.weight))
    }
    return try withExtendedLifetime(layers) { try body(parameters) }
}

/// The elements of a tensor to be written, valid while the tensor lives: the kernels are handed memory for a call,
/// during which the caller holds the tensor.
func mutableElements(_ tensor: Tensor) throws -> UnsafeMutableBufferPointer<Float> {
    try tensor.withUnsafeElements(Float.self) { $0 }
}

/// The elements of a tensor to be read, as above.
func elements(_ tensor: Tensor) throws -> UnsafeBufferPointer<Float> {
    UnsafeBufferPointer(try mutableElements(tensor))
}
