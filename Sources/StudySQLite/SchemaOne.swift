import DenseNetArchitecture
import Foundation
internal import GRDB
import Studies

/// How a study looked in the first schema, and how it becomes one of the second.
enum SchemaOne {
    /// A child as it was stored: no curve, seeds and images not recorded.
    private struct Child: Decodable {
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
    private struct Reevaluation: Decodable {
        var child: Int
        var seed: UInt64
        var accuracy: Double
        var loss: Double
        var seconds: Double
    }
    private struct Settings: Decodable {
        var seed: UInt64
        var reevaluationLength: Double
    }

    static func carryOver(_ db: Database) throws {
        let decoder = JSONDecoder()
        func read<Value: Decodable>(_: Value.Type, _ text: String) throws -> Value {
            try decoder.decode(Value.self, from: Data(text.utf8))
        }
        func rows<Value: Decodable>(_ type: Value.Type, _ sql: String) throws -> [Value] {
            try String.fetchAll(db, sql: sql).map { try read(type, $0) }
        }
        guard let configuration = try String.fetchOne(db, sql: "SELECT json FROM configuration") else { return }
        let settings = try read(Settings.self, configuration)
        let children = try rows(Child.self, "SELECT json FROM child ORDER BY number")
        for child in children {
            let proposal = Proposal(
                update: child.update, position: child.position, connectivity: child.connectivity, macs: child.macs,
                parameters: child.parameters, connections: child.connections, seed: settings.seed,
                repeatOf: child.repeatOf)
            let point = CurvePoint(
                length: 1, images: 0, accuracy: child.accuracy, loss: child.loss, seconds: child.seconds, worker: "")
            try SchemaTwo.insert(
                db, child.number, proposal, child.failure == nil ? [point] : [], failure: child.failure)
        }
        let again = try rows(Reevaluation.self, "SELECT json FROM reevaluation ORDER BY child, seed")
        for (position, evaluation) in again.enumerated() {
            guard let child = children.first(where: { $0.number == evaluation.child }) else { continue }
            let proposal = Proposal(
                update: 0, position: position, connectivity: child.connectivity, macs: child.macs,
                parameters: child.parameters,
                connections: child.connections, seed: evaluation.seed, again: child.number)
            let point = CurvePoint(
                length: settings.reevaluationLength, images: 0, accuracy: evaluation.accuracy, loss: evaluation.loss,
                seconds: evaluation.seconds, worker: "")
            try SchemaTwo.insert(db, children.count + position + 1, proposal, [point], failure: nil)
        }
        // An update that was not learned from yet keeps its trials and gets its record later.
        let learned = try Int.fetchOne(db, sql: "SELECT updateNumber FROM strategy") ?? 0
        for (update, own) in Dictionary(grouping: children, by: \.update).sorted(by: { $0.key < $1.key })
        where update <= learned {
            let ordered = own.sorted { $0.position < $1.position }
            try StoredUpdate(
                UpdateRecord(
                    update: update, trials: ordered.map(\.number), rewards: ordered.map(\.reward),
                    baseline: ordered.first?.baseline)
            ).insert(db)
        }
        if let row = try Row.fetchOne(db, sql: "SELECT state, progress FROM strategy") {
            guard let state = Data.fromDatabaseValue(row["state"]),
                let progress = String.fromDatabaseValue(row["progress"])
            else { throw Damage(what: "the strategy's state") }
            try db.execute(
                sql: "UPDATE strategy SET checksum = ?",
                arguments: [StudyChecksum.of([state, Data(progress.utf8)])])
        }
        try db.execute(sql: "UPDATE configuration SET checksum = ?", arguments: [StudyChecksum.of(configuration)])
    }
}
