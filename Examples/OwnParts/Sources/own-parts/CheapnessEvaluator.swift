import DenseNetArchitecture
import Evaluation

/// An evaluator: the fewer MACs, the better. One that is of use trains or measures something.
struct CheapnessEvaluator: NamedEvaluator {
    static let name = "cheapness"
    static let help = "the share of the MACs that a child saves"
    private let architecture: Architecture

    init(_ context: EvaluationContext) throws { architecture = context.plan.space.architecture }

    func evaluate(_ connectivity: Connectivity, seed: UInt64, length: Double) throws -> ChildEvaluation {
        let (own, dense) = (try Network(architecture, connectivity).cost.macs, try Network(architecture).cost.macs)
        let share = Double(own) / Double(dense)
        return ChildEvaluation(accuracy: 1 - share, loss: share, images: 0)
    }
}
