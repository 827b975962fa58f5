import DenseNetArchitecture
import Files
import Foundation
import GRDB

/// What a search remembers, in `study.sqlite`: its configuration, every finished child, the strategy's state after the
/// last update, the longer evaluations of the best.
///
/// A child is recorded in one transaction that is on disk before anyone is told; it is never changed afterwards. The
/// strategy's state names the update it belongs to. So a search that is killed at any moment goes on from its last
/// finished child: the strategy proposes the unfinished update's children again, the same ones, and those recorded are
/// not evaluated again.
public final class Study {
    private let database: DatabaseQueue
    /// The file.
    public let path: String

    /// Opens or makes a study's file.
    /// - Throws: `FileError` when it is no study, damaged, or made by a newer program.
    public init(path: String) throws {
        self.path = path
        var configuration = GRDB.Configuration()
        configuration.prepareDatabase { db in
            try db.execute(sql: "PRAGMA journal_mode = WAL")
            // The default of WAL may lose the last transactions in a power cut.
            try db.execute(sql: "PRAGMA synchronous = FULL")
        }
        do {
            database = try DatabaseQueue(path: path, configuration: configuration)
            let migrator = Self.migrator
            if try database.read({ try migrator.hasBeenSuperseded($0) }) {
                throw FileError("\(path) was made by a newer version of ads; update this one")
            }
            try migrator.migrate(database)
            let state = try database.read { try String.fetchOne($0, sql: "PRAGMA quick_check") }
            guard state == "ok" else { throw FileError("\(path) is damaged: \(state ?? "no answer")") }
        } catch let error as DatabaseError {
            throw Self.explain(error, path)
        }
    }

    /// Every schema there was, in order; entries are only ever added.
    private static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1: configuration, children, strategy, reevaluations") { db in
            try db.execute(
                sql: """
                    CREATE TABLE configuration (id INTEGER PRIMARY KEY CHECK (id = 1), json TEXT NOT NULL);
                    CREATE TABLE child (
                        number INTEGER PRIMARY KEY, updateNumber INTEGER NOT NULL, position INTEGER NOT NULL,
                        key TEXT NOT NULL, json TEXT NOT NULL, UNIQUE (updateNumber, position));
                    CREATE TABLE strategy (id INTEGER PRIMARY KEY CHECK (id = 1), updateNumber INTEGER NOT NULL,
                        state BLOB NOT NULL, progress TEXT NOT NULL);
                    CREATE TABLE reevaluation (
                        child INTEGER NOT NULL REFERENCES child (number), seed TEXT NOT NULL, json TEXT NOT NULL,
                        PRIMARY KEY (child, seed));
                    """)
        }
        return migrator
    }

    private static func explain(_ error: DatabaseError, _ path: String) -> FileError {
        switch error.resultCode {
        case .SQLITE_NOTADB: FileError("\(path) is not a study: it is no SQLite database")
        case .SQLITE_CORRUPT: FileError("\(path) is damaged (\(error.message ?? "corrupt")); restore it from a copy or start a new search")
        case .SQLITE_FULL: FileError("\(path) cannot be written: the disk is full; free some space and continue with --resume")
        case .SQLITE_BUSY, .SQLITE_LOCKED: FileError("\(path) is in use by another search; wait for it or choose another folder")
        case .SQLITE_READONLY, .SQLITE_CANTOPEN, .SQLITE_PERM:
            FileError("\(path) cannot be opened for writing; check the folder and its permissions")
        default: FileError("\(path): \(error.message ?? "SQLite error \(error.resultCode.rawValue)")")
        }
    }

    private func access<Result>(_ body: (Database) throws -> Result) throws -> Result {
        do {
            return try database.write(body)
        } catch let error as DatabaseError {
            throw Self.explain(error, path)
        }
    }

    private static func text<Value: Encodable>(_ value: Value) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    private static func value<Value: Decodable>(_: Value.Type, _ text: String) throws -> Value {
        try JSONDecoder().decode(Value.self, from: Data(text.utf8))
    }

    // MARK: Configuration

    /// The search's configuration; `nil` for a new study.
    public func configuration() throws -> SearchConfiguration? {
        try access { try String.fetchOne($0, sql: "SELECT json FROM configuration") }.map {
            try Self.value(SearchConfiguration.self, $0)
        }
    }

    /// Stores the configuration of a new study.
    public func store(_ configuration: SearchConfiguration) throws {
        let json = try Self.text(configuration)
        try access { try $0.execute(sql: "INSERT INTO configuration (id, json) VALUES (1, ?)", arguments: [json]) }
    }

    // MARK: Children

    /// Every child, in order.
    public func children() throws -> [Child] {
        try access { try String.fetchAll($0, sql: "SELECT json FROM child ORDER BY number") }.map { try Self.value(Child.self, $0) }
    }

    /// Records a finished child; when this returns it is on disk.
    public func record(_ child: Child) throws {
        let json = try Self.text(child)
        try access {
            try $0.execute(
                sql: "INSERT INTO child (number, updateNumber, position, key, json) VALUES (?, ?, ?, ?, ?)",
                arguments: [child.number, child.update, child.position, child.connectivity.key, json])
        }
    }

    // MARK: Strategy

    /// What the search loop itself knows between updates.
    public struct Progress: Codable, Sendable {
        /// The last finished update.
        public var update = 0
        /// Updates in a row whose children were all known.
        public var repeatedUpdates = 0
        /// Whether the entropy was raised for that reason.
        public var exploredMore = false
        /// Whether the search ended because of it.
        public var exhausted = false
    }

    /// The strategy's state after the last finished update.
    public func strategy() throws -> (state: Data, progress: Progress)? {
        let row = try access { try Row.fetchOne($0, sql: "SELECT state, progress FROM strategy") }
        return try row.map { (state: $0["state"], progress: try Self.value(Progress.self, $0["progress"])) }
    }

    /// Replaces the strategy's state.
    public func store(_ state: Data, _ progress: Progress) throws {
        let json = try Self.text(progress)
        try access {
            try $0.execute(
                sql: "INSERT OR REPLACE INTO strategy (id, updateNumber, state, progress) VALUES (1, ?, ?, ?)",
                arguments: [progress.update, state, json])
        }
    }

    // MARK: Reevaluations

    /// Every longer evaluation.
    public func reevaluations() throws -> [Reevaluation] {
        try access { try String.fetchAll($0, sql: "SELECT json FROM reevaluation ORDER BY child, seed") }
            .map { try Self.value(Reevaluation.self, $0) }
    }

    /// Records a longer evaluation.
    public func record(_ reevaluation: Reevaluation) throws {
        let json = try Self.text(reevaluation)
        try access {
            try $0.execute(
                sql: "INSERT INTO reevaluation (child, seed, json) VALUES (?, ?, ?)",
                arguments: [reevaluation.child, String(reevaluation.seed), json])
        }
    }
}
