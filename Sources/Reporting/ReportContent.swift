import ConnectivitySearch
import Files
import Foundation
import Runs
import StudyPostgres
import Training

/// What a report is made of: the runs below some folders.
public struct ReportContent {
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
        let kind = try folder.kind()
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
}
