import Files
import Foundation
internal import GRDB

/// A study on storage that nothing can be written to: it can be looked at as what never changes, since SQLite cannot
/// make the files there that it keeps beside a database.
struct StillStudy {
    private let path: String

    /// `nil` where it can be written, or somebody who can has it open.
    /// - Throws: `FileError` where its last writes are not in it yet.
    init?(_ path: String) throws {
        let real = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
        guard access(URL(fileURLWithPath: real).deletingLastPathComponent().path, W_OK) != 0 else { return nil }
        // Whoever may write there has this file while it is open.
        guard errno == EROFS || errno == EACCES && access(real + "-shm", F_OK) != 0 else { return nil }
        var log = stat()
        guard stat(real + "-wal", &log) != 0 ? errno == ENOENT : log.st_size == 0 else {
            throw FileError(
                "\(path) cannot be looked at where nothing can be written: its last writes still stand in \(URL(fileURLWithPath: real).lastPathComponent)-wal beside it; copy its folder to where you may write"
            )
        }
        self.path = path
    }

    /// Opens it, as an address that SQLite understands where it was built with `SQLITE_USE_URI`, as Debian's and
    /// Apple's are.
    /// - Throws: `FileError` when it is no study, damaged, or of another version.
    func open() throws -> DatabaseQueue {
        var configuration = GRDB.Configuration()
        configuration.readonly = true
        configuration.prepareDatabase { db in try db.execute(sql: "PRAGMA cell_size_check = ON") }
        do {
            let address = URL(fileURLWithPath: path).absoluteString + "?immutable=1"
            let database = try DatabaseQueue(path: address, configuration: configuration)
            try SQLiteStudy.check(database, path)
            guard try database.read({ try SQLiteSchema.migrator.hasCompletedMigrations($0) }) else {
                throw FileError(
                    "\(path) was made by an older version of ads and cannot be brought up to date where nothing can be written; copy its folder to where you may write"
                )
            }
            return database
        } catch let error as DatabaseError where error.resultCode == .SQLITE_CANTOPEN {
            throw FileError(
                "\(path) cannot be looked at where nothing can be written; copy its folder to where you may write")
        } catch {
            throw SQLiteFailure.explain(error, path)
        }
    }
}
