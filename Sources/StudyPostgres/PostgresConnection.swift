import CPostgreSQL
import Foundation

/// One connection. Statements go with their parameters (`PQexecParams`) and leave nothing at the server but their
/// transaction's work, so that a pool of connections may stand between (pgbouncer's transaction pooling); LISTEN alone
/// stays, and nothing rests on it.
final class PostgresConnection {
    private let connection: OpaquePointer
    /// The channel of notifications that this connection was asked to hear.
    private var channel: String?
    /// Whether the server, or who stands before it, does not let it.
    private var mayListen = true
    /// Whether a notification came since this was last asked.
    private var hasNews = false

    /// Connects.
    /// - Throws: `PostgresFailure`.
    init(_ address: PostgresAddress) throws {
        let parameters = address.parameters.sorted { $0.key < $1.key }
        let words = parameters.map { strdup($0.key) } + parameters.map { strdup($0.value) }
        defer { for word in words { free(word) } }
        // libpq reads both lists up to their null, and copies what it keeps.
        let keys = words.prefix(parameters.count).map { UnsafePointer($0) } + [nil]
        let values = words.dropFirst(parameters.count).map { UnsafePointer($0) } + [nil]
        guard let connection = PQconnectdbParams(keys, values, 0) else {
            throw PostgresFailure(state: nil, "there is no memory for a connection", lostConnection: false)
        }
        self.connection = connection
        guard PQstatus(connection) == CONNECTION_OK else {
            // What there is of it is finished with this object, which is whole by now.
            throw PostgresFailure(
                state: nil, String(cString: PQerrorMessage(connection)), lostConnection: true, connecting: true)
        }
        // Without it libpq writes what servers note to stderr.
        PQsetNoticeProcessor(connection, { _, _ in }, nil)
    }

    deinit { PQfinish(connection) }

    /// Runs a statement.
    /// - Throws: `PostgresFailure`.
    @discardableResult func run(_ sql: String, _ values: PostgresValue...) throws -> PostgresResult {
        try run(sql, values)
    }

    /// The same with a list.
    @discardableResult func run(_ sql: String, _ values: [PostgresValue]) throws -> PostgresResult {
        let parts = values.map(\.bytes)
        // All values after one another; each is pointed at where it begins. An empty one is no NULL and needs a place,
        // too.
        var all: [UInt8] = []
        let starts = parts.map { part in
            defer { all += part ?? [] }
            return all.count
        }
        all.append(0)
        let answer = all.withUnsafeBytes { bytes in
            let pointers = zip(parts, starts).map { part, start in
                part.flatMap { _ in bytes.baseAddress.map { ($0 + start).assumingMemoryBound(to: CChar.self) } }
            }
            return PQexecParams(
                connection, sql, Int32(values.count), values.map(\.type), pointers, parts.map { Int32($0?.count ?? 0) },
                values.map { _ in 1 }, 1)
        }
        takeNotifications()
        guard let answer else { throw failure(nil) }
        switch PQresultStatus(answer) {
        case PGRES_TUPLES_OK, PGRES_COMMAND_OK: return PostgresResult(answer)
        default:
            defer { PQclear(answer) }
            throw failure(answer)
        }
    }

    /// What a body does, seen by others whole or not at all.
    /// - Throws: what the body throws, and nothing has changed; `PostgresFailure`, after which a commit may or may not
    ///   have happened where the connection was lost.
    func transaction<Result>(_ body: () throws -> Result) throws -> Result {
        try run("BEGIN ISOLATION LEVEL READ COMMITTED")
        do {
            // Who vanishes in the middle keeps what it locked for half a minute, not until the server sees a dead link;
            // and nobody waits for it for longer. Both end with the transaction.
            try run(
                """
                SELECT set_config('idle_in_transaction_session_timeout', '30000', true),
                    set_config('lock_timeout', '15000', true)
                """)
            let result = try body()
            // A transaction that had failed is rolled back by it, and says so.
            guard try run("COMMIT").command == "COMMIT" else {
                throw PostgresFailure(state: "40000", "the transaction was rolled back", lostConnection: false)
            }
            return result
        } catch {
            _ = try? run("ROLLBACK")
            throw error
        }
    }

    /// What libpq keeps until somebody takes it; behind a pool there may be others' among them.
    private func takeNotifications() {
        while let notification = PQnotifies(connection) {
            if let channel, channel == String(cString: notification.pointee.relname) { hasNews = true }
            PQfreemem(notification)
        }
    }

    /// What came of waiting for notifications.
    enum Heard {
        /// One came.
        case news
        /// None did.
        case quiet
        /// From now on they come; what was before is looked for once more.
        case began
        /// They cannot come.
        case deaf
    }

    /// Waits for a notification; one that came since the last call is an answer at once.
    /// - Parameter channel: a word of letters, digits and underscores, as the statement has no parameters.
    /// - Throws: `PostgresFailure` where the connection is lost.
    func hears(_ channel: String, for seconds: Double) throws -> Heard {
        guard mayListen else { return .deaf }
        guard self.channel == channel else {
            do {
                try run("LISTEN \(channel)")
            } catch let failure as PostgresFailure where !failure.lostConnection {
                mayListen = false
                return .deaf
            }
            (self.channel, hasNews) = (channel, false)
            return .began
        }
        if !hasNews {
            var waiting = pollfd(fd: PQsocket(connection), events: Int16(POLLIN), revents: 0)
            _ = poll(&waiting, 1, Int32(max(0, seconds) * 1000))
            guard PQconsumeInput(connection) == 1 else { throw failure(nil) }
            takeNotifications()
        }
        defer { hasNews = false }
        return hasNews ? .news : .quiet
    }

    private func failure(_ answer: OpaquePointer?) -> PostgresFailure {
        // PG_DIAG_SQLSTATE of postgres_ext.h, a macro that Swift does not see.
        let state = answer.flatMap { PQresultErrorField($0, Int32(UInt8(ascii: "C"))) }.map { String(cString: $0) }
        // PG_DIAG_MESSAGE_PRIMARY: the first line, without the statement.
        let message = answer.flatMap { PQresultErrorField($0, Int32(UInt8(ascii: "M"))) }
        return PostgresFailure(
            state: state, String(cString: message ?? PQerrorMessage(connection)),
            lostConnection: PQstatus(connection) != CONNECTION_OK)
    }
}
