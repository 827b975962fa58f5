import Studies

/// Where a search is.
public struct SearchStatus: Sendable {
    /// Children paid for and finished.
    public var finished: Int
    /// How many it will be, repeats aside; with a budget of images an estimate, absent before the first update.
    public var of: Int?
    /// Training images seen by the end of the last update.
    public var images: Int
    /// The best child so far.
    public var best: Child?
    /// What the strategy made of the last update.
    public var last: UpdateRecord?
    /// Children a minute, since this process began.
    public var childrenPerMinute: Double
    /// Seconds until the search ends, or until the longer evaluations begin whose time is not known.
    public var secondsLeft: Double?
    /// Longer evaluations that `secondsLeft` does not count, the strategy's mode aside.
    public var longerAfter = 0
    /// Whether losses reward, not accuracies.
    public var isByLoss = false
}
