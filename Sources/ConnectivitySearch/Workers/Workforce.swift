import Foundation
import Runs

/// Who evaluates a search's trials.
public protocol Workforce: AnyObject {
    /// How many work at once.
    var count: Int { get }
    /// Works, or waits for those who do, until something may have changed.
    /// - Throws: `Interrupted`, `FileError`, `SearchError` when nobody can work.
    func work() throws
    /// Ends all work; unfinished trials wait for another search.
    func end()
}

/// Other machines' workers, which come and go by themselves (`StudyWorker`).
final class OtherMachines: Workforce {
    let count = 1

    func work() { Thread.sleep(forTimeInterval: 0.1) }

    func end() {}
}

/// The search's own process.
public final class OwnProcess: Workforce {
    private let worker: Worker
    public let count = 1

    /// One worker, here.
    public init(_ worker: Worker) { self.worker = worker }

    public func work() throws {
        // Another process' worker may still hold a trial.
        if try worker.workOnce() == .nothingWaits { Thread.sleep(forTimeInterval: 0.05) }
    }

    public func end() { worker.heartbeat.end() }
}
