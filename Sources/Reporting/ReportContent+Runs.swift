import ConnectivitySearch
import DenseNetArchitecture
import Runs
import Training

// What a report holds of each kind of run.
extension ReportContent {
    /// A training run.
    public struct Trained {
        /// What it ended with.
        public let result: TrainingResult
        /// What was asked for.
        public let configuration: TrainingConfiguration
        /// Its network.
        public let network: Network
        /// Its epochs, in order.
        public let epochs: [EpochMetrics]
        /// Uses of the test set; `nil` for one whose line is damaged.
        public let testUses: [TestUse?]
        /// What it took for what; `nil` where everything was trained on, and in runs of earlier builds.
        public let confusion: Confusion?
        /// What it takes on the clock; `nil` where that was not measured.
        public let latencies: Latencies?
        /// Its folder.
        public let path: String
    }
    /// A search.
    public struct Searched {
        /// What was asked for.
        public let configuration: SearchConfiguration
        /// `nil` while it is not finished.
        public let result: SearchResult?
        /// All it remembers.
        public let history: StudyHistory
        /// Its finished children, in order.
        public let children: [Child]
        /// Its folder; of a study that was named by its address, that.
        public let path: String
    }
    /// A calibration.
    public struct Calibrated {
        /// What the evaluators said.
        public let calibration: Calibration
        /// Its folder.
        public let path: String
    }
}
