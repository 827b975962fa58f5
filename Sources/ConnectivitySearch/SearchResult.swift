import DenseNetArchitecture

/// What a search ends with: `result.json` and the output of `--json`.
public struct SearchResult: Codable, Sendable, Hashable {
    /// The strategy's name.
    public var strategy: String
    /// The best child's number.
    public var child: Int
    /// The best child's matrices.
    public var connectivity: Connectivity
    /// Mean validated accuracy of its longer evaluations.
    public var accuracy: Double
    /// Its parameters.
    public var parameters: Int
    /// Its multiply-adds for one image.
    public var macs: Int
    /// Its connections.
    public var connections: Int
    /// Its share of the dense network's MACs.
    public var macsShare: Double
    /// Children paid for.
    public var children: Int
    /// Repeats of known children, which cost nothing.
    public var repeats: Int
    /// Seconds all evaluations took, added up over the workers.
    public var seconds: Double
    /// Training images all evaluations saw; absent in runs of older versions.
    public var images: Int?
    /// What one image takes, where the search had a latency target.
    public var latency: Latency?
    /// Whether the search ended because its strategy only repeated itself.
    public var exhausted: Bool

    /// Milliseconds of one image.
    public struct Latency: Codable, Sendable, Hashable {
        /// The target.
        public var target: Double
        /// By the study's table.
        public var predicted: Double
        /// The whole network, timed when the search ended.
        public var timed: Double
    }
}
