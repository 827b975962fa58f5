import DenseNetArchitecture
import Foundation
import Randomness
import Torch

/// The published method: a recurrent agent trained by REINFORCE (Williams, 1992) on the children's rewards, here with
/// exact probabilities, a leave-one-out baseline, a critic, an entropy bonus and Adam.
///
/// The critic (`RewardModel`, linear in the connections) expects something of every child. Of the children's rewards
/// only what it did not expect is left for their own gradient; the gradient of what it expects is that of many children
/// drawn from the policy and not evaluated. Together both are the policy's gradient still, with less variance: a
/// control variate whose expectation is sampled (Q-Prop: Gu et al., arXiv 1611.02247). What the critic knows is worth
/// several steps, so more of them follow on the critic alone, which is the model's gradient, not the children's. All of
/// it up to a scale: `Advantages`.
public class AdsStrategy: Strategy {
    public class var name: String { "ads" }
    public class var help: String { "a recurrent agent trained by reinforcement learning" }
    public class var defaultPrice: Price? { nil }
    public static var usesDense: Bool { true }
    public static var usesAgentSettings: Bool { true }
    let space: SearchSpace
    private let settings: AgentSettings
    let policy: Policy
    let optimizers: [Adam]
    var random: SeededGenerator
    var entropyBonus: Double
    var advantages = Advantages()
    public internal(set) var baseline: Double?
    public internal(set) var keepRate: Double?
    /// The mean probabilities with which the last update's children were drawn, one per entry.
    var drawn: [Float]?
    /// What is not learned from yet, in searches with a lag; without one the policy is still the one that drew.
    var unlearned: DrawnChildren?
    var critic: RewardModel?

    var agent: Agent { policy.agent }

    public required init(_ context: StrategyContext) throws {
        (space, settings) = (context.space, context.settings)
        let seed = SeededGenerator(seed: context.seed, stream: 0xA6E).state
        policy = try Policy(context.space, target: context.target, settings, seed: seed)
        optimizers = [
            try Adam(policy.agent.recurrent, rate: settings.learningRate),
            try Adam([policy.agent.connectionTerms], rate: settings.connectionRate),
        ]
        random = SeededGenerator(seed: context.seed, stream: 0xAD5)
        entropyBonus = settings.entropyBonus
        if context.lag > 0 { unlearned = DrawnChildren() }
        if settings.criticSteps > 0 { critic = try RewardModel(context.space, context.target) }
        try warmStart(context)
    }

    /// Starts the connections' terms from what is believed of them beforehand.
    private func warmStart(_ context: StrategyContext) throws {
        guard settings.warmStart > 0,
            let prior = try context.prior ?? context.dense.map({ try space.magnitudes(of: $0.network) })
        else { return }
        let free = space.entries.indices.filter { space.entries[$0].isFree }
        let mean = free.reduce(0) { $0 + prior[$1] } / Double(max(1, free.count))
        let variance = free.reduce(0) { $0 + (prior[$1] - mean) * (prior[$1] - mean) } / Double(max(1, free.count))
        guard variance > 0 else { return }
        var terms = space.entries.map { _ in Float(0) }
        for index in free { terms[index] = Float(settings.warmStart * (prior[index] - mean) / variance.squareRoot()) }
        try withoutGrad { try agent.connectionTerms.assign(Tensor(terms, [terms.count])) }
    }

    public func propose(_ count: Int) throws -> [Connectivity] {
        let children = try policy.draw(count, &random)
        if unlearned != nil, !children.isEmpty {
            let judgement = try withoutGrad { try policy.judge(children) }
            unlearned?.add(
                children.map(\.choices), logProbabilities: try judgement.logProbabilities.doubles(),
                probabilities: try judgement.probabilities.mean([0]).floats())
        }
        return children.map { space.connectivity($0.choices) }
    }

    public func mode() throws -> Connectivity? { space.connectivity(try policy.mode()) }

