import DenseNetArchitecture
import Torch

extension DenseNet {
    /// The smaller network of a subset of this one's connections, with the weights that remain.
    ///
    /// A pruned connection's weights go with their BN scale, shift and running statistics; nothing else changes.
    /// - Throws: `WeightError.notASubset`; `ArchitectureError` when the matrices do not fit.
    public func rebuilt(_ connectivity: Connectivity) throws -> DenseNet {
        let (smaller, state) = try withoutGrad { try subset(connectivity) }
        return try DenseNet(smaller, state: state, type: type, device: device).computing(like: self)
    }

    /// The smaller network of a subset of this one's connections, for one step of training: its weights are parts of this
    /// network's, and the gradients arrive there. Its running statistics are copies.
    /// - Throws: `WeightError.notASubset`; `ArchitectureError` when the matrices do not fit.
    public func sharing(_ connectivity: Connectivity) throws -> DenseNet {
        let (smaller, state) = try subset(connectivity)
        let net = try DenseNet(smaller, state, type, device) { given, isTrained in isTrained ? given : try given.detached().clone() }
        forgetPrepared()
        // Scratch memory is worth keeping from step to step.
        net.layerKernels = layerKernels
        return net.computing(like: self)
    }

    private func computing(like other: DenseNet) -> DenseNet {
        (kernels, dropout) = (other.kernels, other.dropout)
        return self
    }

    /// The network of a subset, and the tensors it keeps.
    private func subset(_ connectivity: Connectivity) throws -> (Network, [String: Tensor]) {
        let smaller = try Network(network.architecture, connectivity)
        var state: [String: Tensor] = [:]
        for (name, tensor) in tensors { state[name] = tensor }
        for (b, (block, old)) in zip(smaller.blocks, network.blocks).enumerated() {
            let prefix = "features.denseblock\(b + 1).denselayer"
            let kept = Dictionary(uniqueKeysWithValues: block.layers.map { ($0.index, $0) })
            for oldLayer in old.layers {
                let name = prefix + "\(oldLayer.index)"
                if let layer = kept[oldLayer.index] {
                    let channels = try old.positions(of: layer.sources, among: oldLayer.sources)
                    try keep(channels, norm: name + ".norm1", convolution: name + ".conv1.weight", &state)
                } else {
                    for key in state.keys where key.hasPrefix(name + ".") { state[key] = nil }
                }
            }
            guard block.layers.allSatisfy({ layer in old.layers.contains { $0.index == layer.index } }) else {
                throw WeightError.notASubset
            }
            let channels = try old.positions(of: block.endSources, among: old.endSources)
            let isLast = block.transitionChannels == nil
            try keep(
                channels, norm: isLast ? "features.norm5" : "features.transition\(b + 1).norm",
                convolution: isLast ? "classifier.weight" : "features.transition\(b + 1).conv.weight", &state)
        }
        return (smaller, state)
    }

    /// Keeps the given input channels of a BN and of the weights behind it.
    private func keep(_ channels: [Int], norm: String, convolution: String, _ state: inout [String: Tensor]) throws {
        guard let weight = state[convolution], channels.count < weight.shape[1] else { return }
        let index = try Tensor(channels.map(Int64.init), [channels.count]).to(on: device)
        for part in ["weight", "bias", "running_mean", "running_var"] {
            state["\(norm).\(part)"] = try state["\(norm).\(part)"]?.selecting(index, dim: 0)
        }
        state[convolution] = try weight.selecting(index, dim: 1)
    }
}

extension Network.Block {
    /// Where the channels of `nodes` lie among the concatenated channels of `all`.
    func positions(of nodes: [Int], among all: [Int]) throws -> [Int] {
        var starts: [Int: Int] = [:]
        var next = 0
        for node in all {
            starts[node] = next
            next += nodeChannels[node]
        }
        return try nodes.flatMap { node -> Range<Int> in
            guard let start = starts[node] else { throw WeightError.notASubset }
            return start..<start + nodeChannels[node]
        }
    }
}
