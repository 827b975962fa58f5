import DenseNetArchitecture
import DenseNetModel
import Torch
import Training

/// Scores each child with its part of one network's shared weights, without training of its own; its BN statistics are
/// recomputed, as those of the shared network are of no child (Bender et al., 2018; Guo et al., arXiv 1904.00420).
public final class SharedEvaluator: NamedEvaluator {
    public static let name = "shared"
    public static let help = "parts of one network that was trained through sampled connectivities"
    private let load: () throws -> DenseNet
    private var shared: DenseNet?
    private let data: ChildData
    private let settings: EvaluatorSettings
    /// Evaluates the best again: a score by shared weights would only come out the same.
    private let scratch: ScratchEvaluator

    /// An evaluator of children by shared weights, which are loaded when the first is evaluated.
    public init(
        _ data: ChildData, _ settings: EvaluatorSettings, again scratch: ScratchEvaluator,
        load: @escaping () throws -> DenseNet
    ) {
        self.data = data
        self.settings = settings
        self.scratch = scratch
        self.load = load
    }

    public convenience init(_ context: EvaluationContext) throws {
        let weights = SharedWeights(context.plan, context.folder, context.data)
        try weights.check()
        self.init(context.children, context.plan.settings, again: try ScratchEvaluator(context)) { try weights.load() }
    }

    public func evaluate(_ connectivity: Connectivity, seed: UInt64, length: Double) throws -> ChildEvaluation {
        guard length == 0 else { return try scratch.evaluate(connectivity, seed: seed, length: length) }
        let weights = try shared ?? load()
        shared = weights
        return try settings.score(weights.rebuilt(connectivity), data, images: 0)
    }
}
