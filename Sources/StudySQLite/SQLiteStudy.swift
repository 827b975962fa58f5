import Files
import Foundation
internal import GRDB
import Studies

/// A study in one SQLite file, `study.sqlite`: WAL, every transaction on disk before it returns.
public final class SQLiteStudy: StudyStorage {
    let database: DatabaseQueue
    /// Seconds since 1970: all processes that open the file are on one machine and see one clock.
    let clock: @Sendable () -> Double
    /// The file.
    public let path: String
    public var name: String { path }

    /// Opens or makes a study's file.
    /// - Parameter mustExist: refuses to make one.
    /// - Throws: `FileError` when it is no study, damaged, or made by a newer program.
    public convenience init(path: String, mustExist: Bool = false) throws {
        try self.init(path: path, mustExist: mustExist, pageLimit: nil) { Date().timeIntervalSince1970 }
    }

    /// - Parameter pageLimit: the most pages the file may have, in place of a full disk; tests use it.
    init(path: String, mustExist: Bool = false, pageLimit: Int? = nil, clock: @escaping @Sendable () -> Double) throws {
        (self.path, self.clock) = (path, clock)
        if mustExist, !FileManager.default.fileExists(atPath: path) { throw FileError("there is no study \(path)") }
        if mustExist, let still = try StillStudy(path) {
            database = try still.open()
            return
        }
        var configuration = GRDB.Configuration()
        // Others may be writing; none takes long.
        configuration.busyMode = .timeout(30)
        configuration.prepareDatabase { db in
            try db.execute(sql: "PRAGMA journal_mode = WAL")
            // The default of WAL may lose the last transactions in a power cut.
            try db.execute(sql: "PRAGMA synchronous = FULL")
            // Rows are checked when they are read; this finds pages that are no pages.
            try db.execute(sql: "PRAGMA cell_size_check = ON")
            if let pageLimit { try db.execute(sql: "PRAGMA max_page_count = \(pageLimit)") }
        }
        do {
            database = try DatabaseQueue(path: path, configuration: configuration)
            try Self.check(database, path)
            try SQLiteSchema.migrator.migrate(database)
        } catch {
            throw SQLiteFailure.explain(error, path)
        }
    }

    /// Refuses a file of a newer program, and one whose pages are damaged.
    static func check(_ database: DatabaseQueue, _ path: String) throws {
        if try database.read({ try SQLiteSchema.migrator.hasBeenSuperseded($0) }) {
            throw FileError("\(path) was made by a newer version of ads; update this one")
        }
        let state = try database.read { try String.fetchOne($0, sql: "PRAGMA quick_check") }
        guard state == "ok" else { throw SQLiteFailure.damaged(path, state ?? "no answer") }
    }

    func write<Result>(_ body: (Database) throws -> Result) throws -> Result {
        do { return try database.write(body) } catch { throw SQLiteFailure.explain(error, path) }
    }

    /// A write of the search, in one transaction with the proof that it owns the study.
    func write<Result>(by ownership: Ownership, _ body: (Database) throws -> Result) throws -> Result {
        try write { db in
            try prove(ownership, db)
            return try body(db)
        }
    }

    func read<Result>(_ body: (Database) throws -> Result) throws -> Result {
        do { return try database.read(body) } catch { throw SQLiteFailure.explain(error, path) }
    }

    /// - Throws: `StudyError.ownershipLost`.
    func prove(_ ownership: Ownership, _ db: Database) throws {
        let life = try OwnerLife(db)
        guard life.proves(ownership) else {
            throw StudyError.ownershipLost(study: path, owner: life.lease?.ownership.owner)
        }
    }

    // MARK: Plan

    public func plan() throws -> String? {
        try read { db in
            guard let row = try Row.fetchOne(db, sql: "SELECT json, checksum FROM configuration") else { return nil }
            guard let json = String.fromDatabaseValue(row["json"]),
                String.fromDatabaseValue(row["checksum"]) == StudyChecksum.of(json)
            else { throw Damage(what: "the configuration") }
            return json
        }
    }

    public func store(plan: String, by ownership: Ownership) throws {
        try write(by: ownership) {
            try $0.execute(
                sql: "INSERT OR REPLACE INTO configuration (id, json, checksum) VALUES (1, ?, ?)",
                arguments: [plan, StudyChecksum.of(plan)])
        }
    }

    // MARK: Owner

    public func own(_ ownership: Ownership, for seconds: Double, isDead: (WorkerIdentity) -> Bool) throws {
        try write { db in
            var life = try OwnerLife(db)
            let (other, now) = (life.lease?.ownership.owner, clock())
            guard life.owned(by: ownership, at: now, until: now + seconds, isDead: isDead) != .refused else {
                throw StudyError.isSearched(study: path, owner: other ?? ownership.owner)
            }
            try life.write(db)
        }
    }

    public func extend(_ ownership: Ownership, for seconds: Double) throws -> Bool {
        try changeOwner { $0.extended(ownership, until: clock() + seconds) }
    }

    public func disown(_ ownership: Ownership) throws { _ = try changeOwner { $0.disowned(ownership) } }

    private func changeOwner(_ event: (inout OwnerLife) -> TrialLife.Answer) throws -> Bool {
        try write { db in
            var life = try OwnerLife(db)
            let answer = event(&life)
            if answer == .changed { try life.write(db) }
            return answer != .refused
        }
    }

    public func owner() throws -> (owner: WorkerIdentity, secondsLeft: Double)? {
        try read(OwnerLife.init).lease.map { ($0.ownership.owner, $0.until - clock()) }
    }

    // MARK: Strategy

    public func strategy() throws -> (state: Data, progress: SearchProgress)? { try read(Self.strategy) }

    private static func strategy(_ db: Database) throws -> (state: Data, progress: SearchProgress)? {
        guard let row = try Row.fetchOne(db, sql: "SELECT state, progress, checksum FROM strategy") else { return nil }
        guard let state = Data.fromDatabaseValue(row["state"]),
            let progress = String.fromDatabaseValue(row["progress"]),
            let checksum = String.fromDatabaseValue(row["checksum"])
        else { throw Damage(what: "the strategy's state") }
        return try StoredStrategy(state: state, progress: progress, checksum: checksum).value()
    }

    public func updates() throws -> [UpdateRecord] {
        try read {
            try Row.fetchAll($0, sql: "SELECT * FROM learning ORDER BY updateNumber").map {
                try StoredUpdate($0).record()
            }
        }
    }

    public func finish(_ record: UpdateRecord, state: Data, _ progress: SearchProgress, by ownership: Ownership) throws
    {
        let row = try StoredStrategy(state, progress)
        try write(by: ownership) { db in
            let last = try Row.fetchOne(db, sql: "SELECT * FROM learning ORDER BY updateNumber DESC LIMIT 1").map {
                try StoredUpdate($0).record()
            }
            if last == record, let there = try Self.strategy(db), there == (state, progress) { return }
            guard record.update == (last?.update ?? 0) + 1 else {
                throw StudyError.outOfOrder(study: path, update: record.update, last: last?.update ?? 0)
            }
            try StoredUpdate(record).insert(db)
            try db.execute(
                sql:
                    "INSERT OR REPLACE INTO strategy (id, updateNumber, state, progress, checksum) VALUES (1, ?, ?, ?, ?)",
                arguments: [record.update, row.state, row.progress, row.checksum])
        }
    }
}
