/// What a strategy made of an update's trials, recorded with its state after it.
public struct UpdateRecord: Codable, Sendable, Hashable {
    /// The update, from 1.
    public var update: Int
    /// Its trials' numbers, in order of position.
    public var trials: [Int]
    /// Their rewards; none where a trial failed, which the strategy then did not learn from. Records of older versions
    /// hold the reward of chance there.
    public var rewards: [Double?]
    /// The baseline they were compared with, where the strategy has one.
    public var baseline: Double?
    /// The mean probability of keeping a free connection, where it is known.
    public var keepRate: Double?
    /// The probability of keeping each entry of the space, where the strategy has one: those its children were drawn
    /// with, or of a population what it has come to.
    public var probabilities: [Float]?
    /// Training images the strategy itself saw for it; absent where it saw none.
    public var images: Int?

    /// A record.
    public init(
        update: Int, trials: [Int], rewards: [Double?], baseline: Double? = nil, keepRate: Double? = nil,
        probabilities: [Float]? = nil
    ) {
        (self.update, self.trials, self.rewards) = (update, trials, rewards)
        (self.baseline, self.keepRate, self.probabilities) = (baseline, keepRate, probabilities)
    }

    /// The mean reward of the trials that have one, 0 where none has.
    public var meanReward: Double {
        let known = rewards.compactMap(\.self)
        return known.reduce(0, +) / Double(max(1, known.count))
    }
}

/// What a search itself knows between updates.
public struct SearchProgress: Codable, Sendable, Hashable {
    /// The last finished update.
    public var update = 0
    /// Updates in a row whose children were all known.
    public var repeatedUpdates = 0
    /// Whether the search ended because of it.
    public var exhausted = false
    /// The last update whose children the strategy has proposed; the last finished one where it is absent, as in
    /// searches without a lag.
    public var proposed: Int?
    /// The trial of the strategy's mode, once it is proposed; absent in studies of older versions.
    public var mode: Int?

    /// Before the first update.
    public init() {}
}
