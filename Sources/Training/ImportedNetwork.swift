import DenseNetArchitecture
import DenseNetModel
import Files
import Foundation
import NetworkImport
import Randomness
import Runs
import Torch
import WeightFiles

extension NetworkImport {
    /// The network and its weights for a number of classes; where the file has others, with a fresh classifier.
    /// - Parameter seed: decides the fresh classifier, as it does a training's.
    /// - Throws: `ArchitectureError`, `TorchError`.
    package func with(classes: Int, seed: UInt64) throws -> (network: Network, weights: [String: StoredTensor]) {
        guard network.architecture.classes != classes else { return (network, weights) }
        var architecture = network.architecture
        architecture.classes = classes
        let other = try Network(architecture, network.connectivity)
        let fresh = try DenseNet(
            other, generator: Generator(seed: SeededGenerator(seed: seed, stream: 2).state), initialization: .fanIn)
        var weights = weights
        for name in ["classifier.weight", "classifier.bias"] {
            weights[name] = try fresh.state[name].map(StoredTensor.init)
        }
        return (other, weights)
    }

    /// A file's weights as a training starts from them: those of a network, or of the dense one it is a part of.
    /// - Parameters:
    ///   - network: what is trained.
    ///   - tell: told what was changed in them, a sentence each.
    /// - Throws: `FileError` when they are those of neither; `WeightError` when it has connections that they have not.
    package static func start(
        of path: String, for network: Network, seed: UInt64, device: Device = .cpu, tell: (String) -> Void = { _ in }
    ) throws -> DenseNet {
        let imported = try forTraining(path, network)
        let (classes, given) = (network.architecture.classes, imported.network.architecture.classes)
        let (own, weights) = try imported.with(classes: classes, seed: seed)
        imported.changes.forEach(tell)
        if given != classes { tell("the classifier of \(given) classes was replaced by a fresh one of \(classes)") }
        let state = try Safetensors(tensors: weights).torchTensors()
        return try DenseNet(own, state: state, device: device).rebuilt(network.connectivity)
    }

    /// Reads a file as weights of a network that is trained. A run's weights have the connections that the run says.
    private static func forTraining(_ path: String, _ network: Network) throws -> NetworkImport {
        try Safetensors.checkDigest(of: path)
        if let folder = RunFolder(ofWeights: path) {
            return try NetworkImport(
                contentsOf: path, as: Network(network.architecture, folder.network().connectivity))
        }
        do {
            return try NetworkImport(contentsOf: path, as: Network(network.architecture))
        } catch let error as FileError {
            let isDense = network.connectivity == .dense(network.architecture)
            guard !isDense, let own = try? NetworkImport(contentsOf: path, as: network) else { throw error }
            return own
        }
    }
}

extension RunFolder {
    /// The run whose weights a file is; `nil` where it is none's.
    package init?(ofWeights path: String) {
        let url = URL(fileURLWithPath: path).standardizedFileURL
        let folder = RunFolder(url.deletingLastPathComponent().path)
        guard URL(fileURLWithPath: folder.weights).lastPathComponent == url.lastPathComponent, folder.exists,
            FileManager.default.fileExists(atPath: folder.architecture)
        else { return nil }
        self = folder
    }
}
