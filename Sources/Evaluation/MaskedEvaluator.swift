import DenseNetArchitecture
import DenseNetModel
import Torch
import Training

/// Scores each child with its part of the trained dense network's weights as they are; its BN statistics are
/// recomputed, as those of the dense network are of no child.
///
/// Few images do for a score, as all children are scored on the same ones. Longer evaluations are those of
/// `InheritEvaluator`, or where the settings have no epochs for them scores on all validation images.
public struct MaskedEvaluator: NamedEvaluator {
    public static let name = "masked"
    public static let help = "parts of the trained --dense as they are, BN statistics recomputed"
    private let inherit: InheritEvaluator
    private let (statistics, validation): ([Int], [Int])

    public init(_ context: EvaluationContext) throws {
        self.init(try TrainedDense(of: context, for: "masked children need"))
    }

    init(_ dense: TrainedDense) {
        inherit = InheritEvaluator(dense)
        (statistics, validation) = (dense.settings.forScore(dense.data), dense.settings.scored(dense.data))
    }

    public func evaluate(_ connectivity: Connectivity, seed: UInt64, length: Double) throws -> ChildEvaluation {
        let dense = inherit.dense
        if length > 0, dense.settings.epochs > 0 {
            return try inherit.evaluate(connectivity, seed: seed, length: length)
        }
        let isLonger = length > 0
        return try dense.settings.score(
            dense.network.rebuilt(connectivity), dense.data, images: 0, statistics: isLonger ? nil : statistics,
            validation: isLonger ? nil : validation)
    }
}

extension EvaluatorSettings {
    /// The validation images that masked children are scored on: `scoreImages` of them, drawn by the split's seed.
    package func scored(_ data: ChildData) -> [Int] {
        guard let scoreImages, scoreImages < data.validation.count else { return data.validation }
        return data.validationPlaces(limit: scoreImages).map { data.validation[$0] }
    }

    /// The training images that masked children's BN statistics are recomputed over.
    package func forScore(_ data: ChildData) -> [Int] { data.forNorm((scoreBatches ?? normBatches) * batchSize) }
}
