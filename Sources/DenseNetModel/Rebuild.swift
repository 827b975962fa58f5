import DenseNetArchitecture
import Torch

extension DenseNet {
    /// The smaller network of a subset of this one's connections, with the weights that remain.
    ///
    /// A pruned connection's weights go with their BN scale, shift and running statistics; nothing else changes.
    /// - Throws: `WeightError.notASubset`; `ArchitectureError` when the matrices do not fit.
    public func rebuilt(_ connectivity: Connectivity) throws -> DenseNet {
        let began = ContinuousClock.now
        defer { PartTimes.note(.rebuilding, since: began) }
        let (smaller, state) = try withoutGrad { try subset(connectivity) }
        return try DenseNet(smaller, state: state, type: type, device: device).computing(like: self)
    }

    /// The smaller network of a subset of this one's connections, for one step of training.
    /// - Throws: `WeightError.notASubset`; `ArchitectureError` when the matrices do not fit.
    public func sharing(_ connectivity: Connectivity) throws -> SharedPart {
        let (smaller, state) = try subset(connectivity)
        let net = try DenseNet(smaller, state, type, device) { given, isTrained in
            isTrained ? given : try given.detached().clone()
        }
        forgetPrepared()
        // Scratch memory is worth keeping from step to step.
        net.layerKernels = layerKernels
        let (_, kept) = try selection(connectivity)
        return SharedPart(network: net.computing(like: self), used: try withoutGrad { try masks(kept) })
    }

    private func computing(like other: DenseNet) -> DenseNet {
        (kernels, dropout) = (other.kernels, other.dropout)
        return self
    }

    /// What a subset keeps of a tensor, where that is not all.
    private enum Kept {
        case nothing
        /// Entries of a dimension.
        case entries([Int], dim: Int)
    }

    /// The network of a subset, and the tensors it keeps.
    private func subset(_ connectivity: Connectivity) throws -> (Network, [String: Tensor]) {
        let (smaller, kept) = try selection(connectivity)
        var state: [String: Tensor] = [:]
        for (name, tensor) in tensors {
            switch kept[name] {
            case nil: state[name] = tensor
            case .nothing: break
            case .entries(let entries, let dim): state[name] = try tensor.selecting(entries, dim: dim)
            }
        }
        return (smaller, state)
    }

    /// Ones for what a subset keeps of each parameter and zeros for the rest, broadcast over other dimensions; `nil`
    /// for all of it.
    private func masks(_ kept: [String: Kept]) throws -> [Tensor?] {
        try tensors.filter { $0.tensor.requiresGrad }.map { name, tensor in
            switch kept[name] {
            case nil: return nil
            case .nothing: return try Tensor.zeros([1], type, on: device)
            case .entries(let entries, let dim):
                var values = [Float](repeating: 0, count: tensor.shape[dim])
                for entry in entries { values[entry] = 1 }
                let shape = tensor.shape.indices.map { $0 == dim ? values.count : 1 }
                return try Tensor(values, shape).to(type, on: device)
            }
        }
    }

    /// The network of a subset, and what it keeps of each tensor that it does not keep whole.
    private func selection(_ connectivity: Connectivity) throws -> (Network, [String: Kept]) {
        let smaller = try Network(network.architecture, connectivity)
        var kept: [String: Kept] = [:]
        for (b, (block, old)) in zip(smaller.blocks, network.blocks).enumerated() {
            let prefix = "features.denseblock\(b + 1).denselayer"
            let layers = Dictionary(uniqueKeysWithValues: block.layers.map { ($0.index, $0) })
            for oldLayer in old.layers {
                let name = prefix + "\(oldLayer.index)"
                if let layer = layers[oldLayer.index] {
                    let channels = try old.positions(of: layer.sources, among: oldLayer.sources)
                    keep(channels, norm: name + ".norm1", convolution: name + ".conv1.weight", &kept)
                } else {
                    for (tensor, _) in tensors where tensor.hasPrefix(name + ".") { kept[tensor] = .nothing }
                }
            }
            guard block.layers.allSatisfy({ layer in old.layers.contains { $0.index == layer.index } }) else {
                throw WeightError.notASubset
            }
            let channels = try old.positions(of: block.endSources, among: old.endSources)
            let isLast = block.transitionChannels == nil
            keep(
                channels, norm: isLast ? "features.norm5" : "features.transition\(b + 1).norm",
                convolution: isLast ? "classifier.weight" : "features.transition\(b + 1).conv.weight", &kept)
        }
        return (smaller, kept)
    }

    /// Keeps the given input channels of a BN and of the weights behind it.
    private func keep(_ channels: [Int], norm: String, convolution: String, _ kept: inout [String: Kept]) {
        guard let weight = byName[convolution], channels.count < weight.shape[1] else { return }
        for part in ["weight", "bias", "running_mean", "running_var"] {
            kept["\(norm).\(part)"] = .entries(channels, dim: 0)
        }
        kept[convolution] = .entries(channels, dim: 1)
    }
}

/// A part of a network that shares its weights, for one step of training.
public struct SharedPart {
    /// The part: its weights are parts of the whole network's, and the gradients arrive there. Its running statistics
    /// are copies.
    public let network: DenseNet
    /// Ones for what it uses of each of the whole network's parameters, in their order, and zeros for the rest,
    /// broadcast; `nil` where it uses all.
    public let used: [Tensor?]
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
