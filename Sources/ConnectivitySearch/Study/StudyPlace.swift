import Files
import Foundation
import Runs
import Studies
import StudyPostgres
import StudySQLite

/// Where studies lie: in a run's folder, or in a database, which the folder then names.
public enum StudyPlace {
    /// The study that a user names: an address of PostgreSQL, a run's folder, or a study's file.
    /// - Parameter waits: whether a server that does not answer yet is waited for.
    /// - Throws: `FileError` when it is not there.
    public static func open(_ text: String, waits: Bool = false) throws -> any StudyStorage {
        if PostgresAddress.isOne(text) { return try open(PostgresAddress(text), mustExist: true, waits: waits) }
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: text, isDirectory: &isFolder) else {
            throw FileError("there is no run \(text)")
        }
        return isFolder.boolValue ? try RunFolder(text).openStudy() : try SQLiteStudy(path: text, mustExist: true)
    }

    /// Makes a database's tables and an empty study, where they are not there.
    /// - Throws: `FileError` when the server cannot be reached or does not allow it.
    public static func create(_ address: PostgresAddress) throws { _ = try open(address, mustExist: false) }

    /// A study in a database; what happens to the connection is said on stderr, and Ctrl-C ends the waiting for one.
    static func open(_ address: PostgresAddress, mustExist: Bool, waits: Bool = false) throws -> PostgresStudy {
        try PostgresStudy(
            address, mustExist: mustExist, waits: waits,
            observer: { StandardError.write("ads: \($0)\n") },
            givesUp: { Interruption.requested })
    }
}

extension RunFolder {
    /// The file that says where the study of a search lies, where that is not the folder.
    public var studyAddress: String { path + "/study.url" }

    /// Whether a study belongs to the folder, in it or elsewhere.
    public var hasStudy: Bool {
        [study, studyAddress].contains { FileManager.default.fileExists(atPath: $0) }
    }

    /// The database the folder's study lies in; `nil` for its own file.
    /// - Throws: `FileError`.
    public func address() throws -> PostgresAddress? {
        guard FileManager.default.fileExists(atPath: studyAddress) else { return nil }
        let text = String(decoding: try AtomicFile.read(studyAddress, atMost: 4096), as: UTF8.self)
        do {
            return try PostgresAddress(text.trimmingCharacters(in: .whitespacesAndNewlines))
        } catch {
            throw FileError("\(studyAddress) does not say where the study is: \(error)")
        }
    }

    /// The study of a search in this folder.
    /// - Parameters:
    ///   - mustExist: refuses to make one.
    ///   - waits: whether a server that does not answer yet is waited for.
    /// - Throws: `FileError` when it is not there, damaged, or cannot be reached.
    public func openStudy(mustExist: Bool = true, waits: Bool = false) throws -> any StudyStorage {
        try address().map { try StudyPlace.open($0, mustExist: mustExist, waits: waits) }
            ?? SQLiteStudy(path: study, mustExist: mustExist)
    }
}
