import DenseNetArchitecture
import Files
import Foundation
import GRDB

/// A study in one SQLite file, `study.sqlite`: WAL, every transaction on disk before it returns.
public final class SQLiteStudy: StudyStorage {
    let database: DatabaseQueue
    /// The file.
    public let path: String
    public var name: String { path }

    /// Opens or makes a study's file.
    /// - Parameter mustExist: refuses to make one.
    /// - Throws: `FileError` when it is no study, damaged, or made by a newer program.
    public init(path: String, mustExist: Bool = false) throws {
        self.path = path
        if mustExist, !FileManager.default.fileExists(atPath: path) { throw FileError("there is no study \(path)") }
        var configuration = GRDB.Configuration()
        // Others may be writing; none takes long.
        configuration.busyMode = .timeout(30)
        configuration.prepareDatabase { db in
            try db.execute(sql: "PRAGMA journal_mode = WAL")
            // The default of WAL may lose the last transactions in a power cut.
            try db.execute(sql: "PRAGMA synchronous = FULL")
            // Rows are checked when they are read; this finds pages that are no pages.
            try db.execute(sql: "PRAGMA cell_size_check = ON")
        }
        do {
            database = try DatabaseQueue(path: path, configuration: configuration)
            let migrator = SQLiteSchema.migrator
            if try database.read({ try migrator.hasBeenSuperseded($0) }) {
                throw FileError("\(path) was made by a newer version of ads; update this one")
            }
            let state = try database.read { try String.fetchOne($0, sql: "PRAGMA quick_check") }
            guard state == "ok" else { throw Self.damaged(path, state ?? "no answer") }
            try migrator.migrate(database)
        } catch {
            throw Self.explain(error, path)
        }
    }

    private static func damaged(_ path: String, _ what: String) -> FileError {
        let line = what.split(separator: "\n").first.map(String.init) ?? what
        return FileError("\(path) is damaged (\(line)); restore it from a copy or start a new search. Nothing was changed")
    }

    private static func explain(_ error: any Error, _ path: String) -> any Error {
        if let damage = error as? Damage { return damaged(path, "\(damage.what) is not what was written") }
        guard let error = error as? DatabaseError else { return error }
        switch error.resultCode {
        case .SQLITE_NOTADB: return FileError("\(path) is not a study: it is no SQLite database")
        case .SQLITE_CORRUPT: return damaged(path, error.message ?? "corrupt")
        case .SQLITE_FULL: return FileError("\(path) cannot be written: the disk is full; free some space and continue with --resume")
        case .SQLITE_BUSY, .SQLITE_LOCKED: return FileError("\(path) is being written by another program for half a minute already; try again")
        case .SQLITE_READONLY, .SQLITE_CANTOPEN, .SQLITE_PERM:
            return FileError("\(path) cannot be opened for writing; check the folder and its permissions")
        case .SQLITE_IOERR: return FileError("\(path) cannot be read or written (\(error.message ?? "input/output error")); check the disk and the room on it")
        // A damaged file may lack a table or a column.
        case .SQLITE_ERROR, .SQLITE_MISMATCH, .SQLITE_CONSTRAINT: return damaged(path, error.message ?? "not as it was made")
        default: return FileError("\(path): \(error.message ?? "SQLite error \(error.resultCode.rawValue)")")
        }
    }

    private func write<Result>(_ body: (Database) throws -> Result) throws -> Result {
        do { return try database.write(body) } catch { throw Self.explain(error, path) }
    }

    private func read<Result>(_ body: (Database) throws -> Result) throws -> Result {
        do { return try database.read(body) } catch { throw Self.explain(error, path) }
    }

    // MARK: Configuration

    public func configuration() throws -> SearchConfiguration? {
        try read { db in
            guard let row = try Row.fetchOne(db, sql: "SELECT json, checksum FROM configuration") else { return nil }
            guard let json = String.fromDatabaseValue(row["json"]), String.fromDatabaseValue(row["checksum"]) == SQLiteSchema.checksum(json)
            else { throw Damage(what: "the configuration") }
            return try Column.value(SearchConfiguration.self, json, "the configuration")
        }
    }

    public func store(_ configuration: SearchConfiguration) throws {
        let json = try Column.text(configuration)
        try write {
            try $0.execute(
                sql: "INSERT OR REPLACE INTO configuration (id, json, checksum) VALUES (1, ?, ?)",
                arguments: [json, SQLiteSchema.checksum(json)])
        }
    }

