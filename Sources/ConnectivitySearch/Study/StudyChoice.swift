import DenseNetArchitecture
import Strategies

// What can be chosen from a finished or unfinished study without evaluating anything.
extension StudyHistory {
    /// What is known of a child: the mean of its evaluations when it was evaluated again, else its longest one.
    /// - Returns: the accuracy, what the child is ranked by (the accuracy, or minus the loss where losses reward, less
    ///   the price of its cost), and whether it was evaluated again.
    public func worth(_ child: Child) -> (accuracy: Double, rank: Double, isEvaluatedAgain: Bool) {
        worth(child, reevaluations.filter { $0.child == child.number }, RewardRule(configuration))
    }

    private func worth(
        _ child: Child, _ again: [Reevaluation], _ rule: RewardRule
    ) -> (accuracy: Double, rank: Double, isEvaluatedAgain: Bool) {
        guard !again.isEmpty else { return (child.accuracy, child.worth, false) }
        func mean(_ value: (Reevaluation) -> Double) -> Double {
            again.reduce(0) { $0 + value($1) } / Double(again.count)
        }
        let worth = mean { rule.worth(accuracy: $0.accuracy, loss: $0.loss) }
        return (mean(\.accuracy), worth - (child.price ?? 0), true)
    }

    /// The best child whose cost keeps a limit; of several the one that was evaluated again, then the cheaper.
    /// - Throws: `SearchError` when there is none, with the cheapest there is.
    public func best(_ measure: CostMeasure = .macs, limit: Int? = nil) throws -> Child {
        if measure == .latency, configuration.target?.table == nil {
            throw SearchError("the study has no latencies; they are measured by a search with --target-latency")
        }
        let known = Dictionary(grouping: reevaluations, by: \.child)
        // The strategy's mode is evaluated again also where halving ended it early.
        let complete = children.filter {
            $0.repeatOf == nil && ($0.state == .complete || $0.state == .pruned && known[$0.number] != nil)
        }
        guard let cheapest = complete.map({ cost(measure, $0) }).min() else {
            throw SearchError("no child is evaluated to the end yet")
        }
        let fitting = complete.filter { cost(measure, $0) <= limit ?? .max }
        guard !fitting.isEmpty else {
            throw SearchError(
                "no child keeps \(limit ?? 0) \(measure.noun); the cheapest has \(cheapest). Search with this target")
        }
        // Short evaluations are not compared with longer ones while there are longer ones.
        let rule = RewardRule(configuration)
        let again = fitting.filter { known[$0.number] != nil }
        let candidates = (again.isEmpty ? fitting : again).map {
            (child: $0, rank: worth($0, known[$0.number] ?? [], rule).rank, cost: cost(measure, $0))
        }
        return candidates.dropFirst().reduce(candidates[0]) { best, next in
            (next.rank, -next.cost) > (best.rank, -best.cost) ? next : best
        }.child
    }

    /// The children that no other is both cheaper and better than, the cheapest first (the Pareto front).
    public func front(_ measure: CostMeasure = .macs) -> [Child] {
        let complete = children.filter { $0.repeatOf == nil && $0.state == .complete }
        var front: [Child] = []
        for child in complete.sorted(by: {
            (cost(measure, $0), -$0.accuracy, $0.number) < (cost(measure, $1), -$1.accuracy, $1.number)
        })
        where child.accuracy > front.last?.accuracy ?? -1 {
            front.append(child)
        }
        return front
    }

    private func cost(_ measure: CostMeasure, _ child: Child) -> Int {
        switch measure {
        case .macs: child.macs
        case .parameters: child.parameters
        case .traffic, .latency:
            // Not kept with a child; only a study with a latency target has a table.
            (try? Network(configuration.architecture, child.connectivity)).map {
                measure.of($0, configuration.target?.table)
            } ?? .max
        }
    }
}
