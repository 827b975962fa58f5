import ConnectivitySearch
import DenseNetArchitecture
import Evaluation
import Files
import Foundation
import Runs
import Strategies
import Training

/// What a transfer begins with: a run's network, what it is called, and where its weights lie.
struct TransferSource {
    let folder: RunFolder
    let network: Network
    let label: String
    /// What it was made with; `nil` where an import does not say.
    let data: DataIdentity?
    /// The search's configuration, where it is one.
    private let search: SearchConfiguration?
    var isSearch: Bool { search != nil }

    /// - Throws: `FileError` for a run without a network; `SearchError` for a search that is not finished.
    init(_ folder: RunFolder) throws {
        self.folder = folder
        switch try folder.kind() {
        case "search":
            let found = try FoundNetwork(in: folder)
            let c = found.configuration
            (search, data, label) = (c, c.data, c.foundLabel)
        case ImportConfiguration.kind:
            let c = try folder.read(ImportConfiguration.self, from: folder.configuration)
            (search, data, label) = (nil, c.data, c.label)
        default:
            try folder.expect(kind: "training")
            let c = try folder.read(TrainingConfiguration.self, from: folder.configuration)
            (search, data, label) = (nil, c.data, c.label)
        }
        network = try folder.network()
    }

    /// The network for the images and classes of another architecture.
    /// - Throws: `ArchitectureError` where it cannot take such images.
    func network(like other: Architecture) throws -> Network {
        var architecture = network.architecture
        architecture.classes = other.classes
        (architecture.imageSize, architecture.inputChannels) = (other.imageSize, other.inputChannels)
        return try Network(architecture, network.connectivity)
    }

    /// The file of the weights to inherit: the run's own, or those of the network that a search pruned.
    /// - Throws: `FileError` when there are none; `SearchError` when they have changed since the search.
    func weights() throws -> String {
        guard let search else {
            try folder.expectWeights()
            return URL(fileURLWithPath: folder.weights).standardizedFileURL.path
        }
        guard let path = search.dense else {
            throw FileError(
                "the search in \(folder.path) trained its children from scratch and has no weights; transfer what 'ads retrain' made of it"
            )
        }
        let dense = RunFolder(path)
        try dense.expectWeights()
        if let digest = search.denseDigest, try TrainedDense.digest(dense) != digest {
            throw SearchError("the weights of \(path) have changed since the search in \(folder.path) was started")
        }
        return URL(fileURLWithPath: dense.weights).standardizedFileURL.path
    }
}
