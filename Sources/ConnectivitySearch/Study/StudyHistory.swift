import DenseNetArchitecture
import Digests
import Files
import Foundation
import Strategies
import Studies

/// A study as a whole, for those who look at it: what was found so far, and what it was worth.
public struct StudyHistory: Sendable {
    /// The search's configuration.
    public let configuration: SearchConfiguration
    /// Every trial, in order.
    public let trials: [Trial]
    /// Every update's record, in order.
    public let updates: [UpdateRecord]

    /// Reads a study.
    /// - Throws: `SearchError` for a study without a search; `FileError`.
    public init(_ storage: any StudyStorage) throws {
        guard let configuration = try storage.configuration() else {
            throw SearchError("\(storage.name) holds no search that was started")
        }
        // Costs of children are computed with its table.
        try configuration.target?.validate(in: configuration.space)
        self.configuration = configuration
        trials = try storage.trials(update: nil)
        updates = try storage.updates()
    }

    init(_ configuration: SearchConfiguration, _ trials: [Trial], _ updates: [UpdateRecord]) {
        (self.configuration, self.trials, self.updates) = (configuration, trials, updates)
    }

    /// The finished children, in order; longer evaluations of known ones are not among them.
    public var children: [Child] {
        var rewards: [Int: (reward: Double?, baseline: Double?)] = [:]
        for record in updates {
            for (number, reward) in zip(record.trials, record.rewards) { rewards[number] = (reward, record.baseline) }
        }
        let judge = RewardRule(configuration)
        return trials.filter { $0.proposal.again == nil && $0.state.isFinished }.map { trial in
            let known = rewards[trial.number]
            var child = Child(trial, by: judge, baseline: known?.baseline)
            // What was learned from is what was recorded, whatever this version would make of it.
            if let reward = known?.reward { child.reward = reward }
            return child
        }
    }

    /// Training images of everything: what the children start from, the children, their longer evaluations, the
    /// strategy.
    public var images: Int {
        (configuration.imagesBefore ?? 0) + trials.reduce(0) { $0 + $1.images }
            + updates.reduce(0) { $0 + ($1.images ?? 0) }
    }

    /// The longer evaluations of the best children.
    public var reevaluations: [Reevaluation] {
        let judge = RewardRule(configuration)
        return trials.compactMap { $0.state.isFinished ? Reevaluation($0, by: judge) : nil }
    }

    /// SHA-256 over everything that a repetition of the search must give again: the children and their results, rewards
    /// and the strategy's state, but no times and no workers.
    public func digest(strategy: Data?) throws -> String {
        struct Value: Encodable {
            var proposals: [Proposal]
            var results: [[Double]]
            var states: [String]
            var updates: [UpdateRecord]
            var strategy: Data?
        }
        let value = Value(
            proposals: trials.map(\.proposal),
            results: trials.map { $0.curve.flatMap { [$0.length, $0.accuracy, $0.loss, Double($0.images)] } },
            states: trials.map { "\($0.state.rawValue) \($0.failure ?? "")" }, updates: updates, strategy: strategy)
        return SHA256.hexadecimal(of: Data(try CanonicalJSON.text(value).utf8))
    }
}
