import DenseNetArchitecture
import Foundation
import Runs
import Training

// Trainings that go on, or were stopped: shown, compared with nothing.

extension ReportContent {
    /// A training that has not ended.
    public struct Unfinished {
        /// What was asked for.
        public let configuration: TrainingConfiguration
        /// Its network.
        public let network: Network
        /// Its epochs so far, in order.
        public let epochs: [EpochMetrics]
        /// Its folder.
        public let path: String
    }
}

extension HTMLReport {
    /// What trainings came to so far.
    var unfinished: String {
        guard !content.unfinished.isEmpty else { return "" }
        let body = content.unfinished.map { run -> String in
            let last = run.epochs.last
            let accuracy = last?.validationAccuracy.map { "\(percent($0))" } ?? "–"
            return
                "<tr><th scope=\"row\">\(escape(run.configuration.label))</th><td>\(run.epochs.count) of \(run.configuration.recipe.epochs)</td><td>\(accuracy)</td><td>\(last.map { percent($0.trainAccuracy) } ?? "–")</td><td>\(run.configuration.seed)</td><td>\(grouped(run.network.cost.parameters))</td><td>\(grouped(run.network.cost.macs))</td><td class=\"words\">\(escape(run.path))</td></tr>"
        }.joined(separator: "\n")
        return """
            <h2>Trainings that are not finished</h2>
            <div class="wide"><table>
            <thead><tr><th>network</th><th>epochs</th><th>validation accuracy</th><th>training accuracy</th><th>seed</th><th>parameters</th><th>MACs</th><th>folder</th></tr></thead>
            <tbody>\(body)</tbody></table></div>
            """
    }
}
