import Files
import Foundation
import Studies

/// An error of a connection or of the server, and what it means.
struct PostgresFailure: Error {
    /// The server's code (Appendix A of PostgreSQL's documentation); `nil` where the server was not reached.
    let state: String?
    /// What libpq or the server said.
    let message: String
    /// Whether there is no connection any more.
    let lostConnection: Bool

    init(state: String?, _ message: String, lostConnection: Bool) {
        (self.state, self.lostConnection) = (state, lostConnection)
        // libpq's lines: each host that was tried, hints.
        let lines = message.split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }
        self.message = lines.joined(separator: "; ").inSentence(upTo: 400)
    }

    /// Whether the same call may succeed a moment later: the connection broke, the server starts or stops or has no
    /// room, or two transactions stood in each other's way.
    var mayPass: Bool {
        guard let state else { return !isRefusal }
        // 08 connections, 40 rolled back, 57P01 to 57P03 stops and starts, 53300 too many connections, 25006 a standby
        // that becomes the primary.
        return ["08", "40"].contains(state.prefix(2)) || ["57P01", "57P02", "57P03", "53300", "25006"].contains(state)
    }

    /// Whether who did not reach a server will not reach it with the same address either. libpq has no codes for these.
    private var isRefusal: Bool {
        [
            "password", "authentication failed", "no pg_hba.conf entry", "does not exist", "certificate", "SSL",
            "service",
            "could not translate host name", "permission denied",
        ].contains { message.contains($0) }
    }

    /// One sentence for people.
    func explained(_ study: String) -> FileError {
        if message.contains("root certificate") || message.contains("sslrootcert") {
            return FileError(
                "\(study) cannot be reached safely: the server's certificate is checked against ~/.postgresql/root.crt, which is not there; put it there, name it with sslrootcert=FILE, or say sslmode=require in the address and trust the network (\(message))"
            )
        }
        if message.contains("no password supplied") || message.contains("password authentication failed") {
            return FileError(
                "\(study) does not let you in (\(message)); write the password into the file that PGPASSFILE names (~/.pgpass: host:port:database:user:password), readable by you alone"
            )
        }
        switch state {
        case nil: return FileError("\(study) cannot be reached: \(message)")
        case "42501": return FileError("\(study) may not be used like that by this user of the database: \(message)")
        case "53100": return FileError("\(study) cannot be written: the server's disk is full")
        case "42P01", "42703", "23514", "23505":
            return FileError("\(study) is damaged (\(message)); restore the database from a copy, or take another name")
        case let state?: return FileError("\(study): \(message) (SQLSTATE \(state))")
        }
    }
}
