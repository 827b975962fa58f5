import DenseKernels
import DenseNetArchitecture

/// What the kernels are used for, where it decides how they compute.
public enum KernelUse: Sendable {
    /// Batches of images, with the batch's own statistics, and backwards.
    case training
    /// Batches of images, with running statistics.
    case inference
    /// Images one at a time.
    case oneImage
}

extension Network {
    /// Everything between the stem and the last block's end as layers for our kernels. Buffer b is block b's maps, one
    /// behind the other: its input, then each remaining layer's output; behind the blocks' come the bottlenecks' maps.
    /// - Parameters:
    ///   - height, width: of the first block's maps.
    ///   - use: for inference the bottlenecks of a block share one buffer, as none is kept; with one image at a time
    ///     the
    ///     smallest maps are convolved by the definition.
    package func kernelPlan(height: Int, width: Int, for use: KernelUse) -> KernelPlan {
        let (growth, bottleneck) = (architecture.growthRate, architecture.bottleneck)
        var shapes: [MapShape] = []
        var (h, w) = (height, width)
        for block in blocks {
            shapes.append(MapShape(channels: block.bufferChannels, height: h, width: w))
            (h, w) = (h / 2, w / 2)
        }
        var layers: [KernelLayer] = []
        for (b, block) in blocks.enumerated() {
            let kind =
                use == .oneImage && max(shapes[b].height, shapes[b].width) <= 12 ? ConvolutionKind.direct : .winograd
            var shared: Int?
            for layer in block.layers {
                let (reads, writes) = (block.channels(of: layer.sources), block.offset(of: layer.index))
                guard bottleneck else {
                    layers.append(
                        KernelLayer(kind, source: b, reads: reads, destination: b, writes: writes, outputs: growth))
                    continue
                }
                let inner = shared ?? shapes.count
                if inner == shapes.count {
                    shapes.append(MapShape(channels: 4 * growth, height: shapes[b].height, width: shapes[b].width))
                }
                if use != .training { shared = inner }
                layers.append(
                    KernelLayer(.pointwise, source: b, reads: reads, destination: inner, writes: 0, outputs: 4 * growth)
                )
                layers.append(
                    KernelLayer(
                        kind, source: inner, reads: Array(0..<4 * growth), destination: b, writes: writes,
                        outputs: growth))
            }
            if let channels = block.transitionChannels {
                layers.append(
                    KernelLayer(
                        .pooled, source: b, reads: block.channels(of: block.endSources), destination: b + 1, writes: 0,
                        outputs: channels))
            }
        }
        return KernelPlan(shapes: shapes, inputChannels: blocks[0].nodeChannels[0], layers: layers)
    }
}

extension Network.Block {
    /// Channels of the block's input and of all remaining layers.
    var bufferChannels: Int { nodeChannels[0] + layers.reduce(0) { $0 + nodeChannels[$1.index] } }

    /// Where a remaining node starts in the block's buffer.
    func offset(of node: Int) -> Int {
        node == 0 ? 0 : nodeChannels[0] + layers.prefix { $0.index < node }.reduce(0) { $0 + nodeChannels[$1.index] }
    }

    /// The channels of nodes in the block's buffer.
    package func channels(of nodes: [Int]) -> [Int] {
        nodes.flatMap { node in
            let start = offset(of: node)
            return Array(start..<start + nodeChannels[node])
        }
    }
}

extension Network {
    /// Multiply-adds that our kernels really do for an image's forward pass, stem and classifier included.
    public func kernelMultiplyAdds(_ use: KernelUse) -> Int {
        let size = blocks[0].size
        let body = kernelPlan(height: size, width: size, for: use).multiplyAdds
        let a = architecture
        let (taps, stemSize) = (a.stem.geometry.kernel * a.stem.geometry.kernel, a.stem.convolvedSize(a.imageSize))
        let stem = taps * a.inputChannels * a.stem.channels * stemSize * stemSize
        return body + stem + blocks[blocks.count - 1].endChannels * a.classes
    }
}
