import DenseNetArchitecture
import DenseNetModel
import Torch
import Training

/// Scores each child with its part of the trained dense network's weights as they are; its BN statistics are
/// recomputed, as those of the dense network are of no child. Its longer evaluations are those of `InheritEvaluator`.
public struct MaskedEvaluator: NamedEvaluator {
    public static let name = "masked"
    public static let help = "parts of the trained --dense as they are, BN statistics recomputed"
    private let inherit: InheritEvaluator

    public init(_ context: EvaluationContext) throws {
        inherit = InheritEvaluator(try TrainedDense(of: context, for: "masked children need"))
    }

    public func evaluate(_ connectivity: Connectivity, seed: UInt64, length: Double) throws -> ChildEvaluation {
        try inherit.evaluate(connectivity, seed: seed, length: length)
    }
}
