import Files
import Studies

// What a search proposes and decides.
extension PostgresStudy {
    public func trials(update: Int?) throws -> [Trial] {
        try trials(update: update, atMost: PostgresLimits.trials)
    }

    /// The same, as far as all of them have no more bytes.
    func trials(update: Int?, atMost most: Int) throws -> [Trial] {
        try link.perform { connection in
            // One statement says how much it would be, and gives it where that is not too much.
            let rows = try connection.run(
                """
                WITH size AS MATERIALIZED (
                    SELECT coalesce(sum(octet_length(concat(ended, worker, token, reported, checksum))
                        + octet_length(proposal) + octet_length(outcome)), 0)::int8 AS bytes
                    FROM ads.trial WHERE study = $1 AND ($2::int8 IS NULL OR update_number = $2))
                SELECT bytes, own.* FROM size LEFT JOIN LATERAL (
                    SELECT \(StoredTrial.columns) FROM ads.trial
                    WHERE bytes <= $3 AND study = $1 AND ($2::int8 IS NULL OR update_number = $2)
                    ORDER BY number LIMIT \(PostgresLimits.rows + 1)) AS own ON true
                """, .int(id), .int(update), .int(most))
            guard let bytes = rows.int(0, "bytes"), bytes <= most else {
                throw FileError(
                    "\(name) holds \((rows.int(0, "bytes") ?? 0) >> 20) MiB of trials, more than the \(most >> 20) MiB that any search has; look at who writes into it"
                )
            }
            // A study without trials has one row, of their size alone.
            if rows.count == 1, rows.int(0, "number") == nil { return [] }
            return try rows.map("trials") { try StoredTrial($0, $1).life().trial }.sorted { $0.number < $1.number }
        }
    }

    public func add(_ proposals: [Proposal], by ownership: Ownership) throws -> [Int] {
        let numbers = try write(by: ownership) { connection in
            var numbers: [Int] = []
            // A statement has 65,535 parameters at most.
            for start in stride(from: 0, to: proposals.count, by: Self.rowsAtOnce) {
                numbers += try add(proposals[start..<min(start + Self.rowsAtOnce, proposals.count)], connection)
            }
            return numbers
        }
        tell()
        return numbers
    }

    private static let rowsAtOnce = 1000

    private func add(_ proposals: ArraySlice<Proposal>, _ connection: PostgresConnection) throws -> [Int] {
        let places = proposals.flatMap { [PostgresValue.int($0.update), .int($0.position)] }
        let found = try connection.run(
            """
            SELECT \(StoredTrial.columns), highest FROM (SELECT coalesce(max(number), 0) AS highest FROM ads.trial WHERE study = $1) AS all_trials
            LEFT JOIN ads.trial ON study = $1 AND (update_number, position) IN (\(Self.tuples(proposals.count, of: 2, from: 2)))
            """, [.int(id)] + places)
        var known: [[Int]: Trial] = [:]
        for row in 0..<found.count where found.int(row, "number") != nil {
            let trial = try StoredTrial(found, row).life().trial
            known[[trial.proposal.update, trial.proposal.position]] = trial
        }
        guard let highest = found.int(0, "highest"), CanonicalJSON.isCount(highest) else {
            throw Damage(what: "the number of trials")
        }
        var (next, fresh) = (highest + 1, [StoredTrial]())
        let numbers = try proposals.map { proposal in
            guard let there = known[[proposal.update, proposal.position]] else {
                defer { next += 1 }
                let trial = TrialLife(number: next, proposal: proposal)
                known[[proposal.update, proposal.position]] = trial.trial
                fresh.append(try StoredTrial(trial))
                return next
            }
            guard there.proposal == proposal else { throw StudyError.placeIsTaken(study: name, trial: there.number) }
            return there.number
        }
        if !fresh.isEmpty { try insert(fresh, connection) }
        return numbers
    }

    /// `($2, $3), ($4, $5)`: so many tuples of parameters.
    private static func tuples(_ count: Int, of size: Int, from first: Int) -> String {
        (0..<count).map { row in
            "(" + (0..<size).map { "$\(first + row * size + $0)" }.joined(separator: ", ") + ")"
        }.joined(separator: ", ")
    }

    private func insert(_ rows: [StoredTrial], _ connection: PostgresConnection) throws {
        let values = rows.flatMap { row in
            [
                PostgresValue.int(id), .int(row.number), .int(row.update), .int(row.position), .text(row.state),
                .bool(row.held), .int(row.lost), .text(row.ended), .text(row.proposal), .text(row.outcome),
                .text(row.checksum),
            ]
        }
        try connection.run(
            """
            INSERT INTO ads.trial
                (study, number, update_number, position, state, held, lost, ended, proposal, outcome, checksum)
            VALUES \(Self.tuples(rows.count, of: 11, from: 1))
            """, values)
    }

    public func decide(_ decisions: [Decision], by ownership: Ownership) throws {
        try write(by: ownership) { connection in
            for decision in decisions {
                let original = try decision.original.flatMap { try row($0, connection)?.life().trial }
                _ = try change(decision.number, connection) { $0.decided(decision, original: original) }
            }
        }
        tell()
    }

    func row(_ number: Int, _ connection: PostgresConnection) throws -> StoredTrial? {
        let rows = try connection.run(
            "SELECT \(StoredTrial.columns) FROM ads.trial WHERE study = $1 AND number = $2", .int(id), .int(number))
        return rows.count > 0 ? try StoredTrial(rows, 0) : nil
    }

    /// Tells a trial's life what happened, and writes it back where that changed it, and where nobody else changed it
    /// meanwhile; else it is told again.
    /// - Returns: whether the caller is answered yes.
    func change(
        _ number: Int, _ connection: PostgresConnection, _ event: (inout TrialLife) throws -> TrialLife.Answer
    ) throws -> Bool {
        while let before = try row(number, connection) {
            var life = try before.life()
            let answer = try event(&life)
            guard answer == .changed else { return answer != .refused }
            let after = try StoredTrial(life)
            // A worker may not touch what the search counts.
            let lost = after.lost == before.lost ? "" : "lost = $5, "
            let written = try connection.run(
                """
                UPDATE ads.trial SET state = $3, held = $4, \(lost)ended = $6, outcome = $7, checksum = $8, worker = $9,
                    token = $10, lease_until = $11, reported = $12
                WHERE study = $1 AND number = $2 AND state = $13 AND checksum = $14 AND token IS NOT DISTINCT FROM $15
                    AND reported IS NOT DISTINCT FROM $16 AND lease_until IS NOT DISTINCT FROM $17
                """, .int(id), .int(number), .text(after.state), .bool(after.held), .int(after.lost),
                .text(after.ended),
                .text(after.outcome), .text(after.checksum), .text(after.worker), .text(after.token),
                .double(after.until), .text(after.reported), .text(before.state), .text(before.checksum),
                .text(before.token), .text(before.reported), .double(before.until))
            if written.changed == 1 { return true }
        }
        return false
    }
}