    // MARK: Trials

    public func trials(update: Int?) throws -> [Trial] {
        try read { db in
            let rows =
                try update.map { try Row.fetchAll(db, sql: "SELECT * FROM trial WHERE updateNumber = ? ORDER BY number", arguments: [$0]) }
                ?? Row.fetchAll(db, sql: "SELECT * FROM trial ORDER BY number")
            return try rows.map(TrialRow.trial)
        }
    }

    public func add(_ proposals: [Proposal]) throws -> [Int] {
        try write { db in
            let last = try Int.fetchOne(db, sql: "SELECT max(number) FROM trial") ?? 0
            for (index, proposal) in proposals.enumerated() {
                try TrialRow(Trial(number: last + 1 + index, proposal: proposal)).insert(db)
            }
            return proposals.indices.map { last + 1 + $0 }
        }
    }

    public func decide(_ decisions: [Decision]) throws {
        try write { db in
            for decision in decisions {
                switch decision {
                case .promote(let number), .prune(let number):
                    guard var trial = try Self.trial(number, db), trial.isHeld, trial.state == .waiting else { continue }
                    trial.isHeld = false
                    if case .prune = decision { trial.state = .pruned }
                    try TrialRow(trial).update(db)
                case .copy(let number, let original):
                    guard var trial = try Self.trial(number, db), trial.isHeld, trial.state == .waiting,
                        let known = try Self.trial(original, db), known.state.isFinished
                    else { continue }
                    trial.isHeld = false
                    (trial.state, trial.failure) = (known.state, known.failure)
                    // Nothing was paid for it.
                    trial.curve = known.curve.map {
                        CurvePoint(length: $0.length, images: 0, accuracy: $0.accuracy, loss: $0.loss, seconds: 0, worker: "")
                    }
                    try TrialRow(trial).update(db)
                }
            }
        }
    }

    private static func trial(_ number: Int, _ db: Database) throws -> Trial? {
        try Row.fetchOne(db, sql: "SELECT * FROM trial WHERE number = ?", arguments: [number]).map(TrialRow.trial)
    }

    // MARK: Leases

    public func claim(_ worker: WorkerIdentity, until: Double) throws -> Claim? {
        try write { db in
            guard
                let row = try Row.fetchOne(
                    db, sql: "SELECT * FROM trial WHERE state = 'WAITING' AND held = 0 ORDER BY number LIMIT 1")
            else { return nil }
            var trial = try TrialRow.trial(row)
            trial.state = .running
            let token = UUID().uuidString
            try TrialRow(trial).update(db, worker: Column.text(worker), token: token, until: until)
            return Claim(trial: trial, token: token)
        }
    }

    public func extend(_ claim: Claim, until: Double) throws -> Bool {
        try write { db in
            try db.execute(
                sql: "UPDATE trial SET leaseUntil = ? WHERE number = ? AND state = 'RUNNING' AND token = ?",
                arguments: [until, claim.trial.number, claim.token])
            return db.changesCount == 1
        }
    }

    public func report(_ claim: Claim, _ report: Report) throws -> Bool {
        try write { db in
            guard let row = try Row.fetchOne(db, sql: "SELECT * FROM trial WHERE number = ?", arguments: [claim.trial.number]),
                String.fromDatabaseValue(row["token"]) == claim.token
            else { return false }
            var trial = try TrialRow.trial(row)
            switch report {
            case .evaluated(let point, let isLast):
                trial.curve.append(point)
                trial.state = isLast ? .complete : .waiting
                trial.isHeld = !isLast
            case .failed(let reason): (trial.state, trial.failure) = (.failed, reason)
            case .returned: trial.state = .waiting
            }
            try TrialRow(trial).update(db)
            return true
        }
    }

