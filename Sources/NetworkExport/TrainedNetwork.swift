import DenseNetArchitecture
import DenseNetRuntime
import Foundation
import WeightFiles

/// What is exported: a network with its weights, and what must be known of the images it is given.
public struct TrainedNetwork {
    /// The value it was built from.
    public let network: Network
    /// The weights by torchvision's names, `F32`, in the network's own order: exactly those it needs.
    public let weights: [(name: String, tensor: StoredTensor)]
    /// What images go through before the network.
    public let preprocessing: Preprocessing
    /// The classes' names, by label.
    public let classNames: [String]
    /// What made it, such as the version of the program.
    public let producer: String

    /// The weights as a file of theirs.
    /// - Parameter metadata: what the file says beside them.
    func safetensors(metadata: [String: String] = [:]) -> Safetensors {
        Safetensors(tensors: Dictionary(uniqueKeysWithValues: weights.map { ($0.name, $0.tensor) }), metadata: metadata)
    }

    /// A network from its parts.
    /// - Parameters:
    ///   - weights: by torchvision's names; running statistics included, counts of batches left aside.
    ///   - classNames: by label; "0", "1", ... where they are not known.
    /// - Throws: `ExportError` when the parts do not belong together, or a weight is no finite number.
    public init(
        _ network: Network, weights: [String: StoredTensor], preprocessing: Preprocessing, classNames: [String]? = nil,
        producer: String
    ) throws {
        let a = network.architecture
        guard preprocessing.mean.count == a.inputChannels, preprocessing.deviation.count == a.inputChannels else {
            throw ExportError(
                "the network takes \(a.inputChannels) channels and is normalised by \(preprocessing.mean.count) means and \(preprocessing.deviation.count) deviations; its run's config.json is another's"
            )
        }
        let names = classNames ?? (0..<a.classes).map(String.init)
        guard names.count == a.classes else {
            throw ExportError("the network tells \(a.classes) classes apart and \(names.count) have names")
        }
        self.weights = try network.weights.map { needed in
            guard let found = weights[needed.name] else { throw ExportError("the weights have no '\(needed.name)'") }
            guard found.type == "F32", found.shape == needed.shape else {
                throw ExportError(
                    "'\(needed.name)' is \(found.type) of shape \(found.shape); F32 of \(needed.shape) is exported")
            }
            guard found.floats.allSatisfy(\.isFinite) else {
                throw ExportError(
                    "'\(needed.name)' holds what is no finite number: the training diverged; export another run")
            }
            return (needed.name, found)
        }
        self.network = network
        self.preprocessing = preprocessing
        self.classNames = names
        self.producer = producer
    }
}
