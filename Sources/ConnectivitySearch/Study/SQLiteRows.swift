import DenseNetArchitecture
import Files
import Foundation
import GRDB

/// JSON as the study's columns hold it: the same text for the same value.
enum Column {
    static func text<Value: Encodable>(_ value: Value) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    static func value<Value: Decodable>(_: Value.Type, _ text: String, _ what: String) throws -> Value {
        do {
            return try JSONDecoder().decode(Value.self, from: Data(text.utf8))
        } catch {
            throw Damage(what: what)
        }
    }
}

/// A row that is not what was written.
struct Damage: Error {
    let what: String
}

/// A trial as a row of the table `trial`.
struct TrialRow {
    private struct Outcome: Codable {
        var curve: [CurvePoint]
        var failure: String?
    }

    let number: Int
    let state: String
    let held: Bool
    let lost: Int
    let proposal: String
    let outcome: String
    let update: Int
    let position: Int

    init(_ trial: Trial) throws {
        number = trial.number
        (update, position) = (trial.proposal.update, trial.proposal.position)
        state = trial.state.rawValue
        held = trial.isHeld
        lost = trial.lost
        proposal = try Column.text(trial.proposal)
        outcome = try Column.text(Outcome(curve: trial.curve, failure: trial.failure))
    }

    private var checksum: String { SQLiteSchema.checksum("\(number)", state, "\(held)", "\(lost)", proposal, outcome) }

    /// The trial of a row.
    /// - Throws: `Damage` where the row is not what was written.
    static func trial(_ row: Row) throws -> Trial {
        let number: Int = row["number"]
        let what = "trial \(number)"
        let values = (
            state: String.fromDatabaseValue(row["state"]), held: Bool.fromDatabaseValue(row["held"]),
            lost: Int.fromDatabaseValue(row["lost"]), proposal: String.fromDatabaseValue(row["proposal"]),
            outcome: String.fromDatabaseValue(row["outcome"]), checksum: String.fromDatabaseValue(row["checksum"])
        )
        guard let state = values.state.flatMap(TrialState.init), let held = values.held, let lost = values.lost,
            let proposal = values.proposal, let outcome = values.outcome
        else { throw Damage(what: what) }
        var trial = Trial(number: number, proposal: try Column.value(Proposal.self, proposal, what))
        let found = try Column.value(Outcome.self, outcome, what)
        (trial.state, trial.isHeld, trial.lost, trial.curve, trial.failure) = (state, held, lost, found.curve, found.failure)
        guard
            values.checksum == SQLiteSchema.checksum("\(number)", state.rawValue, "\(held)", "\(lost)", proposal, outcome)
        else { throw Damage(what: what) }
        return trial
    }

    func insert(_ db: Database) throws {
        try db.execute(
            sql: """
                INSERT INTO trial (number, updateNumber, position, state, held, lost, proposal, outcome, checksum)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                """, arguments: [number, update, position, state, held, lost, proposal, outcome, checksum])
    }

    /// Writes what may change; a lease only with a trial that is running.
    func update(_ db: Database, worker: String? = nil, token: String? = nil, until: Double? = nil) throws {
        try db.execute(
            sql: """
                UPDATE trial SET state = ?, held = ?, lost = ?, outcome = ?, checksum = ?, worker = ?, token = ?, leaseUntil = ?
                WHERE number = ?
                """, arguments: [state, held, lost, outcome, checksum, worker, token, until, number])
    }
}

/// An update's record as a row of the table `learning`.
struct LearningRow {
    let update: Int
    let json: String

    init(_ record: UpdateRecord) throws {
        update = record.update
        json = try Column.text(record)
    }

    static func record(_ row: Row) throws -> UpdateRecord {
        let update: Int = row["updateNumber"]
        let what = "update \(update)"
        guard let json = String.fromDatabaseValue(row["json"]), let checksum = String.fromDatabaseValue(row["checksum"]),
            checksum == SQLiteSchema.checksum("\(update)", json)
        else { throw Damage(what: what) }
        return try Column.value(UpdateRecord.self, json, what)
    }

    func insert(_ db: Database) throws {
        try db.execute(
            sql: "INSERT INTO learning (updateNumber, json, checksum) VALUES (?, ?, ?)",
            arguments: [update, json, SQLiteSchema.checksum("\(update)", json)])
    }
}
