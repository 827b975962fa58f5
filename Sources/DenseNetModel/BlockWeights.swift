import DenseNetArchitecture
import Torch

/// A batch normalisation's four tensors.
struct Norm {
    let scale: Tensor
    let shift: Tensor
    let mean: Tensor
    let variance: Tensor

    init(_ name: String, _ find: (String) throws -> Tensor) throws {
        scale = try find(name + ".weight")
        shift = try find(name + ".bias")
        mean = try find(name + ".running_mean")
        variance = try find(name + ".running_var")
    }

    func callAsFunction(_ x: Tensor, training: Bool, momentum: Double) throws -> Tensor {
        try x.batchNorm(
            scale: scale, shift: shift, mean: mean, variance: variance, training: training, momentum: momentum)
    }
}

/// A dense block's weights with its end's: the transition's, or the final BN.
struct BlockWeights {
    struct Layer {
        let norm1: Norm
        let conv1: Tensor
        /// The second half of a bottleneck layer.
        let second: (norm: Norm, conv: Tensor)?
    }
    let layers: [Layer]
    let endNorm: Norm
    let transition: Tensor?

    init(_ network: Network, _ index: Int, _ find: (String) throws -> Tensor) throws {
        let block = network.blocks[index]
        layers = try block.layers.map { layer in
            let name = "features.denseblock\(index + 1).denselayer\(layer.index)"
            return Layer(
                norm1: try Norm(name + ".norm1", find), conv1: try find(name + ".conv1.weight"),
                second: network.architecture.bottleneck
                    ? (try Norm(name + ".norm2", find), try find(name + ".conv2.weight")) : nil)
        }
        if block.transitionChannels != nil {
            endNorm = try Norm("features.transition\(index + 1).norm", find)
            transition = try find("features.transition\(index + 1).conv.weight")
        } else {
            endNorm = try Norm("features.norm5", find)
            transition = nil
        }
    }
}
