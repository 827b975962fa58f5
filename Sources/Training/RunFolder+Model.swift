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
}
