import Files
internal import GRDB
import Studies

/// A trial's life as a row of the table `trial`.
///
/// The checksum covers everything but the lease and whether the trial waits or runs, so that a claim is one statement;
/// `ended` says again, under the checksum, how a finished trial ended.
struct TrialRow {
    private struct Outcome: Codable {
        var curve: [CurvePoint]
        var failure: String?
        var lostWith: [String]?
        var machineFailures: Int?
        var machineFailure: String?
    }

    let trial: Trial
    let holder: TrialLife.Holder?
    let reported: String?
    let proposal: String
    let outcome: String

    init(_ life: TrialLife) throws {
        (trial, holder, reported) = (life.trial, life.holder, life.reportedWith)
        proposal = try CanonicalJSON.text(trial.proposal)
        outcome = try CanonicalJSON.text(
            Outcome(
                curve: trial.curve, failure: trial.failure, lostWith: trial.lostWith.isEmpty ? nil : trial.lostWith,
                machineFailures: trial.machineFailures == 0 ? nil : trial.machineFailures,
                machineFailure: trial.machineFailure))
    }

    private var ended: String? { trial.state.isFinished ? trial.state.rawValue : nil }
    private var checksum: String { Self.checksum(trial.number, trial.isHeld, trial.lost, ended, proposal, outcome) }

    static func checksum(
        _ number: Int, _ held: Bool, _ lost: Int, _ ended: String?, _ proposal: String, _ outcome: String
    ) -> String {
        SQLiteSchema.checksum("\(number)", ended ?? "", "\(held)", "\(lost)", proposal, outcome)
    }

    /// The life of a row.
    /// - Throws: `Damage` where the row is not what was written.
    static func life(_ row: Row) throws -> TrialLife {
        let number = Int.fromDatabaseValue(row["number"])
        let what = "trial \(number ?? 0)"
        let values = (
            state: String.fromDatabaseValue(row["state"]), held: Bool.fromDatabaseValue(row["held"]),
            lost: Int.fromDatabaseValue(row["lost"]), proposal: String.fromDatabaseValue(row["proposal"]),
            outcome: String.fromDatabaseValue(row["outcome"]), checksum: String.fromDatabaseValue(row["checksum"])
        )
        guard let number, let state = values.state.flatMap(TrialState.init), let held = values.held,
            let lost = values.lost,
            let proposal = values.proposal, let outcome = values.outcome
        else { throw Damage(what: what) }
        let ended = String.fromDatabaseValue(row["ended"])
        guard values.checksum == checksum(number, held, lost, ended, proposal, outcome),
            ended == (state.isFinished ? state.rawValue : nil)
        else { throw Damage(what: what) }
        var trial = Trial(number: number, proposal: try CanonicalJSON.value(Proposal.self, proposal, what))
        // By these it is found.
        guard Int.fromDatabaseValue(row["updateNumber"]) == trial.proposal.update,
            Int.fromDatabaseValue(row["position"]) == trial.proposal.position
        else { throw Damage(what: what) }
        let found = try CanonicalJSON.value(Outcome.self, outcome, what)
        (trial.state, trial.isHeld, trial.lost, trial.curve, trial.failure) = (
            state, held, lost, found.curve, found.failure
        )
        trial.lostWith = found.lostWith ?? []
        (trial.machineFailures, trial.machineFailure) = (found.machineFailures ?? 0, found.machineFailure)
        return try TrialLife(trial, holder: try holder(row), reportedWith: String.fromDatabaseValue(row["reported"]))
    }

    /// Who works on a row's trial.
    static func holder(_ row: Row) throws -> TrialLife.Holder? {
        guard let token = String.fromDatabaseValue(row["token"]) else { return nil }
        let what = "the lease of trial \(Int.fromDatabaseValue(row["number"]) ?? 0)"
        guard let json = String.fromDatabaseValue(row["worker"]),
            let until = Double.fromDatabaseValue(row["leaseUntil"])
        else {
            throw Damage(what: what)
        }
        return TrialLife.Holder(
            worker: try CanonicalJSON.value(WorkerIdentity.self, json, what), token: token, until: until)
    }

    func insert(_ db: Database) throws {
        try db.execute(
            sql: """
                INSERT INTO trial (number, updateNumber, position, state, held, lost, ended, proposal, outcome, checksum)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                trial.number, trial.proposal.update, trial.proposal.position, trial.state.rawValue, trial.isHeld,
                trial.lost, ended,
                proposal, outcome, checksum,
            ])
    }

    /// Writes what may change.
    func update(_ db: Database) throws {
        try db.execute(
            sql: """
                UPDATE trial SET state = ?, held = ?, lost = ?, ended = ?, outcome = ?, checksum = ?, worker = ?, token = ?, leaseUntil = ?,
                    reported = ?
                WHERE number = ?
                """,
            arguments: [
                trial.state.rawValue, trial.isHeld, trial.lost, ended, outcome, checksum,
                holder.map { try CanonicalJSON.text($0.worker) },
                holder?.token, holder?.until, reported, trial.number,
            ])
    }
}

/// The search that owns a study as the row of the table `owner`.
enum OwnerRow {
    static func life(_ db: Database) throws -> OwnerLife {
        guard let row = try Row.fetchOne(db, sql: "SELECT json, token, leaseUntil FROM owner") else {
            return OwnerLife()
        }
        guard let json = String.fromDatabaseValue(row["json"]), let until = Double.fromDatabaseValue(row["leaseUntil"]),
            let token = String.fromDatabaseValue(row["token"])
        else { throw Damage(what: "the owner") }
        let owner = try CanonicalJSON.value(WorkerIdentity.self, json, "the owner")
        return OwnerLife(.init(Ownership(owner, token: token), until: until))
    }

    static func write(_ life: OwnerLife, _ db: Database) throws {
        guard let lease = life.lease else { return try db.execute(sql: "DELETE FROM owner") }
        try db.execute(
            sql: "INSERT OR REPLACE INTO owner (id, json, token, leaseUntil) VALUES (1, ?, ?, ?)",
            arguments: [try CanonicalJSON.text(lease.ownership.owner), lease.ownership.token, lease.until])
    }
}

/// An update's record as a row of the table `learning`.
struct LearningRow {
    let update: Int
    let json: String

    init(_ record: UpdateRecord) throws {
        update = record.update
        json = try CanonicalJSON.text(record)
    }

    static func record(_ row: Row) throws -> UpdateRecord {
        let update = Int.fromDatabaseValue(row["updateNumber"])
        let what = "update \(update ?? 0)"
        guard let update, let json = String.fromDatabaseValue(row["json"]),
            let checksum = String.fromDatabaseValue(row["checksum"]),
            checksum == SQLiteSchema.checksum("\(update)", json)
        else { throw Damage(what: what) }
        let record = try CanonicalJSON.value(UpdateRecord.self, json, what)
        guard record.update == update, CanonicalJSON.isCount(update), CanonicalJSON.isCount(record.images ?? 0) else {
            throw Damage(what: what)
        }
        return record
    }

    func insert(_ db: Database) throws {
        try db.execute(
            sql: "INSERT INTO learning (updateNumber, json, checksum) VALUES (?, ?, ?)",
            arguments: [update, json, SQLiteSchema.checksum("\(update)", json)])
    }
}
