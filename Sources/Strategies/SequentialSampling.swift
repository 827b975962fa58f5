import DenseNetArchitecture
import Foundation
import Randomness

/// Draws children decision by decision, so that a child's probability is exact: the product of its decisions'
/// probabilities.
///
/// A cost target is kept by feedback. Each decision's logit is shifted by the log-odds of what may still be spent over
/// what could still be spent, so that with logits of zero every remaining connection is kept with the probability that
/// would, on average, just spend the rest. A decision that has no choice is *forced* and has no gradient: one whose
/// other way leads to no child between the target's floor and its limit (`ChildCosts`). Shifts and forced decisions
/// depend on earlier decisions and on costs alone, never on a parameter, so the score ∇log p has mean zero. This is our
/// way to a target; the published method has none.
public struct SequentialSampling {
    /// What is decided.
    public let space: SearchSpace
    /// What every child keeps.
    public let target: CostTarget?
    private let costs: ChildCosts?

    /// A sampler of the children of a space.
    /// - Throws: `ArchitectureError` when the space's architecture is none.
    public init(space: SearchSpace, target: CostTarget?) throws {
        self.space = space
        self.target = target
        costs = try target.map { try ChildCosts(space, $0) }
    }

    /// How the next decision of a child is taken.
    enum Rule: Equatable {
        /// There is only this way.
        case forced(Bool)
        /// A coin decides, its logit shifted by so much.
        case free(shift: Double)
    }

    /// A child none of whose decisions is taken.
    func draft() -> Draft { Draft(space: space, costs: costs) }

    /// The rules by which a child's decisions were taken.
    /// - Parameter choices: one decision per entry of the space.
    func rules(_ choices: [Bool]) -> [Rule] {
        var draft = draft()
        return choices.map { choice in
            let rule = draft.rule()
            draft.decide(choice)
            return rule
        }
    }

    /// Draws `count` children by a policy whose logits are all zero: the control. Without a target a fair coin for
    /// every connection; with one, `docs/method.md` says how often each block's connections are kept.
    public func flips(_ count: Int, _ random: inout SeededGenerator) -> [Connectivity] {
        (0..<count).map { _ in
            var draft = draft()
            for _ in space.entries { draft.decide(draft.rule().choice(logit: 0, &random)) }
            return space.connectivity(draft.choices)
        }
    }
}

extension SequentialSampling.Rule {
    /// The decision, by a coin where there is a choice.
    func choice(logit: Double, _ random: inout SeededGenerator) -> Bool {
        switch self {
        case .forced(let keeps): keeps
        case .free(let shift): random.uniform() < 1 / (1 + exp(-logit - shift))
        }
    }

    /// The likelier decision.
    func likelier(logit: Double) -> Bool {
        switch self {
        case .forced(let keeps): keeps
        case .free(let shift): logit + shift > 0
        }
    }
}

extension SequentialSampling {
    /// A child whose decisions are being taken, in the order of the space's entries.
    struct Draft {
        /// The decisions so far.
        private(set) var choices: [Bool] = []
        private let space: SearchSpace
        private let costs: ChildCosts?
        /// What the child costs if everything to come is pruned, and if everything is kept; the same with the next
        /// connection kept, and pruned.
        private var (low, high): (Int, Int)
        private var next = ChildCosts.Next(lowIfKept: 0, lowIfPruned: 0, highIfPruned: 0)

        fileprivate init(space: SearchSpace, costs: ChildCosts?) {
            (self.space, self.costs) = (space, costs)
            (low, high) = (costs?.least ?? 0, costs?.most ?? 0)
        }

        /// How the next decision is to be taken.
        mutating func rule() -> Rule {
            let entry = space.entries[choices.count]
            next = ChildCosts.Next(lowIfKept: low, lowIfPruned: low, highIfPruned: high)
            guard entry.isFree else { return .forced(true) }
            if let costs {
                next = costs.next(choices, low: low, high: high)
                if next.lowIfKept > costs.limit { return .forced(false) }
            }
            // A layer must read something.
            if entry.source == entry.layer - 1, !choices.suffix(entry.source).contains(true) { return .forced(true) }
            guard let costs else { return .free(shift: 0) }
            if high <= costs.limit || next.lowIfPruned > costs.limit { return .forced(true) }
            let after = choices.count + 1
            let (kept, pruned) = (
                costs.canEnd(from: next.lowIfKept, to: high, after: after),
                costs.canEnd(from: next.lowIfPruned, to: next.highIfPruned, after: after)
            )
            // Where neither can, the floor is out of reach: what fits is as good as can be had.
            if kept != pruned { return .forced(kept) }
            let share = min(1 - 1e-6, max(1e-6, Double(costs.limit - low) / Double(high - low)))
            return .free(shift: log(share / (1 - share)))
        }

        /// Takes the decision that `rule` was asked for.
        mutating func decide(_ keeps: Bool) {
            if keeps { low = next.lowIfKept } else { (low, high) = (next.lowIfPruned, next.highIfPruned) }
            choices.append(keeps)
        }
    }
}
