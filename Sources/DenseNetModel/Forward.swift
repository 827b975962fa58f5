import DenseNetArchitecture
import Torch

extension DenseNet {
    /// The logits `[N, classes]` of images `[N, C, H, W]`.
    ///
    /// In training BN uses the batch's statistics and updates the running ones; otherwise it uses the running ones.
    /// - Throws: `TorchError` when the images do not fit.
    public func callAsFunction(_ images: Tensor, training: Bool) throws -> Tensor {
        if training { forgetPrepared() }
        let usesKernels = usesKernels(training: training)
        if device == .cpu { try Runtime.setLibtorchThreads(usesKernels ? 1 : Runtime.threads) }
        var x = try usesKernels && !training ? kernelStem(images) : stemOutput(images, training: training)
        if usesKernels {
            x = try kernelEnd(kernelBody(x, training: training), training: training)
        } else {
            x = try body(x, training: training)
            x = try blocks[blocks.count - 1].endNorm(x, training: training, momentum: normMomentum).relu().mean([2, 3])
        }
        return try x.linear(classifier.weight, classifier.bias)
    }

    /// The stem's output `[N, channels, H, W]` of images, by libtorch's operations.
    func stemOutput(_ images: Tensor, training: Bool) throws -> Tensor {
        let geometry = network.architecture.stem.geometry
        let x = try images.conv2d(stem, stride: geometry.stride, padding: geometry.padding)
        guard let stemNorm else { return x }
        return try stemNorm(x, training: training, momentum: normMomentum).relu().maxPool(3, stride: 2, padding: 1)
    }

    /// What the last block's end reads `[N, channels, H, W]`, from the stem's output, by libtorch's operations.
    func body(_ input: Tensor, training: Bool) throws -> Tensor {
        var x = input
        for (block, weights) in zip(network.blocks, blocks) {
            x = try blockOutput(x, block, weights, training: training)
            guard let transition = weights.transition else { continue }
            x = try weights.endNorm(x, training: training, momentum: normMomentum).relu()
            // Average pooling and a 1×1 convolution commute; pooling first is a quarter of the work.
            x = try x.averagePool(2, stride: 2).conv2d(transition)
            if dropout > 0 { x = try x.dropout(dropout, training: training) }
        }
        return x
    }

    /// What a block's end reads, concatenated.
    private func blockOutput(
        _ x: Tensor, _ block: Network.Block, _ weights: BlockWeights, training: Bool
    ) throws -> Tensor {
        var nodes: [Int: Tensor] = [0: x]
        for (layer, w) in zip(block.layers, weights.layers) {
            let read = layer.sources.compactMap { nodes[$0] }
            var y = read.count == 1 ? read[0] : try Tensor.concatenated(read, dim: 1)
            y = try w.norm1(y, training: training, momentum: normMomentum).relu()
            if let second = w.second {
                y = try y.conv2d(w.conv1)
                if dropout > 0 { y = try y.dropout(dropout, training: training) }
                y = try second.norm(y, training: training, momentum: normMomentum).relu().conv2d(
                    second.conv, padding: 1)
            } else {
                y = try y.conv2d(w.conv1, padding: 1)
            }
            if dropout > 0 { y = try y.dropout(dropout, training: training) }
            nodes[layer.index] = y
        }
        let end = block.endSources.compactMap { nodes[$0] }
        return end.count == 1 ? end[0] : try Tensor.concatenated(end, dim: 1)
    }
}
