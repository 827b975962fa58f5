import DenseNetModel
import Files
import Runs
import Torch
import WeightFiles

extension RunFolder {
    /// The run's network with its weights.
    /// - Throws: `FileError`, `WeightError`.
    public func model(device: Device = .cpu) throws -> DenseNet {
        let network = try network()
        do {
            return try DenseNet(network, state: Safetensors(verifying: weights).torchTensors(), device: device)
        } catch let error as WeightError {
            throw FileError("\(weights): \(error)")
        }
    }

    /// Writes a network's weights as the run's, with the digest of their arrays.
    /// - Throws: `FileError`.
    package func writeWeights(of net: DenseNet) throws {
        try Safetensors(
            tensors: Dictionary(uniqueKeysWithValues: net.tensors.map { ($0.name, try StoredTensor($0.tensor)) })
        )
        .writeWithDigest(to: weights)
    }
}