    public func learn(_ children: [(connectivity: Connectivity, reward: Double)]) throws {
        guard !children.isEmpty else { return }
        let (taken, rewards) = (children.map { space.choices($0.connectivity) }, children.map(\.reward))
        // The critic judges children by what it knew before them: what it expects depends on none of their decisions.
        let expected = try critic?.expectation()
        let known = critic?.memory.rewards.count
        for (choices, reward) in zip(taken, rewards) { critic?.learn(choices, reward) }
        let judgement = try policy.judge(taken.map(policy.child))
        let draw = unlearned?.take(taken)
        let probabilities = try draw?.probabilities ?? judgement.probabilities.mean([0]).floats()
        let free = space.entries.indices.filter { space.entries[$0].isFree }
        drawn = probabilities
        keepRate = free.isEmpty ? nil : free.reduce(0) { $0 + Double(probabilities[$1]) } / Double(free.count)
        baseline = rewards.reduce(0, +) / Double(children.count)
        // One child alone has none to be compared with; what the critic expects needs none.
        guard !free.isEmpty, children.count > 1 || expected != nil else { return }
        let weights = try draw.map {
            DrawnChildren.weights(then: $0.logProbabilities, now: try judgement.logProbabilities.doubles())
        }
        try step(loss(judgement, of: taken, rewards, expected: expected, weights: weights))
        // Of children that were all known the critic has learned nothing that is worth more.
        guard let expected, critic?.memory.rewards.count != known else { return }
        for _ in 1..<settings.criticSteps { try step(imagined(expected)) }
    }

    /// What an update minimises: of its children what was not expected of them, and of others what is.
    /// - Parameters:
    ///   - expected: what the critic expects of a child; without it their rewards are all there is.
    ///   - weights: what each child counts for where another policy drew it.
    func loss(
        _ judgement: Policy.Judgement, of children: [[Bool]], _ rewards: [Double], expected: (([Bool]) -> Double)?,
        weights: [Double]? = nil
    ) throws -> Tensor {
        func weighed(_ advantages: [Double]) -> [Double] { weights.map { zip(advantages, $0).map(*) } ?? advantages }
        let worth = weighed(advantages.of(rewards, decay: settings.deviationDecay))
        guard let expected else { return try loss(judgement, worth) }
        let unexpected = weighed(advantages.compared(zip(rewards, children).map { $0 - expected($1) }))
        return try Self.loss(judgement, advantages: unexpected, entropyBonus: 0) + imagined(expected)
    }

    /// The loss of children drawn now, by what the critic expects of them.
    private func imagined(_ expected: ([Bool]) -> Double) throws -> Tensor {
        let children = try policy.draw(settings.imagined, &random)
        return try loss(policy.judge(children), advantages.compared(children.map { expected($0.choices) }))
    }

    /// One step of both optimizers.
    private func step(_ loss: Tensor) throws {
        for parameter in agent.parameters { parameter.clearGrad() }
        try loss.backward()
        try Self.clip(agent.parameters.compactMap(\.grad), to: settings.gradientClip)
        for optimizer in optimizers { try optimizer.step() }
    }

    private func loss(_ judgement: Policy.Judgement, _ advantages: [Double]) throws -> Tensor {
        try Self.loss(judgement, advantages: advantages, entropyBonus: entropyBonus)
    }

    /// What an update minimises: minus the advantages' expectation, whose gradient is REINFORCE's, less the bonus.
    static func loss(_ judgement: Policy.Judgement, advantages: [Double], entropyBonus: Double) throws -> Tensor {
        let weights = try Tensor(advantages.map(Float.init), [advantages.count])
        return try -((judgement.logProbabilities * weights).mean()) - (judgement.entropies.mean() * entropyBonus)
    }

    /// Scales gradients down to a length of `limit`, all of them together, where they are longer.
    static func clip(_ grads: [Tensor], to limit: Double) throws {
        let norm = try grads.reduce(0.0) { $0 + (try $1.pow(2).sum().item()) }.squareRoot()
        if norm > limit { for grad in grads { try grad.multiply(inPlace: limit / norm) } }
    }

    /// Raises the bonus, and takes back half of what the connections' terms have come to: where a decision is as good
    /// as certain, no bonus has a gradient.
    public func exploreMore() throws -> Bool {
        try withoutGrad { try agent.connectionTerms.multiply(inPlace: 0.5) }
        let raised = entropyBonus * settings.entropyRaise
        if raised < AgentSettings.mostEntropyBonus { entropyBonus = raised }
        return true
    }

    public func probabilities() -> [Float]? { drawn }
}
