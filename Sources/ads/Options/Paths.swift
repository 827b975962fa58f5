import ArgumentParser
import Files
import Foundation
import Runs
import StudyPostgres

/// A path from the command line that something is written to.
enum WrittenPath {
    /// For `transform:` of an option: an empty one, such as that of an unset variable, would be the root's.
    @Sendable static func parse(_ text: String) throws -> String {
        guard !text.isEmpty else { throw RangeError("a path is needed") }
        return text
    }

    /// Refuses a file to write that is a run's own: what a page or a picture takes the place of would be lost.
    /// - Throws: `UsageError`.
    static func check(_ path: String) throws {
        // What a link names is what would be written, and a link may stand for a file of a run.
        let url = URL(fileURLWithPath: path)
        let names = [url, url.resolvingSymlinksInPath()].map(\.lastPathComponent)
        guard FileManager.default.fileExists(atPath: path), names.contains(where: RunFolder.ownFiles.contains) else {
            return
        }
        throw UsageError("\(path) is a file of a run, which must not be replaced; choose another name")
    }
}

/// A study's address from the command line.
enum StudyAddress {
    /// Refuses what is no address, before anything else is looked at. A parser would repeat what was typed, which may
    /// have a password in it.
    /// - Throws: `UsageError`.
    @discardableResult static func check(_ text: String) throws -> PostgresAddress {
        do { return try PostgresAddress(text) } catch { throw UsageError("\(error)") }
    }
}
