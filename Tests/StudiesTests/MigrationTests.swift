import DenseNetArchitecture
import Files
import Foundation
import TestSupport
import Testing

@testable import Studies
@testable import StudySQLite

/// Studies of older schemas, value by value.
@Suite struct MigrationTests {
    private let folder = TemporaryFolder()
    private var path: String { folder("study.sqlite") }

    /// The study of a fixture, after some statements, as it is carried over.
    private func carriedOver(_ fixture: String, _ changes: String = "") throws -> SQLiteStudy {
        let file = packageRoot + "/Tests/Fixtures/\(fixture).sql"
        try sqlite(String(contentsOfFile: file, encoding: .utf8) + changes)
        return try SQLiteStudy(path: path)
    }

    /// Runs statements, by Python's SQLite.
    private func sqlite(_ script: String) throws {
        let program =
            "import sqlite3, sys; c = sqlite3.connect(sys.argv[1], isolation_level=None); c.executescript(sys.argv[2]); c.close()"
        let done = try run("/usr/bin/env", ["python3", "-c", program, path, script])
        #expect(done.status == 0, "\(done.errors)")
    }

    private func connectivity(_ key: String) -> Connectivity {
        Connectivity(
            blocks: key.split(separator: "|").map { rows in
                rows.split(separator: ".").map { row in row.map { $0 == "1" } }
            })
    }

    /// Of every child: its matrices, MACs, parameters, connections, accuracy, loss and seconds.
    private static let children: [(String, Int, Int, Int, Double, Double, Double)] = [
        ("1.01.101|1.11", 1_921_304, 3586, 7, 0.109375, 2.3080105781555176, 0.08521205600000001),
        ("1.01.011|1.01", 1_589_528, 2674, 6, 0.09375, 2.3038487434387207, 0.072669994),
        ("1.11.011|1.11", 2_068_760, 3738, 8, 0.125, 2.3006606101989746, 0.07532517000000001),
        ("1.11.111|1.01", 2_179_352, 3282, 8, 0.125, 2.2996861934661865, 0.08468500500000001),
        ("1.11.111|1.11", 2_363_672, 4042, 9, 0.09375, 2.301781177520752, 0.090466194),
        ("1.01.111|1.01", 1_884_440, 2978, 7, 0.140625, 2.3043675422668457, 0.07112103700000001),
    ]

    /// Child n as a trial of today; what was not recorded is 0.
    private func child(_ number: Int) -> Trial {
        let (key, macs, parameters, connections, accuracy, loss, seconds) = Self.children[number - 1]
        var trial = Trial(
            number: number,
            proposal: Proposal(
                update: number <= 3 ? 1 : 2, position: (number - 1) % 3, connectivity: connectivity(key), macs: macs,
                parameters: parameters, connections: connections, seed: 0))
        trial.state = .complete
        trial.curve = [
            CurvePoint(length: 1, images: 0, accuracy: accuracy, loss: loss, seconds: seconds, worker: "")
        ]
        return trial
    }

    /// A longer evaluation of a child as a trial of update 0.
    private func again(_ number: Int, _ position: Int, of original: Int, loss: Double, seconds: Double) -> Trial {
        var trial = child(original)
        trial.number = number
        (trial.proposal.update, trial.proposal.position, trial.proposal.again) = (0, position, original)
        trial.proposal.seed = 18_149_786_873_368_868_503
        trial.curve = [
            CurvePoint(length: 2, images: 0, accuracy: 0.09375, loss: loss, seconds: seconds, worker: "")
        ]
        return trial
    }

    private var expected: [Trial] {
        (1...6).map(child) + [
            again(7, 0, of: 3, loss: 2.310649871826172, seconds: 0.151738764),
            again(8, 1, of: 6, loss: 2.298100709915161, seconds: 0.156158805),
        ]
    }

    private static let records = [
        UpdateRecord(update: 1, trials: [1, 2, 3], rewards: [0.109375, 0.09375, 0.125]),
        UpdateRecord(update: 2, trials: [4, 5, 6], rewards: [0.125, 0.09375, 0.140625]),
    ]

