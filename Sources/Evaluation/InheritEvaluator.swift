import DenseNetArchitecture
import DenseNetModel
import Torch
import Training

/// Rebuilds each child from a trained dense network, tunes it shortly and recomputes its BN statistics.
public struct InheritEvaluator: NamedEvaluator {
    public static let name = "inherit"
    public static let help = "parts of the trained --dense, tuned shortly"
    let dense: TrainedDense

    /// An evaluator of children of a trained dense network.
    public init(_ dense: TrainedDense) { self.dense = dense }

    public init(_ context: EvaluationContext) throws {
        self.init(try TrainedDense(of: context, for: "inherited weights need"))
    }

    public func evaluate(_ connectivity: Connectivity, seed: UInt64, length: Double) throws -> ChildEvaluation {
        let net = try dense.network.rebuilt(connectivity)
        let images = try dense.settings.train(net, dense.data, seed: seed, length: length)
        return try dense.settings.score(net, dense.data, images: images)
    }
}
