import ArgumentParser
import ConnectivitySearch
import Strategies

/// The numbers of the agent's.
struct AgentOptions: ParsableArguments {
    @Option(
        help: "The learning rate of what the agent's logits share.",
        transform: Real.rate.parse)
    var agentRate: Double?

    @Option(
        help: "The learning rate of the term that each connection's logit has of its own.",
        transform: Real.rate.parse)
    var connectionRate: Double?

    @Option(
        help: "The agent's entropy bonus.",
        transform: Real.weight.parse)
    var entropyBonus: Double?

    @Option(
        help: "Steps of the agent an update under its critic; 0 for an agent without one. (default: 4)",
        transform: Whole.steps.parse)
    var criticSteps: Int?

    @Option(
        help:
            "How far the agent starts from what --dense says of connections, in deviations of their magnitudes; 0 for not at all. (default: 1)",
        transform: Real.deviations.parse)
    var warmStart: Double?

    /// What these options say in a plan whose strategy is known.
    /// - Throws: `SearchError` for a number where there is no agent, or nothing that it could start from.
    func set(_ plan: inout SearchPlan) throws {
        let typed: [(name: String, isTyped: Bool)] = [
            ("--agent-rate", agentRate != nil), ("--connection-rate", connectionRate != nil),
            ("--entropy-bonus", entropyBonus != nil), ("--critic-steps", criticSteps != nil),
            ("--warm-start", warmStart != nil),
        ]
        if let name = typed.first(where: \.isTyped)?.name, try !Strategies.named(plan.strategy).usesAgentSettings {
            throw SearchError(
                "\(name) is a number of the agent's, which the strategy \(plan.strategy) does not have; leave it out")
        }
        if let warmStart, warmStart > 0, plan.dense == nil {
            throw SearchError("--warm-start is what a trained dense network says; give its run with --dense")
        }
        if let agentRate { plan.agent.learningRate = agentRate }
        if let connectionRate { plan.agent.connectionRate = connectionRate }
        if let entropyBonus { plan.agent.entropyBonus = entropyBonus }
        if let criticSteps { plan.agent.criticSteps = criticSteps }
        if let warmStart { plan.agent.warmStart = warmStart }
    }
}

extension Resumed {
    /// The agent's numbers.
    func keeps(_ options: AgentOptions, _ agent: AgentSettings) throws {
        try keeps("--agent-rate", options.agentRate, agent.learningRate)
        try keeps("--connection-rate", options.connectionRate, agent.connectionRate)
        try keeps("--entropy-bonus", options.entropyBonus, agent.entropyBonus)
        try keeps("--critic-steps", options.criticSteps, agent.criticSteps)
        try keeps("--warm-start", options.warmStart, agent.warmStart)
    }
}
