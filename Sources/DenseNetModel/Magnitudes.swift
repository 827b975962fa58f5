import DenseNetArchitecture
import Torch

extension DenseNet {
    /// How strongly each row of a block reads each node, relative to the row's other nodes: per block, by row (a
    /// layer's index; one more than there are layers for the block's end), by node.
    ///
    /// The root mean square over a node's channels of the channel's BN scale times the norm of the weights behind it.
    /// Network Slimming (arXiv 1708.06519) ranks channels by the scale alone, CondenseNet (arXiv 1711.09224) by the
    /// weights alone; what a channel adds to the convolution's output has both as factors. A row's mean is 1: its
    /// readers normalise its output, so that only the shares within a row mean something.
    public func magnitudes() throws -> [[Int: [Int: Double]]] {
        try network.blocks.indices.map { index in
            let (block, weights) = (network.blocks[index], blocks[index])
            var rows: [Int: [Int: Double]] = [:]
            for (layer, own) in zip(block.layers, weights.layers) {
                rows[layer.index] = try Self.magnitudes(own.norm1.scale, own.conv1, layer.sources, block.nodeChannels)
            }
            rows[network.architecture.blocks[index] + 1] = try Self.magnitudes(
                weights.endNorm.scale, weights.transition ?? classifier.weight, block.endSources, block.nodeChannels)
            return rows
        }
    }

    private static func magnitudes(
        _ scale: Tensor, _ weight: Tensor, _ nodes: [Int], _ channels: [Int]
    ) throws -> [Int: Double] {
        // [out, in] or [out, in, k, k] -> [in]
        let squares = try withoutGrad {
            try (weight.pow(2).sum(weight.shape.count == 4 ? [0, 2, 3] : [0]) * scale.pow(2)).doubles()
        }
        let mean = max(1e-30, squares.reduce(0, +) / Double(squares.count))
        var (start, found) = (0, [Int: Double]())
        for node in nodes {
            let own = squares[start..<start + channels[node]]
            found[node] = (own.reduce(0, +) / Double(own.count) / mean).squareRoot()
            start += channels[node]
        }
        return found
    }
}
