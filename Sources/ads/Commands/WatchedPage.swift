import Files
import Foundation
import Reporting

/// The page that `ads report --watch` keeps up to date.
struct WatchedPage {
    let path: String
    /// What is wrong with the runs as they were read last, a sentence each.
    private(set) var problems: [String] = []
    /// Whether the runs could not be read, so that the page is as it was before.
    private(set) var isBehind = false
    private var content: ReportContent?
    private var text = ""

    init(path: String) { self.path = path }

    /// Whether there is a page.
    var isWritten: Bool { !text.isEmpty }

    /// Reads the runs and writes their page, where it is another one. Runs that cannot be read, as while they are being
    /// made, leave it as it was.
    /// - Throws: `FileError`, `UsageError` where it cannot be written.
    mutating func update(_ folders: [String]) throws {
        do {
            let read = try ReportContent(folders: folders)
            (content, problems, isBehind) = (read, read.leftOut.map { "left out: \($0)" }, false)
        } catch {
            (problems, isBehind) = (["\(error)"], true)
        }
        try write(isWatched: true)
    }

    /// Reads the runs a last time and writes the page that is not watched any more.
    /// - Throws: as `update`; what is wrong with the runs.
    mutating func end(_ folders: [String]) throws {
        let read = try ReportContent(folders: folders)
        (content, problems) = (read, read.leftOut.map { "left out: \($0)" })
        try write(isWatched: false)
    }

    /// Writes the page as one that is not watched any more, of what was read last.
    /// - Throws: as `update`.
    mutating func leave() throws { if isWritten { try write(isWatched: false) } }

    private mutating func write(isWatched: Bool) throws {
        guard let content else { return }
        let new = HTMLReport(content, isWatched: isWatched).text
        guard new != text else { return }
        try WrittenPath.check(path)
        try AtomicFile.write(Data(new.utf8), to: path)
        if !isWritten {
            print(path)
            // Whoever reads it wants to open the page now.
            fflush(nil)
        }
        text = new
    }
}
