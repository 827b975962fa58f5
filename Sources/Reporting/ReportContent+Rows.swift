import DenseNetArchitecture
import Foundation
import Training

// The comparison of trainings.
extension ReportContent {
    /// One line of the comparison: the runs of a network under the same conditions, averaged over seeds.
    public struct Row: Codable, Sendable {
        /// What the runs are called.
        public var label: String
        /// The split that the accuracies are of.
        public var split: String
        /// The mean accuracy, 0 to 1.
        public var accuracyMean: Double
        /// Standard deviation over seeds; `nil` for one.
        public var accuracyDeviation: Double?
        /// Each seed's accuracy, 0 to 1, in order of `seeds`.
        public var accuracies: [Double]
        /// The mean balanced accuracy, 0 to 1; `nil` where a run has none.
        public var balancedAccuracyMean: Double?
        /// The mean macro F1, 0 to 1; `nil` likewise.
        public var macroF1Mean: Double?
        /// Parameters of the network.
        public var parameters: Int
        /// Multiply-adds of one image.
        public var macs: Int
        /// Connections of the network.
        public var connections: Int
        /// Mean seconds in training.
        public var secondsMean: Double
        /// Training images a second, the mean.
        public var imagesPerSecond: Double
        /// Images a second of the final evaluation, the mean; `nil` where it was not timed.
        public var inferenceImagesPerSecond: Double?
        /// The seeds.
        public var seeds: [UInt64]
        /// Epochs of each run.
        public var epochs: Int
        /// Under what it was trained and measured; rows are compared only where this is equal.
        public var conditions: Conditions
        /// The same in words, as far as rows differ in it.
        public var trained: String
    }

    /// The comparison: a row per label, network and conditions.
    public var rows: [Row] {
        let all = trained.map(Conditions.init)
        var keys: [Key] = []
        for (run, conditions) in zip(trained, all) {
            let key = Key(label: run.result.label, network: run.network, conditions: conditions)
            if !keys.contains(key) { keys.append(key) }
        }
        return keys.map { key in
            let runs = trained.filter {
                Key(label: $0.result.label, network: $0.network, conditions: Conditions($0)) == key
            }
            let first = runs[0].result
            let accuracies = runs.map(\.result.accuracy)
            let mean = accuracies.reduce(0, +) / Double(runs.count)
            let spread = accuracies.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
            let inference = runs.compactMap(\.result.inferenceImagesPerSecond)
            return Row(
                label: first.label, split: first.split, accuracyMean: mean,
                accuracyDeviation: runs.count > 1 ? (spread / Double(runs.count - 1)).squareRoot() : nil,
                accuracies: accuracies, balancedAccuracyMean: Self.mean(runs.map(\.result.balancedAccuracy)),
                macroF1Mean: Self.mean(runs.map(\.result.macroF1)),
                parameters: first.parameters, macs: first.macs, connections: first.connections,
                secondsMean: runs.reduce(0) { $0 + $1.result.seconds } / Double(runs.count),
                imagesPerSecond: runs.reduce(0) { $0 + $1.result.imagesPerSecond } / Double(runs.count),
                inferenceImagesPerSecond: inference.isEmpty ? nil : inference.reduce(0, +) / Double(inference.count),
                seeds: runs.map(\.result.seed), epochs: first.epochs, conditions: key.conditions,
                trained: key.conditions.summary(among: all))
        }
    }

    /// The mean of numbers that all runs must have.
    private static func mean(_ values: [Double?]) -> Double? {
        let known = values.compactMap { $0 }
        return known.count == values.count ? known.reduce(0, +) / Double(known.count) : nil
    }

    /// Runs are averaged only where they are the same network, trained and measured alike.
    private struct Key: Equatable {
        var label: String
        var network: Network
        var conditions: Conditions
    }
}
