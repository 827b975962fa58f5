import DenseNetArchitecture

/// What a strategy is made for.
public struct StrategyContext {
    /// What is decided.
    public var space: SearchSpace
    /// The limit every child keeps.
    public var target: CostTarget?
    /// The agent's numbers.
    public var settings = AgentSettings()
    /// Decides every proposal.
    public var seed: UInt64
    /// Children that will be paid for.
    public var children = 40
    /// The trained dense network, where the search has one.
    public var dense: TrainedDense?
    /// Receives what takes long.
    public var note: (String) -> Void = { _ in }

    /// A context with defaults for the rest.
    public init(_ space: SearchSpace, target: CostTarget? = nil, seed: UInt64) {
        self.space = space
        self.target = target
        self.seed = seed
    }
}
