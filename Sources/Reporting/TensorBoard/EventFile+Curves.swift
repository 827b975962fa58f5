import ConnectivitySearch
import Foundation
import Strategies
import Studies
import Training

extension EventFile {
    /// A training's epochs; an event's time is the seconds in training until then.
    mutating func add(_ epochs: [EpochMetrics]) {
        var seconds = 0.0
        for epoch in epochs {
            seconds += epoch.seconds
            add(
                step: epoch.epoch, after: seconds,
                [
                    ("loss/train", epoch.trainLoss), ("loss/validation", epoch.validationLoss),
                    ("accuracy/train", epoch.trainAccuracy), ("accuracy/validation", epoch.validationAccuracy),
                    ("learning_rate", epoch.learningRate), ("images_per_second", epoch.imagesPerSecond),
                ])
        }
    }

    /// A search's children by number, its updates and its longer evaluations, as far as updates are finished; an
    /// event's time is the seconds in evaluations until then.
    mutating func add(_ history: StudyHistory) {
        let children = Dictionary(history.children.map { ($0.number, $0) }) { first, _ in first }
        let longer = history.trials.filter { $0.proposal.again != nil && $0.state.isFinished }
        let again = Dictionary(zip(longer.map(\.number), history.reevaluations)) { first, _ in first }
        let ends = Dictionary(history.updates.map { ($0.trials.max() ?? 0, $0) }) { first, _ in first }
        let learned = Set(history.updates.flatMap(\.trials))
        let space = history.configuration.space
        var (seconds, best, repeated) = (0.0, Double?.none, 0)
        for trial in history.trials {
            if let child = children[trial.number], learned.contains(trial.number) {
                seconds += child.seconds
                let counts = child.failure == nil
                if counts { best = max(best ?? child.worth, child.worth) }
                add(
                    step: child.number, after: seconds,
                    [
                        ("child/reward", counts ? child.reward : nil), ("child/best", best),
                        ("child/validation_accuracy", counts ? child.accuracy : nil),
                        ("child/validation_loss", counts ? child.loss : nil), ("child/macs", Double(child.macs)),
                        ("child/connections", Double(child.connections)),
                    ])
            } else if let longer = again[trial.number] {
                seconds += longer.seconds
                repeated += 1
                add(
                    step: repeated, after: seconds,
                    [("again/validation_accuracy", longer.accuracy), ("again/validation_loss", longer.loss)])
            }
            guard let record = ends[trial.number] else { continue }
            add(
                step: record.update, after: seconds,
                [
                    ("update/mean_reward", record.rewards.contains { $0 != nil } ? record.meanReward : nil),
                    ("update/baseline", record.baseline), ("update/keep_rate", record.keepRate),
                    ("update/entropy", record.probabilities.map { Self.entropy(of: $0, space) }),
                ])
        }
    }

    /// The mean entropy of the free connections' probabilities, in bits.
    private static func entropy(of probabilities: [Float], _ space: SearchSpace) -> Double {
        entropy(zip(space.entries, probabilities).filter { $0.0.isFree }.map(\.1))
    }

    /// The mean entropy of decisions, in bits: 1 where all are coin flips, 0 where all are certain.
    static func entropy(_ probabilities: [Float]) -> Double {
        let terms = probabilities.map { p -> Double in
            let p = Double(p)
            return p > 0 && p < 1 ? -p * log2(p) - (1 - p) * log2(1 - p) : 0
        }
        return terms.reduce(0, +) / Double(max(1, terms.count))
    }
}
