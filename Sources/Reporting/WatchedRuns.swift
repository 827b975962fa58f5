import ConnectivitySearch
import Files
import Foundation
import Runs
import Studies
import StudyPostgres
import Training

/// Folders whose runs may be going on, and studies in databases, looked at again and again.
public struct WatchedRuns {
    /// What lies in the folders at one moment.
    public struct Look {
        /// Size and time of every file that a report is made of, by path, and what stands for them of a study in a
        /// database; it changes when a run does.
        public var files: [String: FileStamp] = [:]
        /// Runs that have not ended, in the order of their folders.
        public var unfinished: [String] = []
        /// A sentence for each search and training that nobody goes on with, or that cannot be looked at.
        public var stopped: [String] = []
        /// Folders without a run so far.
        public var empty: [String] = []
        /// How many runs there are.
        var runs = 0
    }

    /// A file as far as it tells a change.
    public struct FileStamp: Hashable, Sendable {
        /// Bytes.
        var size: Int
        /// Seconds and nanoseconds since 1970.
        var modified: [Int]
        /// Which file it is: one that was put in its place is another.
        var number: UInt64
    }

    private let folders: [String]

    /// Watches every run at or below some folders, as `ReportContent` reads them; none of them needs to exist yet.
    public init(folders: [String]) { self.folders = folders }

    /// Looks at the folders.
    public func look() -> Look {
        var look = Look()
        for folder in folders {
            let before = look.runs
            if PostgresAddress.isOne(folder) {
                see(study: folder, in: &look)
            } else {
                see(folder, depth: 0, in: &look)
            }
            if look.runs == before { look.empty.append(folder) }
        }
        return look
    }

    /// Whether there is nothing to wait for: every run has ended. Where a folder holds several, the next of them, as a
    /// training after a search, may take a moment to begin.
    public func isOver(_ look: Look, now: Date = Date()) -> Bool {
        guard look.empty.isEmpty, look.unfinished.isEmpty else { return false }
        guard !folders.allSatisfy({ PostgresAddress.isOne($0) || RunFolder($0).exists }) else { return true }
        let latest = look.files.values.map { Double($0.modified[0]) }.max() ?? 0
        return now.timeIntervalSince1970 - latest >= 10
    }

    private func see(_ path: String, depth: Int, in look: inout Look) {
        let folder = RunFolder(path)
        for file in Self.files(of: folder) { look.files[file] = Self.stamp(file) }
        let isCalibrated = look.files[folder.calibration] != nil
        if folder.exists {
            look.runs += 1
            if !isCalibrated { judge(folder, in: &look) }
        }
        guard !isCalibrated, depth < ReportContent.depth,
            let names = try? FileManager.default.contentsOfDirectory(atPath: path)
        else { return }
        for name in names.sorted() where name != "checkpoints" {
            var isFolder: ObjCBool = false
            let child = path + "/" + name
            if FileManager.default.fileExists(atPath: child, isDirectory: &isFolder), isFolder.boolValue {
                see(child, depth: depth + 1, in: &look)
            }
        }
    }

    private func judge(_ folder: RunFolder, in look: inout Look) {
        let kind = try? folder.kind()
        if kind == ImportConfiguration.kind { return }
        let hasResult = look.files[folder.result] != nil
        guard kind == "search" else {
            if !hasResult {
                look.unfinished.append(folder.path)
                look.stopped += stopped(trainingIn: folder)
            }
            return
        }
        do {
            let study = folder.hasStudy ? try folder.openStudy() : nil
            look.files[folder.studyAddress] = try Self.stamp(study)
            // A search that goes on with more children has a result from before.
            let isSearched = try study.map(Self.isSearched) ?? false
            guard !hasResult || isSearched else { return }
            look.unfinished.append(folder.path)
            if !isSearched {
                look.stopped.append(
                    "the search in \(folder.path) was stopped; 'ads search --resume --out \(ShellText.word(folder.path))' goes on with it"
                )
            }
        } catch {
            guard !hasResult else { return }
            look.unfinished.append(folder.path)
            look.stopped.append("\(error)")
        }
    }

    /// What to say of a training that has not ended.
    private func stopped(trainingIn folder: RunFolder) -> [String] {
        guard !folder.isBeingTrained,
            let configuration = try? folder.read(TrainingConfiguration.self, from: folder.configuration),
            // Ended since it was looked at.
            !FileManager.default.fileExists(atPath: folder.result)
        else { return [] }
        return ["the training in \(folder.path) was stopped; '\(configuration.resuming(folder))' goes on with it"]
    }

    /// A study by its address alone.
    private func see(study address: String, in look: inout Look) {
        do {
            let study = try StudyPlace.open(address)
            guard let configuration = try study.configuration() else { return }
            look.runs += 1
            look.files[address] = try Self.stamp(study)
            let isSearched = try Self.isSearched(study)
            guard configuration.isFinished != true || isSearched else { return }
            look.unfinished.append(address)
            if !isSearched {
                look.stopped.append(
                    "the search of \(study.name) was stopped; 'ads search --resume --study ADDRESS --out DIR' goes on with it"
                )
            }
        } catch StudyError.missing {
        } catch {
            // It may be there: nothing is said of a study whose server is away.
            look.runs += 1
            look.unfinished.append(address)
            look.stopped.append("\(error)")
        }
    }

    private static func isSearched(_ study: any StudyStorage) throws -> Bool {
        try study.owner().map { !$0.owner.isDead && $0.secondsLeft >= 0 } ?? false
    }

    /// What changes with a study in a database; a study in a file has that file's.
    private static func stamp(_ study: (any StudyStorage)?) throws -> FileStamp? {
        try (study as? PostgresStudy).map { FileStamp(size: 0, modified: try $0.counts(), number: 0) }
    }

    private static func files(of folder: RunFolder) -> [String] {
        [
            folder.configuration, folder.architecture, folder.result, folder.metrics, folder.testUses,
            folder.confusion, folder.latencies, folder.calibration, folder.study, folder.study + "-wal",
        ]
    }

    private static func stamp(_ path: String) -> FileStamp? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        #if os(Linux)
        let time = status.st_mtim
        #else
        let time = status.st_mtimespec
        #endif
        return FileStamp(
            size: Int(status.st_size), modified: [time.tv_sec, time.tv_nsec], number: UInt64(status.st_ino))
    }
}
