import Foundation
import ImageData
import Reporting
import Runs
import Synchronization

/// Says how far the reading of a folder's images is, and ends it where the user asks to stop.
final class ReadingProgress: Sendable {
    private struct State {
        let console: Console
        var last: FolderReading?
        var began = ContinuousClock.now
    }
    private let state: Mutex<State>

    init(quiet: Bool) { state = Mutex(State(console: Console(quiet: quiet))) }

    /// Looks on at some reading.
    func show(_ reading: FolderReading) throws {
        try state.withLock { state in
            try Interruption.check("interrupted while images were read; nothing was kept of them")
            // Another step, or the same anew.
            let isSame = state.last.map { $0.step == reading.step && $0.count == reading.count } ?? false
            if !isSame || reading.done == 0 && state.last?.done != 0 { state.began = .now }
            state.last = reading
            // The command has a console of its own, which does not know this line.
            guard reading.done < reading.count else { return state.console.settle() }
            let taken = (ContinuousClock.now - state.began).seconds
            if taken > 2 { state.console.progress(Self.line(reading, after: taken)) }
        }
    }

    /// Takes the line away, whatever became of the reading.
    func settle() { state.withLock { $0.console.settle() } }

    private static func line(_ reading: FolderReading, after taken: Double) -> String {
        let what: String
        switch reading.step {
        case .waiting: return "waiting for another process that reads the same images"
        case .checking: what = "checking images"
        case .reading: what = "reading images"
        }
        let left = taken / Double(max(1, reading.done)) * Double(reading.count - reading.done)
        let time = reading.done > 0 ? ", \(duration(left)) left" : ""
        return "\(what): \(grouped(reading.done)) of \(grouped(reading.count))\(time)"
    }
}

/// A command that reads images, and whether it says so; a search's workers are none, as the search speaks for them.
protocol ReadsImages { var isQuiet: Bool { get } }

extension TrainCommand: ReadsImages { var isQuiet: Bool { output.quiet } }
extension SearchCommand: ReadsImages { var isQuiet: Bool { output.quiet } }
extension CalibrateCommand: ReadsImages { var isQuiet: Bool { output.quiet } }
extension RetrainCommand: ReadsImages { var isQuiet: Bool { output.quiet } }
extension TransferCommand: ReadsImages { var isQuiet: Bool { output.quiet } }
extension EvaluateCommand: ReadsImages { var isQuiet: Bool { output.quiet } }
extension ImportCommand: ReadsImages { var isQuiet: Bool { output.json } }
