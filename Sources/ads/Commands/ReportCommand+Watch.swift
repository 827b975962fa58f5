import Foundation
import Reporting
import Runs
import Training

// ads report --watch.
extension ReportCommand {
    /// Seconds between two looks at the runs; more where reading them takes long.
    private static let pause = 2.0

    /// Writes the page whenever a run has changed, until all have ended.
    /// - Throws: `Interrupted` at Ctrl-C; `FileError` where the page cannot be written.
    func watchRuns(writing path: String) throws {
        let folders = runs.joined(separator: ", ")
        Console().line("watching \(folders): \(path) is written again while runs go on; ends with them, or by Ctrl-C")
        let watched = WatchedRuns(folders: runs)
        var (page, notices) = (WatchedPage(path: path), PersistentNotices())
        var seen: WatchedRuns.Look?
        while true {
            let began = ContinuousClock.now
            // Looked at before it is read: what changes in between is seen the next time.
            let look = watched.look()
            if watched.isOver(look) {
                try page.end(runs)
                for sentence in page.problems { AdsCommand.tell(sentence) }
                return
            }
            if look.empty.count < runs.count, look.files != seen?.files || page.isBehind { try page.update(runs) }
            seen = look
            let waiting = look.empty.map { "there is no run in \($0) yet; waiting for one" }
            for sentence in notices.due(waiting + page.problems + look.stopped) { AdsCommand.tell(sentence) }
            try wait(max(Self.pause, 4 * (ContinuousClock.now - began).seconds), &page)
        }
    }

    private func wait(_ seconds: Double, _ page: inout WatchedPage) throws {
        let end = ContinuousClock.now + .seconds(seconds)
        while ContinuousClock.now < end {
            if Interruption.requested {
                try page.leave()
                throw Interrupted(
                    description: page.isWritten
                        ? "stopped watching; \(page.path) stays as it is now" : "stopped watching; no page was written")
            }
            Thread.sleep(forTimeInterval: 0.05)
        }
    }
}
