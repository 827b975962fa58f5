import DenseNetArchitecture
import DenseNetModel
import Torch
import Training

/// Rebuilds each child from a trained dense network, tunes it shortly and recomputes its BN statistics.
public struct InheritEvaluator: Evaluator {
    let dense: DenseNet
    let data: ChildData
    let settings: EvaluatorSettings

    /// An evaluator of children of a trained dense network.
    public init(_ dense: DenseNet, _ data: ChildData, _ settings: EvaluatorSettings) {
        self.dense = dense
        self.data = data
        self.settings = settings
    }

    public func evaluate(_ connectivity: Connectivity, seed: UInt64, length: Double) throws -> ChildEvaluation {
        let net = try dense.rebuilt(connectivity)
        let images = try settings.train(net, data, seed: seed, length: length)
        let batches = Array(data.train.prefix(settings.normBatches * settings.batchSize))
        try net.recomputeNormStatistics(data.maker, batches, batchSize: settings.batchSize)
        let validation = try net.evaluate(data.maker, data.validation)
        return ChildEvaluation(accuracy: validation.accuracy, loss: validation.loss, images: images)
    }
}
