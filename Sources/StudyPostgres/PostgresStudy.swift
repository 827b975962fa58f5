import Files
import Foundation
import Studies

/// A study in a PostgreSQL database that many machines share.
///
/// Every call is one statement, or one transaction under a lock on the study's row; both are safe to repeat, as the
/// contract of `StudyStorage` has it, and are repeated by themselves once a connection that broke is there again. Time
/// is the server's. One connection a process.
public final class PostgresStudy: StudyStorage {
    /// What happens to the connection, for people.
    public typealias Observer = @Sendable (String) -> Void

    let address: PostgresAddress
    let link: PostgresLink
    /// The study's row.
    let id: Int
    /// Seconds since a moment of the tests' choice, in place of the server's clock.
    let now: (@Sendable () -> Double)?
    public var name: String { address.description }

    /// Opens or makes a study.
    /// - Parameters:
    ///   - mustExist: refuses to make one.
    ///   - patience: seconds that a connection which breaks later is tried again for; the first is tried once.
    ///   - waits: whether the first connection is tried again, too.
    ///   - observer: receives a sentence when a connection is lost, and when it is back.
    ///   - givesUp: whether a connection that broke is not tried again any more, as somebody wants the program to end.
    /// - Throws: `FileError` when the server cannot be reached or the study is not there.
    public convenience init(
        _ address: PostgresAddress, mustExist: Bool = false, patience: Double = 600, waits: Bool = false,
        observer: @escaping Observer = { _ in }, givesUp: @escaping @Sendable () -> Bool = { false }
    ) throws {
        try self.init(
            address, mustExist: mustExist, patience: patience, waits: waits, observer: observer, givesUp: givesUp,
            now: nil)
    }

    init(
        _ address: PostgresAddress, mustExist: Bool = false, patience: Double = 600, waits: Bool = false,
        observer: @escaping Observer = { _ in }, givesUp: @escaping @Sendable () -> Bool = { false },
        now: (@Sendable () -> Double)?
    ) throws {
        (self.address, self.now) = (address, now)
        link = PostgresLink(address, patience: patience, observer: observer, givesUp: givesUp)
        id = try link.perform(isFirst: !waits) { connection in
            if mustExist, try !PostgresSchema.isThere(connection, address.description) { throw Self.missing(address) }
            // Who only looks makes nothing, and may not.
            if !mustExist {
                try PostgresSchema.migrate(connection, address.description)
                try connection.run(
                    "INSERT INTO ads.study (name) VALUES ($1) ON CONFLICT (name) DO NOTHING", .text(address.study))
            }
            let found = try connection.run("SELECT id FROM ads.study WHERE name = $1", .text(address.study))
            guard let id = found.int(0, "id") else { throw Self.missing(address) }
            return id
        }
    }

    /// The names of the studies that an address' database holds, in order of their names.
    /// - Throws: `FileError` when the server cannot be reached.
    public static func names(in address: PostgresAddress) throws -> [String] {
        let link = PostgresLink(address, patience: 0, observer: { _ in }, givesUp: { true })
        return try link.perform(isFirst: true) { connection in
            guard try PostgresSchema.version(connection) > 0 else { return [] }
            let rows = try connection.run("SELECT name FROM ads.study ORDER BY name LIMIT \(PostgresLimits.rows + 1)")
            return try rows.map("studies") { $0.text($1, "name") ?? "" }
        }
    }

    private static func missing(_ address: PostgresAddress) -> StudyError {
        .missing(study: address.study, place: address.description)
    }

    /// A write of the search: one transaction that begins with a lock on the study's row and the proof that it owns it.
    func write<Result>(
        by ownership: Ownership, _ body: (PostgresConnection) throws -> Result
    ) throws -> Result {
        try link.perform { connection in
            try connection.transaction {
                try prove(ownership, connection, " FOR UPDATE")
                return try body(connection)
            }
        }
    }

