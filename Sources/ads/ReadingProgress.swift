import Foundation
import ImageData
import Reporting
import Runs
import Synchronization

/// A command that says how far it is unless it is told to be quiet.
protocol ShowsProgress { var output: OutputOptions { get } }

/// Says how far the reading of a folder's images is, and ends it where the user asks to stop.
final class ReadingProgress: Sendable {
    private struct State {
        let console: Console
        var step: FolderReading.Step?
        var began = ContinuousClock.now
    }
    private let state: Mutex<State>

    init(quiet: Bool) { state = Mutex(State(console: Console(quiet: quiet))) }

    /// Looks on at some reading.
    func show(_ reading: FolderReading) throws {
        try state.withLock { state in
            do {
                try Interruption.check("interrupted while images were read; nothing was kept of them")
            } catch {
                state.console.settle()
                throw error
            }
            if state.step != reading.step { (state.step, state.began) = (reading.step, .now) }
            guard reading.done < reading.count else {
                // The command has a console of its own, which does not know this line.
                state.console.settle()
                state.step = nil
                return
            }
            let taken = (ContinuousClock.now - state.began).seconds
            guard taken > 2, reading.done > 0 else { return }
            let left = taken / Double(reading.done) * Double(reading.count - reading.done)
            state.console.progress(
                "\(reading.step.rawValue) images: \(grouped(reading.done)) of \(grouped(reading.count)), \(duration(left)) left"
            )
        }
    }
}
