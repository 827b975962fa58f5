import DenseNetArchitecture
import Foundation
import Studies

/// What evaluations are worth to a strategy.
struct RewardRule {
    let configuration: SearchConfiguration

    init(_ configuration: SearchConfiguration) { self.configuration = configuration }

    /// Accuracy and loss of a trial's longest evaluation; of a failed one, chance: the same on every replay.
    func result(of trial: Trial) -> (accuracy: Double, loss: Double) {
        let classes = Double(configuration.architecture.classes)
        guard trial.state != .failed, let last = trial.curve.last else { return (1 / classes, log(classes)) }
        return (last.accuracy, last.loss)
    }

    /// The rewards of an update's trials, in their order: accuracy, less the price of the network's cost.
    ///
    /// A trial that was pruned after a short evaluation is compared with trials that were evaluated longer: it is taken to
    /// have gained as much as those did on average. Ours; a reward must not depend on who else was lucky in another update.
    func rewards(of trials: [Trial]) throws -> [Double] {
        let dense = try configuration.price.map { $0.measure.of(try Network(configuration.architecture)) }
        return try trials.map { trial in
            var reward = result(of: trial).accuracy
            if trial.state == .pruned {
                for length in trial.curve.count..<configuration.evaluator.lengths.count { reward += gain(to: length, trials) }
            }
            if let price = configuration.price, let dense {
                let cost = price.measure.of(try Network(configuration.architecture, trial.proposal.connectivity))
                reward -= price.weight * Double(cost) / Double(dense)
            }
            return reward
        }
    }

    /// The mean gain of the trials that were evaluated at a length over the one before.
    private func gain(to length: Int, _ trials: [Trial]) -> Double {
        let gains = trials.filter { $0.proposal.repeatOf == nil && $0.state == .complete && $0.curve.count > length }
            .map { $0.curve[length].accuracy - $0.curve[length - 1].accuracy }
        return gains.isEmpty ? 0 : gains.reduce(0, +) / Double(gains.count)
    }
}