    public func reclaim(now: Double, maxLost: Int, isDead: (WorkerIdentity) -> Bool) throws -> [Int] {
        // Most calls find nothing; those do not write.
        let running = try leases()
        guard running.contains(where: { $0.until < now || isDead($0.worker) }) else { return [] }
        return try write { db in
            var taken: [Int] = []
            for row in try Row.fetchAll(db, sql: "SELECT * FROM trial WHERE state = 'RUNNING' ORDER BY number") {
                let (worker, until) = try Self.lease(row)
                guard until < now || isDead(worker) else { continue }
                var trial = try TrialRow.trial(row)
                trial.lost += 1
                trial.state = trial.lost > maxLost ? .failed : .waiting
                if trial.state == .failed { trial.failure = "its worker vanished \(trial.lost) times" }
                try TrialRow(trial).update(db)
                taken.append(trial.number)
            }
            return taken
        }
    }

    public func leases() throws -> [(trial: Int, worker: WorkerIdentity, until: Double)] {
        try read { db in
            try Row.fetchAll(db, sql: "SELECT number, worker, leaseUntil FROM trial WHERE state = 'RUNNING' ORDER BY number").map { row in
                let (worker, until) = try Self.lease(row)
                return (trial: row["number"], worker: worker, until: until)
            }
        }
    }

    private static func lease(_ row: Row) throws -> (WorkerIdentity, Double) {
        let what = "the lease of trial \(Int.fromDatabaseValue(row["number"]) ?? 0)"
        guard let json = String.fromDatabaseValue(row["worker"]), let until = Double.fromDatabaseValue(row["leaseUntil"]) else {
            throw Damage(what: what)
        }
        return (try Column.value(WorkerIdentity.self, json, what), until)
    }

    // MARK: Owner

    public func own(_ owner: WorkerIdentity, now: Double, until: Double, isDead: (WorkerIdentity) -> Bool) throws {
        let other = try write { db -> WorkerIdentity? in
            if let held = try Self.owner(db), held.owner != owner, held.until >= now, !isDead(held.owner) { return held.owner }
            try db.execute(
                sql: "INSERT OR REPLACE INTO owner (id, json, leaseUntil) VALUES (1, ?, ?)", arguments: [Column.text(owner), until])
            return nil
        }
        if let other { throw SearchError("\(path) is being searched by \(other); wait for it, stop it, or choose another folder") }
    }

    public func disown(_ owner: WorkerIdentity) throws {
        try write { db in
            if try Self.owner(db)?.owner == owner { try db.execute(sql: "DELETE FROM owner") }
        }
    }

    public func owner() throws -> (owner: WorkerIdentity, until: Double)? { try read(Self.owner) }

    private static func owner(_ db: Database) throws -> (owner: WorkerIdentity, until: Double)? {
        guard let row = try Row.fetchOne(db, sql: "SELECT json, leaseUntil FROM owner") else { return nil }
        guard let json = String.fromDatabaseValue(row["json"]), let until = Double.fromDatabaseValue(row["leaseUntil"]) else {
            throw Damage(what: "the owner")
        }
        return (try Column.value(WorkerIdentity.self, json, "the owner"), until)
    }

    // MARK: Strategy

    public func strategy() throws -> (state: Data, progress: SearchProgress)? {
        try read { db in
            guard let row = try Row.fetchOne(db, sql: "SELECT state, progress, checksum FROM strategy") else { return nil }
            guard let state = Data.fromDatabaseValue(row["state"]), let progress = String.fromDatabaseValue(row["progress"]),
                String.fromDatabaseValue(row["checksum"]) == SQLiteSchema.checksum([state, Data(progress.utf8)])
            else { throw Damage(what: "the strategy's state") }
            return (state, try Column.value(SearchProgress.self, progress, "the strategy's state"))
        }
    }

    public func updates() throws -> [UpdateRecord] {
        try read { try Row.fetchAll($0, sql: "SELECT * FROM learning ORDER BY updateNumber").map(LearningRow.record) }
    }

    public func finish(_ record: UpdateRecord, state: Data, _ progress: SearchProgress) throws {
        let json = try Column.text(progress)
        try write { db in
            let last = try Int.fetchOne(db, sql: "SELECT max(updateNumber) FROM learning") ?? 0
            guard record.update == last + 1 else {
                throw SearchError("\(path) was taken over by another search, which is at update \(last); this one ends")
            }
            try LearningRow(record).insert(db)
            try db.execute(
                sql: "INSERT OR REPLACE INTO strategy (id, updateNumber, state, progress, checksum) VALUES (1, ?, ?, ?, ?)",
                arguments: [record.update, state, json, SQLiteSchema.checksum([state, Data(json.utf8)])])
        }
    }
}