    @Test func aStudyOfTheFirstSchemaIsCarriedOver() throws {
        let study = try carriedOver("study-1")
        #expect(try study.trials(update: nil) == expected)
        #expect(try study.trials(update: 2) == (4...6).map(child))
        #expect(try study.updates() == Self.records)
        let strategy = try #require(try study.strategy())
        #expect(String(decoding: strategy.state, as: UTF8.self) == #"{"state":16057617777888295659}"#)
        var progress = SearchProgress()
        progress.update = 2
        #expect(strategy.progress == progress)
        let plan = try #require(try study.plan())
        #expect(plan.hasPrefix(#"{"agent":{"baselineDecay":0.9,"#) && plan.hasSuffix(#""strategy":"random","top":2}"#))
        #expect(try study.owner()?.owner == nil && study.leases().isEmpty)
        // What was carried over once is read as it is.
        #expect(try SQLiteStudy(path: path).trials(update: nil) == expected)
        // It goes on: the next trial has the next number, and the next update is the third.
        let ownership = Ownership(Example.here)
        try study.own(ownership, for: 10, isDead: { _ in false })
        #expect(try study.add([Example.proposal(3, 0)], by: ownership) == [9])
        try study.finish(
            UpdateRecord(update: 3, trials: [9], rewards: [nil]), state: Data([1]), progress, by: ownership)
        #expect(try study.updates().map(\.update) == [1, 2, 3])
    }

    /// A child that had failed has no result, and what is made of a child is what was learned from it.
    @Test func failedChildrenAndBaselinesAreCarriedOver() throws {
        let study = try carriedOver(
            "study-1",
            """
            UPDATE child SET json = replace(json, '"accuracy"', '"failure":"burst","accuracy"') WHERE number = 5;
            UPDATE child SET json = replace(json, '"accuracy"', '"repeatOf":1,"accuracy"') WHERE number = 3;
            UPDATE child SET json = replace(json, '"accuracy"', '"baseline":0.5,"accuracy"') WHERE updateNumber = 2;
            UPDATE child SET json = replace(json, '"reward":0.109375', '"reward":0.1') WHERE number = 1;
            """)
        var trials = expected
        (trials[4].state, trials[4].failure, trials[4].curve) = (.failed, "burst", [])
        trials[2].proposal.repeatOf = 1
        #expect(try study.trials(update: nil) == trials)
        var records = Self.records
        records[0].rewards[0] = 0.1
        records[1].baseline = 0.5
        #expect(try study.updates() == records)
    }

    /// An update that was not learned from has its trials and no record yet.
    @Test(arguments: [0, 1, 2, nil]) func onlyWhatWasLearnedHasRecords(learned: Int?) throws {
        let change = learned.map { "UPDATE strategy SET updateNumber = \($0);" } ?? "DELETE FROM strategy;"
        let study = try carriedOver("study-1", change)
        #expect(try study.trials(update: nil) == expected)
        #expect(try study.updates() == Array(Self.records.prefix(learned ?? 0)))
        #expect(try study.strategy().map { $0.state.count } == (learned == nil ? nil : 30))
    }

