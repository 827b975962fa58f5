import DenseNetArchitecture
import Foundation
import Strategies
import Studies

/// What evaluations are worth to a strategy.
struct RewardRule {
    let configuration: SearchConfiguration
    /// What the dense network costs, where there is a price.
    private let dense: Cost?

    init(_ configuration: SearchConfiguration) {
        self.configuration = configuration
        dense = configuration.price.flatMap { _ in try? Network(configuration.architecture).cost }
    }

    /// Accuracy and loss of a trial's longest evaluation; of a failed one, chance: the same on every replay.
    func result(of trial: Trial) -> (accuracy: Double, loss: Double) {
        let classes = Double(configuration.architecture.classes)
        guard trial.state != .failed, let last = trial.curve.last else { return (1 / classes, log(classes)) }
        return (last.accuracy, last.loss)
    }

    /// What an evaluation is worth by itself.
    func worth(accuracy: Double, loss: Double) -> Double { isByLoss ? -loss : accuracy }

    /// Whether losses reward, not accuracies.
    var isByLoss: Bool { configuration.evaluator.reward == .loss }

    /// What a trial is ranked by, as its child is: the worth of its longest evaluation, less the price of the network's
    /// cost.
    func rank(of trial: Trial) -> Double {
        let result = result(of: trial)
        return worth(accuracy: result.accuracy, loss: result.loss) - (price(of: trial.proposal) ?? 0)
    }

    /// What a trial teaches: the worth of its first evaluation, less the price of the network's cost.
    ///
    /// With successive halving only some are evaluated longer. What those gained is no measure of what the others would
    /// have: they were chosen because their first accuracies were high, by luck too. The first evaluation is the one
    /// that all children of a search have, so it is what they are compared by; the longer ones decide which child is
    /// the best. So a trial's reward depends on nothing but itself, and a repeat is worth what it repeats.
    func reward(of trial: Trial) -> Double {
        guard trial.state != .failed, let first = trial.curve.first else { return rank(of: trial) }
        return worth(accuracy: first.accuracy, loss: first.loss) - (price(of: trial.proposal) ?? 0)
    }

    /// What a child pays for its cost, where there is a price on it.
    func price(of proposal: Proposal) -> Double? {
        guard let price = configuration.price, let dense else { return nil }
        return switch price.measure {
        case .parameters: price.weight * Double(proposal.parameters) / Double(dense.parameters)
        // Prices are on MACs or parameters; `SearchConfiguration.validate` refuses others.
        default: price.weight * Double(proposal.macs) / Double(dense.macs)
        }
    }
}
