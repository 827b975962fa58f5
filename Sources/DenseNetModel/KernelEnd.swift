import DenseKernels
import Torch

// What follows the last block, up to the classifier, on our kernels.
extension DenseNet {
    /// The last BN, ReLU and the mean over each map `[N, channels]`, of what the last block's end reads `[N, channels,
    /// H, W]`.
    func kernelEnd(_ maps: Tensor, training: Bool) throws -> Tensor {
        let (x, norm) = (try maps.contiguous(), blocks[blocks.count - 1].endNorm)
        let (images, shape) = (x.shape[0], MapShape(channels: x.shape[1], height: x.shape[2], width: x.shape[3]))
        let kernels = layerKernels
        kernels.threads = Runtime.threads
        guard training else {
            let out = try Tensor.empty([images, shape.channels])
            kernels.poolEnd(
                try elements(x), images: images, shape, scale: try elements(norm.scale),
                shift: try elements(norm.shift),
                mean: try elements(norm.mean), variance: try elements(norm.variance), try mutableElements(out))
            return out
        }
        var saved: BatchStatistics?
        return try customFunction("block_end", inputs: [x, norm.scale, norm.shift]) {
            let out = try Tensor.empty([images, shape.channels])
            let statistics = kernels.poolEndTraining(
                try elements(x), images: images, shape, scale: try elements(norm.scale),
                shift: try elements(norm.shift),
                try mutableElements(out))
            try updateRunning(norm, Array(0..<shape.channels), statistics, count: images * shape.pixels)
            saved = statistics
            return [out]
        } backward: { grads in
            guard let saved, let incoming = try grads[0]?.contiguous() else { return [nil, nil, nil] }
            let gradient = try Tensor.empty(x.shape)
            let own = kernels.poolEndBackward(
                try elements(x), images: images, shape, saved, scale: try elements(norm.scale),
                shift: try elements(norm.shift),
                incoming: try elements(incoming), gradient: try mutableElements(gradient))
            return [gradient, try Tensor(own.scale, [shape.channels]), try Tensor(own.shift, [shape.channels])]
        }[0]
    }

    /// Moves a reader's running statistics towards the batch's, the variance unbiased, as PyTorch does.
    func updateRunning(_ norm: Norm, _ channels: [Int], _ batch: BatchStatistics, count: Int) throws {
        let m = Float(normMomentum)
        let unbiased = Float(count) / max(1, Float(count) - 1)
        let (mean, variance) = (try mutableElements(norm.mean), try mutableElements(norm.variance))
        for (i, channel) in channels.enumerated() {
            mean[i] = (1 - m) * mean[i] + m * batch.mean[channel]
            variance[i] = (1 - m) * variance[i] + m * batch.variance[channel] * unbiased
        }
    }
}
