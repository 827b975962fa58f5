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
    /// Whether there never was one: a server was asked to let us in.
    let isRefusal: Bool

    init(state: String?, _ message: String, lostConnection: Bool, connecting: Bool = false) {
        (self.state, self.lostConnection) = (state, lostConnection)
        // libpq has no codes for who is not let in, today and in a minute.
        isRefusal =
            connecting
            && [
                "password authentication failed", "no password supplied", "no pg_hba.conf entry", "FATAL:  database",
                "FATAL:  role", "certificate verify failed", "root certificate", "does not support SSL",
                "definition of service",
            ].contains { message.contains($0) }
        // libpq's lines: each host that was tried, hints.
        let lines = message.split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }
        self.message = lines.joined(separator: "; ").inSentence(upTo: 400)
    }

    /// Whether the same call may succeed a moment later: the connection broke, the server starts or stops or has no
    /// room, or two transactions stood in each other's way.
    var mayPass: Bool {
        guard let state else { return lostConnection && !isRefusal }
        return state.hasPrefix("08") || isConflict || isElsewhere
            // Too many connections; locks and transactions that waited for too long.
            || ["53300", "55P03", "25P03", "57P05"].contains(state)
    }

    /// Whether two transactions stood in each other's way, and nothing is wrong with anything.
    var isConflict: Bool { state?.hasPrefix("40") ?? false }

    /// Whether another server, or this one after a start, has to answer: it stops or starts, or is a standby.
    var isElsewhere: Bool { ["57P01", "57P02", "57P03", "25006"].contains(state) }

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
