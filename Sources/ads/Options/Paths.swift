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
        let url = URL(fileURLWithPath: path)
        guard FileManager.default.fileExists(atPath: path), RunFolder.ownFiles.contains(url.lastPathComponent) else {
            return
        }
        throw UsageError("\(path) is a file of a run, which must not be replaced; choose another name")
    }
}

/// A run's folder from the command line, where a study's address may be meant.
enum RunPath {
    /// Refuses an address: what a run needs beside its study lies in a folder.
    /// - Throws: `UsageError` with the command that makes one.
    static func check(_ path: String, for command: String) throws {
        guard PostgresAddress.isOne(path) else { return }
        // The address may have a password in it.
        throw UsageError(
            "\(command) is of a run's folder, not of an address; 'ads search --resume --study ADDRESS --out DIR' makes the folder of a search that was begun elsewhere"
        )
    }
}
