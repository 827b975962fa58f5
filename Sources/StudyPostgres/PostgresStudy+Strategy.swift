import Foundation
import Studies

// What a strategy learned, and its state.
extension PostgresStudy {
    public func strategy() throws -> (state: Data, progress: SearchProgress)? {
        try link.perform { try strategy($0)?.value() }
    }

    private func strategy(_ connection: PostgresConnection) throws -> StoredStrategy? {
        let row = try connection.run(
            """
            SELECT \(StoredTrial.short("state", PostgresLimits.state)), \(StoredTrial.short("progress")), state_checksum,
                state IS NOT NULL AS known
            FROM ads.study WHERE id = $1
            """, .int(id))
        guard row.bool(0, "known") == true else { return nil }
        guard let state = row.bytes(0, "state"), let progress = row.text(0, "progress"),
            let checksum = row.text(0, "state_checksum")
        else { throw Damage(what: "the strategy's state") }
        return StoredStrategy(state: state, progress: progress, checksum: checksum)
    }

    public func updates() throws -> [UpdateRecord] {
        try link.perform { connection in
            try updates(connection, "ORDER BY update_number LIMIT \(PostgresLimits.rows + 1)")
        }
    }

    private func updates(_ connection: PostgresConnection, _ which: String) throws -> [UpdateRecord] {
        let rows = try connection.run(
            """
            SELECT update_number, \(StoredTrial.short("json", PostgresLimits.plan)), \(StoredTrial.short("checksum"))
            FROM ads.learning WHERE study = $1 \(which)
            """, .int(id))
        return try rows.map("updates") { rows, row in
            let update = rows.int(row, "update_number")
            guard let update, let json = rows.text(row, "json"), let checksum = rows.text(row, "checksum") else {
                throw Damage(what: "update \(update ?? 0)")
            }
            return try StoredUpdate(update: update, json: json, checksum: checksum).record()
        }
    }

    public func finish(_ record: UpdateRecord, state: Data, _ progress: SearchProgress, by ownership: Ownership) throws
    {
        let (learned, row) = (try StoredUpdate(record), try StoredStrategy(state, progress))
        try write(by: ownership) { connection in
            let last = try updates(connection, "ORDER BY update_number DESC LIMIT 1").last
            // The answer was missed.
            if last == record, try strategy(connection) == row { return }
            guard record.update == (last?.update ?? 0) + 1 else {
                throw StudyError.outOfOrder(study: name, update: record.update, last: last?.update ?? 0)
            }
            try connection.run(
                "INSERT INTO ads.learning (study, update_number, json, checksum) VALUES ($1, $2, $3, $4)", .int(id),
                .int(learned.update), .text(learned.json), .text(learned.checksum))
            try connection.run(
                "UPDATE ads.study SET state = $2, progress = $3, state_checksum = $4 WHERE id = $1", .int(id),
                .bytes(row.state), .text(row.progress), .text(row.checksum))
        }
    }
}
