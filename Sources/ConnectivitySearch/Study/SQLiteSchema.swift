import Crypto
import DenseNetArchitecture
import Foundation
import GRDB

/// Every schema a study's file ever had, in order; entries are only ever added.
enum SQLiteSchema {
    static var migrator: DatabaseMigrator {
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
        migrator.registerMigration("2: trials with states and leases, updates, the owner") { db in
            try db.execute(
                sql: """
                    CREATE TABLE trial (
                        number INTEGER PRIMARY KEY, updateNumber INTEGER NOT NULL, position INTEGER NOT NULL,
                        state TEXT NOT NULL CHECK (state IN ('WAITING', 'RUNNING', 'COMPLETE', 'PRUNED', 'FAILED')),
                        held INTEGER NOT NULL, lost INTEGER NOT NULL, proposal TEXT NOT NULL, outcome TEXT NOT NULL,
                        checksum TEXT NOT NULL, worker TEXT, token TEXT, leaseUntil REAL,
                        UNIQUE (updateNumber, position),
                        CHECK ((state = 'RUNNING') = (token IS NOT NULL)));
                    CREATE INDEX trialState ON trial (state, held, number);
                    CREATE TRIGGER finishedTrialsNeverChange BEFORE UPDATE ON trial
                        WHEN OLD.state IN ('COMPLETE', 'PRUNED', 'FAILED')
                        BEGIN SELECT RAISE(ABORT, 'a finished trial never changes'); END;
                    CREATE TRIGGER trialsStay BEFORE DELETE ON trial
                        BEGIN SELECT RAISE(ABORT, 'a trial never disappears'); END;
                    CREATE TABLE learning (updateNumber INTEGER PRIMARY KEY, json TEXT NOT NULL, checksum TEXT NOT NULL);
                    CREATE TABLE owner (id INTEGER PRIMARY KEY CHECK (id = 1), json TEXT NOT NULL, leaseUntil REAL NOT NULL);
                    ALTER TABLE configuration ADD COLUMN checksum TEXT;
                    ALTER TABLE strategy ADD COLUMN checksum TEXT;
                    """)
            try SchemaOne.carryOver(db)
            try db.execute(sql: "DROP TABLE reevaluation; DROP TABLE child;")
        }
        return migrator
    }

    /// What a row's checksum is of: everything in it that a damaged disk page must not change unnoticed.
    static func checksum(_ parts: [Data]) -> String {
        var hash = SHA256()
        for part in parts {
            withUnsafeBytes(of: UInt64(part.count).littleEndian) { hash.update(bufferPointer: $0) }
            hash.update(data: part)
        }
        return hash.finalize().prefix(8).map { String(format: "%02x", $0) }.joined()
    }

    static func checksum(_ parts: String...) -> String { checksum(parts.map { Data($0.utf8) }) }
}

/// How a study looked in the first schema, and how it becomes one of the second.
private enum SchemaOne {
    /// A child as it was stored: no curve, seeds and images not recorded.
    struct Child: Decodable {
        var number: Int
        var update: Int
        var position: Int
        var connectivity: Connectivity
        var macs: Int
        var parameters: Int
        var connections: Int
        var accuracy: Double
        var loss: Double
        var reward: Double
        var seconds: Double
        var repeatOf: Int?
        var baseline: Double?
        var failure: String?
    }
    struct Reevaluation: Decodable {
        var child: Int
        var seed: UInt64
        var accuracy: Double
        var loss: Double
        var seconds: Double
    }
    struct Settings: Decodable {
        var seed: UInt64
        var reevaluationLength: Double
    }

    static func carryOver(_ db: Database) throws {
        let decoder = JSONDecoder()
        func read<Value: Decodable>(_: Value.Type, _ text: String) throws -> Value { try decoder.decode(Value.self, from: Data(text.utf8)) }
        guard let configuration = try String.fetchOne(db, sql: "SELECT json FROM configuration") else { return }
        let settings = try read(Settings.self, configuration)
        let children = try String.fetchAll(db, sql: "SELECT json FROM child ORDER BY number").map { try read(Child.self, $0) }
        for child in children {
            var trial = Trial(
                number: child.number,
                proposal: Proposal(
                    update: child.update, position: child.position, connectivity: child.connectivity, macs: child.macs,
                    parameters: child.parameters, connections: child.connections, seed: settings.seed, repeatOf: child.repeatOf))
            trial.isHeld = false
            trial.state = child.failure == nil ? .complete : .failed
            trial.failure = child.failure
            if child.failure == nil {
                trial.curve = [
                    CurvePoint(length: 1, images: 0, accuracy: child.accuracy, loss: child.loss, seconds: child.seconds, worker: "")
                ]
            }
            try TrialRow(trial).insert(db)
        }
        let again = try String.fetchAll(db, sql: "SELECT json FROM reevaluation ORDER BY child, seed").map { try read(Reevaluation.self, $0) }
        for (position, evaluation) in again.enumerated() {
            guard let child = children.first(where: { $0.number == evaluation.child }) else { continue }
            var trial = Trial(
                number: children.count + position + 1,
                proposal: Proposal(
                    update: 0, position: position, connectivity: child.connectivity, macs: child.macs, parameters: child.parameters,
                    connections: child.connections, seed: evaluation.seed, again: child.number))
            trial.state = .complete
            trial.curve = [
                CurvePoint(
                    length: settings.reevaluationLength, images: 0, accuracy: evaluation.accuracy, loss: evaluation.loss,
                    seconds: evaluation.seconds, worker: "")
            ]
            try TrialRow(trial).insert(db)
        }
        // An update that was not learned from yet keeps its trials and gets its record later.
        let learned = try Int.fetchOne(db, sql: "SELECT updateNumber FROM strategy") ?? 0
        for (update, own) in Dictionary(grouping: children, by: \.update).sorted(by: { $0.key < $1.key }) where update <= learned {
            let ordered = own.sorted { $0.position < $1.position }
            try LearningRow(
                UpdateRecord(
                    update: update, trials: ordered.map(\.number), rewards: ordered.map(\.reward), baseline: ordered.first?.baseline)
            ).insert(db)
        }
        if let row = try Row.fetchOne(db, sql: "SELECT state, progress FROM strategy") {
            let (state, progress): (Data, String) = (row["state"], row["progress"])
            try db.execute(
                sql: "UPDATE strategy SET checksum = ?", arguments: [SQLiteSchema.checksum([state, Data(progress.utf8)])])
        }
        try db.execute(sql: "UPDATE configuration SET checksum = ?", arguments: [SQLiteSchema.checksum(configuration)])
    }
}
