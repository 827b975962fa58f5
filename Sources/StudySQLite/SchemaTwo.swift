import Files
import Foundation
internal import GRDB
import Studies

/// How a trial looked in the second schema, and how it becomes one of the third: its checksum covered its state.
enum SchemaTwo {
    private struct Outcome: Encodable {
        var curve: [CurvePoint]
        var failure: String?
    }

    private static func checksum(
        _ number: Int, _ state: String, _ held: Bool, _ lost: Int, _ proposal: String, _ outcome: String
    ) -> String {
        StudyChecksum.of("\(number)", state, "\(held)", "\(lost)", proposal, outcome)
    }

    /// Writes a finished trial of the second schema.
    static func insert(
        _ db: Database, _ number: Int, _ proposal: Proposal, _ curve: [CurvePoint], failure: String?
    ) throws {
        let state = failure == nil ? "COMPLETE" : "FAILED"
        let (json, outcome) = (
            try CanonicalJSON.text(proposal), try CanonicalJSON.text(Outcome(curve: curve, failure: failure))
        )
        try db.execute(
            sql: """
                INSERT INTO trial (number, updateNumber, position, state, held, lost, proposal, outcome, checksum)
                VALUES (?, ?, ?, ?, 0, 0, ?, ?, ?)
                """,
            arguments: [
                number, proposal.update, proposal.position, state, json, outcome,
                checksum(number, state, false, 0, json, outcome),
            ])
    }

    /// Gives every trial the checksum of the third schema, once that of the second was right.
    /// - Throws: `Damage`; the file then stays as it was.
    static func carryOver(_ db: Database) throws {
        for row in try Row.fetchAll(db, sql: "SELECT number, state, held, lost, proposal, outcome, checksum FROM trial")
        {
            let number = Int.fromDatabaseValue(row["number"]) ?? 0
            guard let state = String.fromDatabaseValue(row["state"]), let held = Bool.fromDatabaseValue(row["held"]),
                let lost = Int.fromDatabaseValue(row["lost"]), let proposal = String.fromDatabaseValue(row["proposal"]),
                let outcome = String.fromDatabaseValue(row["outcome"]),
                String.fromDatabaseValue(row["checksum"]) == checksum(number, state, held, lost, proposal, outcome)
            else { throw Damage(what: "trial \(number)") }
            let ended = ["COMPLETE", "PRUNED", "FAILED"].contains(state) ? state : nil
            try db.execute(
                sql: "UPDATE trial SET ended = ?, checksum = ? WHERE number = ?",
                arguments: [
                    ended, StudyChecksum.of("\(number)", ended ?? "", "\(held)", "\(lost)", proposal, outcome),
                    number,
                ])
        }
    }
}
