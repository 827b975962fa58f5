import DenseNetModel
import Files
import Foundation
import Runs
import Torch
import WeightFiles

extension RunFolder {
    /// A training's finished epochs; none where it has not written any.
    /// - Throws: `FileError` that names the line.
    public func epochs() throws -> [EpochMetrics] {
        guard FileManager.default.fileExists(atPath: metrics) else { return [] }
        return try AtomicFile.read(metrics).split(separator: 0x0A).enumerated().map { number, line in
            do {
                return try Self.decoder.decode(EpochMetrics.self, from: Data(line))
            } catch {
                throw FileError("\(metrics), line \(number + 1) is no epoch's JSON")
            }
        }
    }

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
