import DenseNetArchitecture
import Strategies

/// What a search ends with: `result.json` and the output of `--json`.
public struct SearchResult: Codable, Sendable, Hashable {
    /// The strategy's name.
    public var strategy: String
    /// The best child's number.
    public var child: Int
    /// The best child's matrices.
    public var connectivity: Connectivity
    /// Mean validated accuracy of its longer evaluations; its own where there are none.
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

extension SearchResult {
    /// The result of a search that ended with a child; not what its network takes on the clock.
    init(of child: Child, in history: StudyHistory, dense: Network, exhausted: Bool) {
        let children = history.children
        self.init(
            strategy: history.configuration.strategy, child: child.number, connectivity: child.connectivity,
            accuracy: history.worth(child).accuracy, parameters: child.parameters, macs: child.macs,
            connections: child.connections, macsShare: Double(child.macs) / Double(dense.cost.macs),
            children: children.count { $0.repeatOf == nil }, repeats: children.count { $0.repeatOf != nil },
            seconds: history.trials.reduce(0) { $0 + $1.seconds }, images: history.images, latency: nil,
            exhausted: exhausted)
    }

    /// What the search of a study in a database ended with, from the study alone; `nil` while it goes on.
    /// - Throws: `SearchError` where the study does not say it, or lacks the child.
    public init?(_ history: StudyHistory, of study: String) throws {
        let configuration = history.configuration
        guard configuration.isFinished == true else { return nil }
        guard let found = configuration.found else {
            throw SearchError(
                "the search of \(study) was ended by an older version, which did not note what it found; 'ads search --resume --study ADDRESS --out DIR' ends it again"
            )
        }
        guard let child = history.children.first(where: { $0.number == found.child }), child.state != .failed else {
            throw SearchError("\(study) lacks the child that it ended with; look at it with 'ads study doctor'")
        }
        self.init(
            of: child, in: history, dense: try Network(configuration.architecture), exhausted: found.exhausted)
    }
}
