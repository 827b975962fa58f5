import Foundation
internal import GRDB
import Studies

// Trials and their leases: each call reads lives, tells them what happened, and writes back what changed.
extension SQLiteStudy {
    public func trials(update: Int?) throws -> [Trial] {
        try read { db in
            let rows =
                try update.map {
                    try Row.fetchAll(
                        db, sql: "SELECT * FROM trial WHERE updateNumber = ? ORDER BY number", arguments: [$0])
                } ?? Row.fetchAll(db, sql: "SELECT * FROM trial ORDER BY number")
            return try rows.map { try StoredTrial($0).life().trial }
        }
    }

    public func add(_ proposals: [Proposal], by ownership: Ownership) throws -> [Int] {
        try write(by: ownership) { db in
            var next = (try Int.fetchOne(db, sql: "SELECT max(number) FROM trial") ?? 0) + 1
            return try proposals.map { proposal in
                let row = try Row.fetchOne(
                    db, sql: "SELECT * FROM trial WHERE updateNumber = ? AND position = ?",
                    arguments: [proposal.update, proposal.position])
                guard let there = try row.map({ try StoredTrial($0).life().trial }) else {
                    defer { next += 1 }
                    try StoredTrial(TrialLife(number: next, proposal: proposal)).insert(db)
                    return next
                }
                guard there.proposal == proposal else {
                    throw StudyError.placeIsTaken(study: path, trial: there.number)
                }
                return there.number
            }
        }
    }

    public func decide(_ decisions: [Decision], by ownership: Ownership) throws {
        try write(by: ownership) { db in
            for decision in decisions {
                let original = try decision.original.flatMap { try Self.life($0, db)?.trial }
                _ = try Self.change(decision.number, db) { $0.decided(decision, original: original) }
            }
        }
    }

    // MARK: Leases

    public func claim(_ worker: WorkerIdentity, token: String, for seconds: Double) throws -> Claim? {
        try write { db in
            let holder = TrialLife.Holder(worker: worker, token: token, until: clock() + seconds)
            // Its own before any other.
            let row =
                try Row.fetchOne(db, sql: "SELECT * FROM trial WHERE token = ?", arguments: [token])
                ?? Row.fetchOne(
                    db,
                    sql: """
                        SELECT * FROM trial WHERE state = 'WAITING' AND held = 0 AND reported IS NOT ? ORDER BY number LIMIT 1
                        """, arguments: [token])
            guard let row else { return nil }
            var life = try StoredTrial(row).life()
            switch life.claimed(by: holder) {
            case .refused: return nil
            case .repeated: break
            case .changed: try StoredTrial(life).update(db)
            }
            return Claim(trial: life.trial, token: token)
        }
    }

    public func extend(_ claim: Claim, for seconds: Double) throws -> Bool {
        try write { db in
            try Self.change(claim.trial.number, db) { $0.extended(token: claim.token, until: clock() + seconds) }
        }
    }

    public func report(_ claim: Claim, _ report: Report) throws -> Bool {
        try write { db in try Self.change(claim.trial.number, db) { $0.reported(report, token: claim.token) } }
    }

    public func reclaim(silent: Bool, by ownership: Ownership, isDead: (WorkerIdentity) -> Bool) throws -> [Loss] {
        // Most calls find nothing; those do not write.
        let running = try read { db in
            try prove(ownership, db)
            return try leases(db)
        }
        guard running.contains(where: { silent && $0.secondsLeft < 0 || isDead($0.worker) }) else { return [] }
        return try write(by: ownership) { db in
            let now = clock()
            var losses: [Loss] = []
            for lease in try leases(db) {
                let answer = try Self.change(lease.trial, db) { life in
                    isDead(lease.worker)
                        ? life.workerDied(lease.worker) : silent ? life.leaseChecked(at: now) : .refused
                }
                if answer, let trial = try Self.life(lease.trial, db)?.trial {
                    losses.append(Loss(trial: trial, worker: lease.worker))
                }
            }
            return losses
        }
    }

    public func leases() throws -> [Lease] { try read(leases) }

    private func leases(_ db: Database) throws -> [Lease] {
        let now = clock()
        let rows = try Row.fetchAll(
            db, sql: "SELECT number, worker, token, leaseUntil FROM trial WHERE state = 'RUNNING' ORDER BY number")
        return try rows.compactMap { row in
            try StoredTrial.holder(row).map {
                Lease(trial: row["number"], worker: $0.worker, secondsLeft: $0.until - now)
            }
        }
    }

    private static func life(_ number: Int, _ db: Database) throws -> TrialLife? {
        try Row.fetchOne(db, sql: "SELECT * FROM trial WHERE number = ?", arguments: [number]).map {
            try StoredTrial($0).life()
        }
    }

    /// Tells a trial's life what happened, and writes it back where that changed it.
    /// - Returns: whether the caller is answered yes.
    private static func change(
        _ number: Int, _ db: Database, _ event: (inout TrialLife) throws -> TrialLife.Answer
    ) throws -> Bool {
        guard var life = try life(number, db) else { return false }
        let answer = try event(&life)
        if answer == .changed { try StoredTrial(life).update(db) }
        return answer != .refused
    }
}