    /// - Throws: `StudyError.ownershipLost` where another search has taken the study.
    func prove(_ ownership: Ownership, _ connection: PostgresConnection, _ lock: String = "") throws {
        let life = try owner(connection, lock).life
        guard life.proves(ownership) else {
            throw StudyError.ownershipLost(study: name, owner: life.lease?.ownership.owner)
        }
    }

    // MARK: Plan

    public func plan() throws -> String? {
        try link.perform { connection in
            let row = try connection.run(
                """
                SELECT \(StoredTrial.short("plan", PostgresLimits.plan)), plan IS NOT NULL AS known, plan_checksum
                FROM ads.study WHERE id = $1
                """, .int(id))
            guard row.count == 1 else { throw Self.missing(address) }
            guard row.bool(0, "known") == true else { return nil }
            guard let plan = row.text(0, "plan"), row.text(0, "plan_checksum") == StudyChecksum.of(plan) else {
                throw Damage(what: "the configuration")
            }
            return plan
        }
    }

    public func store(plan: String, by ownership: Ownership) throws {
        _ = try write(by: ownership) { connection in
            try connection.run(
                "UPDATE ads.study SET plan = $2, plan_checksum = $3 WHERE id = $1", .int(id), .text(plan),
                .text(StudyChecksum.of(plan)))
        }
        tell()
    }

    // MARK: Owner

    /// The owner, and the time of the storage's clock.
    func owner(
        _ connection: PostgresConnection, _ lock: String = ""
    ) throws -> (life: OwnerLife, now: Double) {
        let row = try connection.run(
            """
            SELECT \(StoredTrial.short("owner")), \(StoredTrial.short("owner_token")), owner_until,
                owner_token IS NOT NULL AS owned, \(Self.clock(2)) AS now
            FROM ads.study WHERE id = $1\(lock)
            """, .int(id), .double(now?()))
        guard row.count == 1, let now = row.double(0, "now") else { throw Self.missing(address) }
        guard row.bool(0, "owned") == true else { return (OwnerLife(), now) }
        guard let json = row.text(0, "owner"), let token = row.text(0, "owner_token"),
            let until = row.double(0, "owner_until")
        else { throw Damage(what: "the owner") }
        return (try StoredOwner(json: json, token: token, until: until).life(), now)
    }

    /// The storage's clock, in a statement whose nth parameter is the tests' own.
    static func clock(_ parameter: Int) -> String {
        "coalesce($\(parameter)::float8, extract(epoch FROM clock_timestamp())::float8)"
    }

    private func write(_ life: OwnerLife, _ connection: PostgresConnection) throws {
        let row = try StoredOwner(life)
        try connection.run(
            "UPDATE ads.study SET owner = $2, owner_token = $3, owner_until = $4 WHERE id = $1", .int(id),
            .text(row?.json), .text(row?.token), .double(row?.until))
    }

    public func own(_ ownership: Ownership, for seconds: Double, isDead: (WorkerIdentity) -> Bool) throws {
        _ = try changeOwner { life, now in
            let other = life.lease?.ownership.owner
            let answer = life.owned(by: ownership, at: now, until: now + seconds, isDead: isDead)
            guard answer != .refused else {
                throw StudyError.isSearched(study: name, owner: other ?? ownership.owner)
            }
            return answer
        }
    }

    public func extend(_ ownership: Ownership, for seconds: Double) throws -> Bool {
        try changeOwner { life, now in life.extended(ownership, until: now + seconds) }
    }

    public func disown(_ ownership: Ownership) throws {
        _ = try changeOwner { life, _ in life.disowned(ownership) }
    }

    private func changeOwner(_ event: (inout OwnerLife, Double) throws -> TrialLife.Answer) throws -> Bool {
        try link.perform { connection in
            try connection.transaction {
                var (life, now) = try owner(connection, " FOR UPDATE")
                let answer = try event(&life, now)
                if answer == .changed { try write(life, connection) }
                return answer != .refused
            }
        }
    }

    public func owner() throws -> (owner: WorkerIdentity, secondsLeft: Double)? {
        try link.perform { connection in
            let (life, now) = try owner(connection)
            return life.lease.map { ($0.ownership.owner, $0.until - now) }
        }
    }
}
