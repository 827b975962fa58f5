import DenseNetArchitecture
import Foundation
import Randomness
import Torch

/// The agent's distribution over children: its logits, and how decisions are taken by them. Probabilities are exact.
final class Policy {
    /// The recurrent network that gives the logits.
    let agent: Agent
    private let space: SearchSpace
    private let sampling: SequentialSampling

    /// A policy over a space.
    init(_ space: SearchSpace, target: CostTarget?, _ settings: AgentSettings, seed: UInt64) throws {
        self.space = space
        sampling = try SequentialSampling(space: space, target: target)
        agent = try Agent(space, settings, seed: seed)
    }

    /// A child with the rules by which its decisions were taken.
    struct Child {
        /// A decision per entry of the space.
        let choices: [Bool]
        fileprivate let rules: [SequentialSampling.Rule]
    }

    /// Draws `count` children.
    func draw(_ count: Int, _ random: inout SeededGenerator) throws -> [Child] {
        try decided(count) { $0.choice(logit: $1, &random) }
    }

    /// A child by its decisions, with the rules that it was or would be drawn by.
    /// - Parameter choices: a decision per entry of the space.
    func child(_ choices: [Bool]) -> Child {
        Child(choices: choices, rules: sampling.rules(choices))
    }

    /// The child whose every decision is the likelier one, given those before it.
    func mode() throws -> [Bool] {
        try decided(1) { $0.likelier(logit: $1) }[0].choices
    }

    private func decided(
        _ count: Int, _ choice: (SequentialSampling.Rule, Double) throws -> Bool
    ) throws -> [Child] {
        guard count > 0 else { return [] }
        var drafts = (0..<count).map { _ in sampling.draft() }
        var rules = drafts.map { _ in [SequentialSampling.Rule]() }
        _ = try withoutGrad {
            try agent.walk(count) { _, logits in
                let values = try logits.doubles()
                let width = values.count / count
                return try (0..<count).map { k in
                    try (0..<width).map { j in
                        let rule = drafts[k].rule()
                        let keeps = try choice(rule, values[k * width + j])
                        drafts[k].decide(keeps)
                        rules[k].append(rule)
                        return keeps
                    }
                }
            }
        }
        return zip(drafts, rules).map { Child(choices: $0.choices, rules: $1) }
    }

    /// What the policy says of children.
    struct Judgement {
        /// Each child's log probability, `[K]`, for autograd.
        let logProbabilities: Tensor
        /// The entropies of each child's decisions, summed, `[K]`, for autograd.
        let entropies: Tensor
        /// The probability with which each decision would keep its connection, `[K, entries]`; forced ones 0 or 1.
        let probabilities: Tensor
    }

    /// Judges children.
    func judge(_ children: [Child]) throws -> Judgement {
        let width = space.entries.count
        let logits = try agent.walk(children.count) { first, logits in
            children.map { Array($0.choices[first..<first + logits.shape[1]]) }
        }
        var (shifts, free, forced): ([Float], [Float], [Float]) = ([], [], [])
        for child in children {
            for rule in child.rules {
                let (shift, isFree, keeps): (Double, Bool, Bool) =
                    switch rule {
                    case .forced(let keeps): (0, false, keeps)
                    case .free(let shift): (shift, true, false)
                    }
                shifts.append(Float(shift))
                free.append(isFree ? 1 : 0)
                forced.append(keeps ? 1 : 0)
            }
        }
        let shape = [children.count, width]
        let (mask, shifted) = (try Tensor(free, shape), try logits + Tensor(shifts, shape))
        let taken = try Tensor(children.flatMap { $0.choices.map { $0 ? Float(1) : 0 } }, shape)
        let probability = try shifted.sigmoid()
        // log p of a Bernoulli decision is minus its cross entropy; the entropy is the cross entropy with itself.
        return Judgement(
            logProbabilities: try -((shifted.binaryCrossEntropy(taken) * mask).sum([1])),
            entropies: try (shifted.binaryCrossEntropy(probability) * mask).sum([1]),
            probabilities: try probability.detached() * mask + Tensor(forced, shape))
    }
}
