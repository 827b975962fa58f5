import DenseNetArchitecture
import DenseNetModel
import Files
import Foundation
import ImageData
import Runs
import Strategies
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
    /// - Throws: `FileError`; `SearchError` when it is another network than the search's, has changed, or has seen the
    ///   images that the search validates on.
    package init(of context: EvaluationContext, for what: String) throws {
        let plan = context.plan
        let (dense, origin) = try Self.check(plan, context.data, for: what)
        dense.kernels = plan.machine.kernels
        // Its weights know images as it was trained on them.
        self.init(dense, context.children.normalized(as: origin.normalization), plan.settings)
    }

    /// The dense network that a search's configuration names, checked as for the search, and how it was trained.
    /// - Throws: as above.
    @discardableResult
    package static func check(
        _ plan: EvaluationPlan, _ data: DataSet, for what: String
    ) throws
        -> (network: DenseNet, origin: WeightOrigin)
    {
        guard let path = plan.dense else {
            throw SearchError("\(what) a trained dense network; give its run with --dense")
        }
        let run = RunFolder(path)
        let dense = try run.model(device: Device(named: plan.machine.device))
        guard try digest(run) == plan.denseDigest else {
            throw SearchError("the weights of \(path) have changed since the search was started")
        }
        guard dense.network == (try Network(plan.space.architecture)) else {
            throw SearchError("\(path) holds another network than the dense one of this search")
        }
        let origin = try run.weightOrigin()
        switch origin {
        case .imported:
            // What it was trained on is not known, whatever the seed.
            guard origin.data?.digest == data.digest else {
                throw SearchError(
                    "\(path) was imported for \(origin.data.map { "another data set, \($0.name)" } ?? "no data set"); import its file with --data \(data.name)"
                )
            }
        case .trained(let trained):
            guard trained.data.digest == data.digest else {
                throw SearchError(
                    "\(path) was trained on other images (\(trained.data.name), SHA-256 \(trained.data.digest.prefix(8).inSentence)) than these (\(data.name), SHA-256 \(data.digest.prefix(8))); train it on these, with --seed \(plan.seed)"
                )
            }
            guard trained.seed == plan.seed, !trained.allData else {
                throw SearchError(
                    "\(path) was trained on images that are held out here (another seed, or --all-data); train it with --seed \(plan.seed)"
                )
            }
        }
        return (dense, origin)
    }

    /// The network as strategies look into it.
    package var pruned: PrunedDense { PrunedDense(network) { net, seed in try tune(net, seed: seed) } }

    /// Tunes a part of the network shortly, as an inheriting child is.
    /// - Returns: the training images seen.
    func tune(_ net: DenseNet, seed: UInt64) throws -> Int {
        var tuning = EvaluatorSettings(.inherit)
        (tuning.epochs, tuning.batchSize) = (settings.epochs, settings.batchSize)
        tuning.augmentation = settings.augmentation
        if settings.inherits { tuning.learningRate = settings.learningRate }
        return try tuning.train(net, data, seed: seed, length: settings.epochs > 0 ? 1 : 0)
    }

    /// The digest of a run's weights.
    public static func digest(_ run: RunFolder) throws -> String {
        try fileDigest(run.weights)
    }
}