    @Test(arguments: ["state = 5", "progress = x'ff'", "state = NULL"])
    func aStrategyOfAnotherTypeIsDamage(change: String) throws {
        // A column of the first schema that may not be empty is one that may here.
        let script =
            change == "state = NULL"
            ? "CREATE TABLE s AS SELECT * FROM strategy; DROP TABLE strategy; ALTER TABLE s RENAME TO strategy;" : ""
        let error = #expect(throws: FileError.self) {
            try carriedOver("study-1", "\(script) UPDATE strategy SET \(change);")
        }
        #expect(error?.description.contains(" is damaged (the strategy's state") == true, "\(error?.description ?? "")")
    }

    /// Numbers that count nothing are damage, before anything is added to them.
    @Test func countsBeyondNumbers() throws {
        let study = try SQLiteStudy(path: path)
        let ownership = Ownership(Example.here)
        try study.own(ownership, for: 10, isDead: { _ in false })
        _ = try study.add([Example.proposal(1, 0)], by: ownership)
        var progress = SearchProgress()
        progress.update = .max
        try study.finish(
            UpdateRecord(update: 1, trials: [1], rewards: [nil]), state: Data([1]), progress, by: ownership)
        let error = #expect(throws: FileError.self) { try study.strategy() }
        #expect(error?.description.contains(" is damaged (the strategy's state") == true, "\(error?.description ?? "")")
        (progress.update, progress.repeatedUpdates) = (2, -1)
        var record = UpdateRecord(update: 2, trials: [1], rewards: [nil])
        record.images = .max
        try study.finish(record, state: Data([1]), progress, by: ownership)
        #expect(throws: FileError.self) { try study.strategy() }
        let images = #expect(throws: FileError.self) { try study.updates() }
        #expect(images?.description.contains(" is damaged (update 2") == true, "\(images?.description ?? "")")
    }

    @Test func aStudyThatHadNotBegun() throws {
        let study = try carriedOver(
            "study-1",
            "DELETE FROM reevaluation; DELETE FROM child; DELETE FROM strategy; DELETE FROM configuration;")
        #expect(try study.plan() == nil && study.trials(update: nil).isEmpty && study.updates().isEmpty)
    }

    /// Killed while it searched: what ran runs, what was held is held, what ended has ended.
    @Test func aStudyOfTheSecondSchemaIsCarriedOver() throws {
        let study = try carriedOver("study-2")
        let trials = try study.trials(update: nil)
        #expect(trials.map(\.number) == Array(1...16) && trials.map(\.proposal.update) == (0..<16).map { $0 / 4 + 1 })
        let states = trials.map(\.state)
        #expect(states.prefix(4) == [.pruned, .complete, .complete, .pruned])
        #expect(states.suffix(6) == [.failed, .pruned, .waiting, .waiting, .failed, .running])
        #expect(trials.filter(\.isHeld).map(\.number) == [13, 14] && trials.map(\.lost).reduce(0, +) == 1)
        #expect(trials[14].lost == 1 && trials[14].failure == "its worker vanished 1 times")
        #expect(trials[10].failure == "the child's loss became nan in step 3" && trials[10].curve.isEmpty)
        let first = CurvePoint(
            length: 1, images: 256, accuracy: 0.125, loss: 2.2892656326293945, seconds: 0.22055473900000003,
            worker: "process 8165 on node1")
        #expect(trials[1].curve.first == first && trials[1].curve.map(\.images) == [256, 512])
        #expect(trials.allSatisfy { $0.machineFailures == 0 && $0.lostWith.isEmpty })
        #expect(try study.updates().map(\.trials) == [[1, 2, 3, 4], [5, 6, 7, 8], [9, 10, 11, 12]])
        #expect(try study.leases().map(\.worker) == [WorkerIdentity(host: "node1", process: 8157, started: 404_810)])
        #expect(try study.owner()?.owner == WorkerIdentity(host: "node1", process: 8156, started: 404_802))
        // Its owner had no token, which proves nothing.
        #expect(throws: StudyError.self) { try study.store(plan: "", by: Ownership(Example.here, token: "")) }
    }

    /// Whatever was changed in a trial of the second schema is found before anything is carried over.
    @Test(arguments: [
        "state = 'PRUNED' WHERE number = 13", "held = 0 WHERE number = 13", "lost = 1 WHERE number = 13",
        "number = 17 WHERE number = 13", "outcome = replace(outcome, '0.1,', '0.9,') WHERE number = 13",
    ])
    func changedTrialsAreFound(change: String) throws {
        #expect(throws: FileError.self) { _ = try carriedOver("study-2", "UPDATE trial SET \(change);") }
    }
}
