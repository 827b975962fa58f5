import Files
internal import GRDB
import Studies

/// What SQLite's errors mean to people.
enum SQLiteFailure {
    static func damaged(_ path: String, _ what: String) -> FileError {
        let line = what.split(separator: "\n").first.map(String.init) ?? what
        return FileError(
            "\(path) is damaged (\(line)); restore it from a copy or start a new search. Nothing was changed")
    }

    static func explain(_ error: any Error, _ path: String) -> any Error {
        if let damage = error as? Damage { return damaged(path, "\(damage.what) is not what was written") }
        guard let error = error as? DatabaseError else { return error }
        switch error.resultCode {
        case .SQLITE_NOTADB: return FileError("\(path) is not a study: it is no SQLite database")
        case .SQLITE_CORRUPT: return damaged(path, error.message ?? "corrupt")
        case .SQLITE_FULL:
            return FileError("\(path) cannot be written: the disk is full; free some space and continue with --resume")
        case .SQLITE_BUSY, .SQLITE_LOCKED:
            return FileError("\(path) is being written by another program for half a minute already; try again")
        case .SQLITE_READONLY, .SQLITE_CANTOPEN, .SQLITE_PERM:
            return FileError("\(path) cannot be opened for writing; check the folder and its permissions")
        case .SQLITE_IOERR:
            return FileError(
                "\(path) cannot be read or written (\(error.message ?? "input/output error")); check the disk and the room on it"
            )
        // A damaged file may lack a table or a column, or hold a value that the schema excludes.
        case .SQLITE_ERROR, .SQLITE_MISMATCH, .SQLITE_CONSTRAINT:
            return damaged(path, error.message ?? "not as it was made")
        default: return FileError("\(path): \(error.message ?? "SQLite error \(error.resultCode.rawValue)")")
        }
    }
}
