import ConnectivitySearch
import DenseNetArchitecture
import Files
import Foundation
import Runs
import StudyPostgres
import Training

/// What a report is made of: the runs below some folders.
public struct ReportContent {
    /// A training run.
    public struct Trained {
        /// What it ended with.
        public let result: TrainingResult
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

    /// The training runs, by label and seed.
    public private(set) var trained: [Trained] = []
    /// The searches.
    public private(set) var searched: [Searched] = []
    /// The calibrations; the studies they are made of are not among the searches.
    public private(set) var calibrations: [Calibrated] = []
    /// The trainings that have not ended.
    public private(set) var unfinished: [Unfinished] = []
    /// The imports.
    public private(set) var imported: [Imported] = []
    /// A sentence for each run that is damaged and so left out.
    public private(set) var leftOut: [String] = []

    /// How many levels below the given folders runs are looked for.
    static let depth = 3

    /// Reads every run at or below the given folders, three levels deep, and searches by the addresses of their
    /// studies. A damaged run below a folder is left out.
    /// - Throws: `FileError` when there is none, all are damaged, or what is given itself is a damaged one.
    public init(folders: [String]) throws {
        for folder in folders {
            if PostgresAddress.isOne(folder) {
                try searched.append(Self.search(at: folder))
            } else {
                try collect(folder, depth: 0)
            }
        }
        let counts = [trained.count, searched.count, calibrations.count, imported.count, unfinished.count]
        guard counts.contains(where: { $0 > 0 }) else {
            if let first = leftOut.first { throw FileError(first) }
            throw FileError(
                "no run in \(folders.joined(separator: ", ")): a run's folder has a config.json, and a result.json once it is finished"
            )
        }
        let order = ["dense": 0, "found": 1, "random": 2]
        trained.sort {
            ((order[$0.result.label] ?? 9), $0.result.label, $0.result.seed) < (
                (order[$1.result.label] ?? 9), $1.result.label, $1.result.seed
            )
        }
        searched.sort { $0.configuration.strategy < $1.configuration.strategy }
    }

    /// The search of a study that no folder of this machine belongs to.
    private static func search(at address: String) throws -> Searched {
        let storage = try StudyPlace.open(address)
        let history = try StudyHistory(storage)
        return Searched(
            configuration: history.configuration, result: try SearchResult(history, of: storage.name), history: history,
            children: history.children, path: storage.name)
    }

    private mutating func collect(_ path: String, depth: Int) throws {
        do {
            if try read(path) { return }
        } catch  where depth > 0 {
            leftOut.append("\(error)")
        }
        guard depth < Self.depth, let names = try? FileManager.default.contentsOfDirectory(atPath: path) else { return }
        for name in names.sorted() where name != "checkpoints" {
            var isFolder: ObjCBool = false
            let child = path + "/" + name
            if FileManager.default.fileExists(atPath: child, isDirectory: &isFolder), isFolder.boolValue {
                try collect(child, depth: depth + 1)
            }
        }
    }

    /// Reads the run in a folder, where there is one.
    /// - Returns: whether what lies below it belongs to it.
    private mutating func read(_ path: String) throws -> Bool {
        let folder = RunFolder(path)
        if exists(folder.calibration) {
            calibrations.append(
                Calibrated(calibration: try folder.read(Calibration.self, from: folder.calibration), path: path))
            return true
        }
        guard folder.exists else { return false }
        struct Kind: Decodable { var kind: String? }
        let kind = try folder.read(Kind.self, from: folder.configuration).kind
        if kind == ImportConfiguration.kind {
            imported.append(
                Imported(
                    configuration: try folder.read(ImportConfiguration.self, from: folder.configuration),
                    network: try folder.network(), testUses: try folder.readTestUses(), path: path))
        } else if kind == "search" {
            let history = try StudyHistory(folder.openStudy())
            let configuration = try folder.read(SearchConfiguration.self, from: folder.configuration)
            if let difference = configuration.difference(from: history.configuration) {
                throw FileError("\(folder.configuration) is not that of the study beside it: \(difference)")
            }
            searched.append(
                Searched(
                    configuration: configuration,
                    result: exists(folder.result) ? try folder.read(SearchResult.self, from: folder.result) : nil,
                    history: history, children: history.children, path: path))
        } else if exists(folder.result) {
            let configuration = try folder.read(TrainingConfiguration.self, from: folder.configuration)
            // What shared weights were trained by is no network's training.
            guard configuration.sampling == nil else { return false }
            let result = try folder.read(TrainingResult.self, from: folder.result)
            if let reason = result.impossibility { throw FileError("\(folder.result) is damaged: \(reason)") }
            trained.append(
                Trained(
                    result: result, configuration: configuration, network: try folder.network(),
                    epochs: try folder.epochs(), testUses: try folder.readTestUses(),
                    confusion: try folder.readConfusion(), latencies: try folder.readLatencies(), path: path))
        } else if kind == "training", exists(folder.architecture) {
            let configuration = try folder.read(TrainingConfiguration.self, from: folder.configuration)
            guard configuration.sampling == nil else { return false }
            unfinished.append(
                Unfinished(
                    configuration: configuration, network: try folder.network(), epochs: try folder.epochs(),
                    path: path))
        }
        return false
    }

    private func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

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
