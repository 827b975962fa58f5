import ConnectivitySearch
import Files
import Foundation
import Runs
import Training

/// Keeps a run's curves for TensorBoard up: they are made of what the run's folder has, so that neither a kill nor
/// `--resume` can double or lose a step.
public final class TensorBoardCurves {
    private let folder: RunFolder
    private let isWanted: Bool
    private let console: Console
    private var isBroken = false
    /// When a search's curves may be written again: reading a long study takes time, and a tenth of all is enough.
    private var next = ContinuousClock.now

    /// The curves of a run.
    /// - Parameter asked: whether they were asked for now; a run that has them keeps them up anyway.
    public init(_ folder: RunFolder, asked: Bool, _ console: Console) {
        self.folder = folder
        self.console = console
        isWanted = asked || FileManager.default.fileExists(atPath: folder.events)
    }

    /// Adds an epoch once it is done.
    public func show(_ event: TrainingEvent) {
        guard case .epoch = event else { return }
        attempt { try writeTraining(folder) }
    }

    /// Adds an update once it is learned from, and the training of shared weights, a run of its own in the folder.
    public func show(_ event: SearchEvent) {
        switch event {
        case .update:
            let begin = ContinuousClock.now
            guard begin >= next else { return }
            attempt { try writeSearch() }
            let end = ContinuousClock.now
            next = end.advanced(by: begin.duration(to: end) * 9)
        case .training(.epoch): attempt { try writeTraining(RunFolder(folder.path + "/shared")) }
        default: return
        }
    }

    /// Adds what an interrupted search has and was not written.
    public func keepUp() { attempt { try writeSearch() } }

    /// Adds what a finished training has and was not written.
    /// - Throws: `FileError`.
    public func finishTraining() throws {
        if isWanted { try writeTraining(folder) }
    }

    /// Adds what a finished search has and was not written: its longer evaluations.
    /// - Throws: `FileError`, `SearchError`.
    public func finishSearch() throws {
        if isWanted { try writeSearch() }
    }

    /// The work goes on without its curves, which the next attempt makes whole again.
    private func attempt(_ write: () throws -> Void) {
        guard isWanted else { return }
        do {
            try write()
            isBroken = false
        } catch {
            if !isBroken { console.line("the curves for TensorBoard were not written: \(error)") }
            isBroken = true
        }
    }

    private func writeTraining(_ folder: RunFolder) throws {
        let epochs = try folder.epochs()
        var file = try begin(folder, seconds: epochs.reduce(0) { $0 + $1.seconds })
        file.add(epochs)
        try GrowingFile.write(file.bytes, to: folder.events)
    }

    private func writeSearch() throws {
        let history = try StudyHistory(folder.openStudy())
        var file = try begin(folder, seconds: history.trials.reduce(0) { $0 + $1.seconds })
        file.add(history)
        try GrowingFile.write(file.bytes, to: folder.events)
    }

    /// The beginning that the file has, or one so many seconds ago.
    private func begin(_ folder: RunFolder, seconds: Double) throws -> EventFile {
        let known =
            FileManager.default.fileExists(atPath: folder.events)
            ? EventFile.start(of: try AtomicFile.read(folder.events)) : nil
        return EventFile(start: known ?? (Date().timeIntervalSince1970 - seconds).rounded())
    }
}
