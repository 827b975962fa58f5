import Crypto
import DenseNetArchitecture
import DenseNetModel
import Files
import Foundation
import ImageData
import Runs
import Torch
import Training

/// A trained dense network, and what parts of it are tuned on.
public struct TrainedDense {
    /// The network.
    public let network: DenseNet
    let data: ChildData
    let settings: EvaluatorSettings

    /// A trained network with the data and numbers of a search.
    public init(_ network: DenseNet, _ data: ChildData, _ settings: EvaluatorSettings) {
        self.network = network
        self.data = data
        self.settings = settings
    }

    /// The network a search's configuration names, on the search's device.
    /// - Throws: `FileError`; `SearchError` when it is another network than the search's, has changed, or has seen the images
    ///   that the search validates on.
    init(of configuration: SearchConfiguration, _ data: DataSet, _ children: ChildData, for what: String) throws {
        let (dense, trained) = try Self.check(configuration, data, for: what)
        dense.kernels = configuration.machine.kernels
        // Its weights know images as it was trained on them.
        self.init(dense, children.normalized(as: trained.normalization), configuration.evaluator)
    }

    /// The dense network that a search's configuration names, checked as for the search, and how it was trained.
    /// - Throws: as above.
    @discardableResult
    package static func check(_ configuration: SearchConfiguration, _ data: DataSet, for what: String) throws
        -> (network: DenseNet, trained: TrainingConfiguration)
    {
        guard let path = configuration.dense else { throw SearchError("\(what) a trained dense network; give its run with --dense") }
        let run = RunFolder(path)
        let dense = try run.model(device: Device(named: configuration.machine.device))
        guard try digest(run) == configuration.denseDigest else {
            throw SearchError("the weights of \(path) have changed since the search was started")
        }
        guard dense.network == (try Network(configuration.architecture)) else {
            throw SearchError("\(path) holds another network than the dense one of this search")
        }
        let trained = try run.read(TrainingConfiguration.self, from: run.configuration)
        guard trained.seed == configuration.seed, !trained.allData, trained.data.digest == data.digest else {
            throw SearchError(
                "\(path) was trained on images that this search validates on (another seed, data set or --all-data); train it with --seed \(configuration.seed)")
        }
        return (dense, trained)
    }

    /// Tunes a part of the network shortly, as an inheriting child is.
    /// - Returns: the training images seen.
    func tune(_ net: DenseNet, seed: UInt64) throws -> Int {
        var tuning = EvaluatorSettings(.inherit)
        (tuning.epochs, tuning.batchSize) = (settings.epochs, settings.batchSize)
        if settings.kind == .inherit { tuning.learningRate = settings.learningRate }
        return try tuning.train(net, data, seed: seed, length: settings.epochs > 0 ? 1 : 0)
    }

    /// The digest of a run's weights.
    public static func digest(_ run: RunFolder) throws -> String {
        SHA256.hash(data: try AtomicFile.read(run.weights, mapped: true)).map { String(format: "%02x", $0) }.joined()
    }
}
