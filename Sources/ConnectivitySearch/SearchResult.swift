import DenseNetArchitecture

/// What a search ends with: `result.json` and the output of `--json`.
public struct SearchResult: Codable, Sendable, Hashable {
    public var strategy: String
    /// The best child's number and connectivity.
    public var child: Int
    public var connectivity: Connectivity
    /// Mean validated accuracy of its longer evaluations.
    public var accuracy: Double
    public var parameters: Int
    public var macs: Int
    public var connections: Int
    /// Its share of the dense network's MACs.
    public var macsShare: Double
    /// Children paid for, and repeats that cost nothing.
    public var children: Int
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
