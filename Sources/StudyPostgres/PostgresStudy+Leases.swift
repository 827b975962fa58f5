import Studies

// Trials in the hands of workers. What a worker does is one statement, or two of which the second changes a row only
// where it is what the first read: no lock is ever held while a message travels.
extension PostgresStudy {
    public func claim(_ worker: WorkerIdentity, token: String, for seconds: Double) throws -> Claim? {
        // Whose token is new takes the first that waits and that nobody else is taking; whose answer was lost gets its
        // own. The checksum does not cover what this changes.
        let holder = try StoredTrial.text(of: worker)
        let rows = try link.perform { connection in
            try connection.run(
                """
                WITH own AS (SELECT number FROM ads.trial WHERE study = $1 AND token = $2),
                next AS MATERIALIZED (
                    SELECT number FROM ads.trial
                    WHERE study = $1 AND state = 'WAITING' AND NOT held AND reported IS DISTINCT FROM $2
                        AND NOT EXISTS (SELECT FROM own)
                    ORDER BY number LIMIT 1 FOR UPDATE SKIP LOCKED),
                taken AS (
                    UPDATE ads.trial SET state = 'RUNNING', token = $2, worker = $3, lease_until = \(Self.clock(5)) + $4
                    WHERE study = $1 AND number = (SELECT number FROM next) RETURNING *)
                SELECT \(StoredTrial.columns) FROM taken
                UNION ALL
                SELECT \(StoredTrial.columns) FROM ads.trial WHERE study = $1 AND number = (SELECT number FROM own)
                """, .int(id), .text(token), .text(holder), .double(seconds), .double(now?()))
        }
        guard rows.count > 0 else { return nil }
        let life = try link.explained { try StoredTrial(rows, 0).life() }
        return Claim(trial: life.trial, token: token)
    }

    public func extend(_ claim: Claim, for seconds: Double) throws -> Bool {
        try link.perform { connection in
            try connection.run(
                """
                UPDATE ads.trial SET lease_until = \(Self.clock(5)) + $4
                WHERE study = $1 AND number = $2 AND token = $3 AND state = 'RUNNING'
                """, .int(id), .int(claim.trial.number), .text(claim.token), .double(seconds), .double(now?())
            ).changed == 1
        }
    }

    public func report(_ claim: Claim, _ report: Report) throws -> Bool {
        let isTaken = try link.perform { connection in
            try change(claim.trial.number, connection) { $0.reported(report, token: claim.token) }
        }
        switch report {
        case .returned, .machineFailed: if isTaken { tell() }
        case .evaluated, .failed: break
        }
        return isTaken
    }

    public func reclaim(silent: Bool, by ownership: Ownership, isDead: (WorkerIdentity) -> Bool) throws -> [Loss] {
        // What the caller knows of silence holds for the connection of this moment: after an outage every lease has run
        // out, and every worker lives.
        let generation = link.generation
        let began = ContinuousClock.now
        func isLost(_ lease: Lease) -> Bool {
            // Nor after an answer that came late, from behind a pool or a lock.
            let knows = generation == link.generation && began.duration(to: .now) < .seconds(2)
            return silent && knows && lease.secondsLeft < 0 || isDead(lease.worker)
        }
        // Most calls find nothing; those lock nothing, and write nothing.
        let isQuiet = try link.perform { connection in
            try prove(ownership, connection)
            return try !leases(connection).leases.contains(where: isLost)
        }
        if isQuiet { return [] }
        let losses = try write(by: ownership) { connection in
            let (leases, now) = try leases(connection)
            return try leases.filter(isLost).compactMap { lease -> Loss? in
                let taken = try change(lease.trial, connection) { life in
                    isDead(lease.worker) ? life.workerDied(lease.worker) : life.leaseChecked(at: now)
                }
                guard taken, let trial = try row(lease.trial, connection)?.life().trial else { return nil }
                return Loss(trial: trial, worker: lease.worker)
            }
        }
        if !losses.isEmpty { tell() }
        return losses
    }

    public func leases() throws -> [Lease] { try link.perform { try leases($0).leases } }

    private func leases(_ connection: PostgresConnection) throws -> (leases: [Lease], now: Double) {
        let rows = try connection.run(
            """
            SELECT number, \(StoredTrial.short("worker")), \(StoredTrial.short("token")), lease_until, \(Self.clock(2)) AS now
            FROM ads.trial WHERE study = $1 AND state = 'RUNNING' ORDER BY number LIMIT \(PostgresLimits.rows + 1)
            """, .int(id), .double(now?()))
        let leases = try rows.map("leases") { rows, row in
            let number = rows.int(row, "number") ?? 0
            guard let now = rows.double(row, "now"),
                let holder = try StoredTrial.holder(
                    number, worker: rows.text(row, "worker"), token: rows.text(row, "token"),
                    until: rows.double(row, "lease_until"))
            else { throw Damage(what: "the lease of trial \(number)") }
            return Lease(trial: number, worker: holder.worker, secondsLeft: holder.until - now)
        }
        return (leases, rows.double(0, "now") ?? 0)
    }
}
