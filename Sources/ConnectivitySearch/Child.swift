import DenseNetArchitecture
import Studies

/// A finished child of a search, as people look at it: a line of `metrics.jsonl`, a point of the report.
public struct Child: Codable, Sendable, Hashable {
    /// Its trial's number.
    public var number: Int
    /// The update of the strategy it belongs to, from 1.
    public var update: Int
    /// Its place in the update, from 0.
    public var position: Int
    /// COMPLETE, PRUNED or FAILED.
    public var state: TrialState
    /// What it reads.
    public var connectivity: Connectivity
    /// Its multiply-adds for one image.
    public var macs: Int
    /// Its parameters.
    public var parameters: Int
    /// Its connections.
    public var connections: Int
    /// Decided its weights, order and augmentation.
    public var seed: UInt64
    /// Validated accuracy of its longest evaluation, 0 to 1.
    public var accuracy: Double
    /// Validated loss of its longest evaluation.
    public var loss: Double
    /// What the strategy learned from: the worth of its first evaluation (`--reward`), less the price of its cost.
    public var reward: Double
    /// What its cost took from the reward, where there is a price on it.
    public var price: Double?
    /// Seconds its evaluations took; 0 for a repeat.
    public var seconds: Double
    /// Training images its evaluations took; 0 for a repeat.
    public var images: Int
    /// The child with the same matrices that was paid for, where there is one.
    public var repeatOf: Int?
    /// The baseline its reward was compared with, where the strategy has one.
    public var baseline: Double?
    /// Why it failed, where it did; its accuracy is then chance.
    public var failure: String?

    /// Minus the loss of its longest evaluation, less the price of its cost; where losses reward.
    public var worthByLoss: Double?

    /// What it is ranked by: the worth of its longest evaluation, less the price of its cost.
    public var worth: Double { worthByLoss ?? accuracy - (price ?? 0) }

    init(_ trial: Trial, by rule: RewardRule, baseline: Double?) {
        let proposal = trial.proposal
        number = trial.number
        (update, position, state) = (proposal.update, proposal.position, trial.state)
        connectivity = proposal.connectivity
        (macs, parameters, connections, seed) = (
            proposal.macs, proposal.parameters, proposal.connections, proposal.seed
        )
        (accuracy, loss) = rule.result(of: trial)
        reward = rule.reward(of: trial)
        price = rule.price(of: proposal)
        if rule.isByLoss { worthByLoss = -loss - (price ?? 0) }
        (seconds, images) = (trial.seconds, trial.images)
        repeatOf = proposal.repeatOf
        self.baseline = baseline
        failure = trial.failure
    }
}

/// A longer evaluation of one of the best children, with a fresh seed.
public struct Reevaluation: Codable, Sendable, Hashable {
    /// The child's number.
    public var child: Int
    /// The fresh seed.
    public var seed: UInt64
    /// Validated accuracy, 0 to 1.
    public var accuracy: Double
    /// Validated loss.
    public var loss: Double
    /// Seconds it took.
    public var seconds: Double

    /// A finished trial as one; `nil` where it evaluates nothing again.
    init?(_ trial: Trial, by rule: RewardRule) {
        guard let child = trial.proposal.again else { return nil }
        (self.child, seed, seconds) = (child, trial.proposal.seed, trial.seconds)
        (accuracy, loss) = rule.result(of: trial)
    }
}
