import Foundation
internal import GRDB
import Studies

// Rows of SQLite's tables as values that storages share, with each column's type checked: SQLite keeps any type
// anywhere.

extension StoredTrial {
    /// A row of the table `trial`.
    /// - Throws: `Damage` where a column is of another type.
    init(_ row: Row) throws {
        let number = Int.fromDatabaseValue(row["number"])
        let known = (
            update: Int.fromDatabaseValue(row["updateNumber"]), position: Int.fromDatabaseValue(row["position"]),
            state: String.fromDatabaseValue(row["state"]), held: Bool.fromDatabaseValue(row["held"]),
            lost: Int.fromDatabaseValue(row["lost"]), proposal: String.fromDatabaseValue(row["proposal"]),
            outcome: String.fromDatabaseValue(row["outcome"]), checksum: String.fromDatabaseValue(row["checksum"])
        )
        guard let number, let update = known.update, let position = known.position, let state = known.state,
            let held = known.held, let lost = known.lost, let proposal = known.proposal, let outcome = known.outcome,
            let checksum = known.checksum
        else { throw Damage(what: "trial \(number ?? 0)") }
        self.init(
            number: number, update: update, position: position, state: state, held: held, lost: lost,
            ended: String.fromDatabaseValue(row["ended"]), proposal: proposal, outcome: outcome, checksum: checksum,
            worker: String.fromDatabaseValue(row["worker"]), token: String.fromDatabaseValue(row["token"]),
            until: Double.fromDatabaseValue(row["leaseUntil"]), reported: String.fromDatabaseValue(row["reported"]))
    }

    /// Who works on a row's trial, of a row that has the lease alone.
    static func holder(_ row: Row) throws -> TrialLife.Holder? {
        try holder(
            Int.fromDatabaseValue(row["number"]) ?? 0, worker: String.fromDatabaseValue(row["worker"]),
            token: String.fromDatabaseValue(row["token"]), until: Double.fromDatabaseValue(row["leaseUntil"]))
    }

    func insert(_ db: Database) throws {
        try db.execute(
            sql: """
                INSERT INTO trial (number, updateNumber, position, state, held, lost, ended, proposal, outcome, checksum)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [number, update, position, state, held, lost, ended, proposal, outcome, checksum])
    }

    /// Writes what may change.
    func update(_ db: Database) throws {
        try db.execute(
            sql: """
                UPDATE trial SET state = ?, held = ?, lost = ?, ended = ?, outcome = ?, checksum = ?, worker = ?, token = ?, leaseUntil = ?,
                    reported = ?
                WHERE number = ?
                """,
            arguments: [state, held, lost, ended, outcome, checksum, worker, token, until, reported, number])
    }
}

extension OwnerLife {
    /// Who owns, by the row of the table `owner`.
    init(_ db: Database) throws {
        self.init()
        guard let row = try Row.fetchOne(db, sql: "SELECT json, token, leaseUntil FROM owner") else { return }
        guard let json = String.fromDatabaseValue(row["json"]), let until = Double.fromDatabaseValue(row["leaseUntil"]),
            let token = String.fromDatabaseValue(row["token"])
        else { throw Damage(what: "the owner") }
        self = try StoredOwner(json: json, token: token, until: until).life()
    }

    func write(_ db: Database) throws {
        guard let row = try StoredOwner(self) else { return try db.execute(sql: "DELETE FROM owner") }
        try db.execute(
            sql: "INSERT OR REPLACE INTO owner (id, json, token, leaseUntil) VALUES (1, ?, ?, ?)",
            arguments: [row.json, row.token, row.until])
    }
}

extension StoredUpdate {
    /// A row of the table `learning`.
    init(_ row: Row) throws {
        let update = Int.fromDatabaseValue(row["updateNumber"])
        guard let update, let json = String.fromDatabaseValue(row["json"]),
            let checksum = String.fromDatabaseValue(row["checksum"])
        else { throw Damage(what: "update \(update ?? 0)") }
        self.init(update: update, json: json, checksum: checksum)
    }

    func insert(_ db: Database) throws {
        try db.execute(
            sql: "INSERT INTO learning (updateNumber, json, checksum) VALUES (?, ?, ?)",
            arguments: [update, json, checksum])
    }
}
