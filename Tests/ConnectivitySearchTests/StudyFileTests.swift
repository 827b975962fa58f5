import DenseNetArchitecture
import Files
import Foundation
import Randomness
import Studies
import TestSupport
import Testing
import Training

@testable import ConnectivitySearch
@testable import Strategies
@testable import StudySQLite

/// Study files that are old, new, damaged, or on a bad disk.
@Suite struct StudyFileTests {
    private static let fixtures = packageRoot + "/Tests/Fixtures"

    /// A study of the first schema, as the program of its time left it, dumped as SQL: six children of two updates and
    /// two longer evaluations.
    @Test func aStudyOfTheFirstSchemaIsCarriedOver() throws {
        let folder = TemporaryFolder()
        try sqlite(
            folder("study.sqlite"), script: String(contentsOfFile: Self.fixtures + "/study-1.sql", encoding: .utf8))
        let study = try SQLiteStudy(path: folder("study.sqlite"))
        let history = try StudyHistory(study)
        #expect(
            history.children.map(\.number) == [1, 2, 3, 4, 5, 6]
                && history.children.allSatisfy { $0.state == .complete })
        #expect(history.children.map(\.update) == [1, 1, 1, 2, 2, 2] && history.children[0].accuracy == 0.109375)
        #expect(history.children.allSatisfy { $0.reward == $0.accuracy })
        #expect(
            history.reevaluations.map(\.child) == [3, 6] && history.updates.map(\.trials) == [[1, 2, 3], [4, 5, 6]])
        #expect(history.configuration.strategy == "random" && history.configuration.threads == 1)
        // Its children were drawn in another way: it can be looked at, not continued.
        let error = #expect(throws: SearchError.self) {
            try Search(
                history.configuration, study, OwnProcess(Worker(history.configuration, study, FormulaEvaluator()))
            ).run()
        }
        #expect(
            error?.description
                == "a search of an older version of ads, which drew children in another way, cannot be continued; start it anew in another folder"
        )
    }

    /// One of the second schema, killed while it searched: a trial was RUNNING, one held, one lost too often, one had
    /// diverged.
    @Test func aStudyOfTheSecondSchemaIsCarriedOver() throws {
        let folder = TemporaryFolder()
        let path = folder("study.sqlite")
        try sqlite(path, script: String(contentsOfFile: Self.fixtures + "/study-2.sql", encoding: .utf8))
        let study = try SQLiteStudy(path: path)
        let before = try StudyHistory(study)
        #expect(before.trials.map(\.number) == Array(1...16) && before.updates.map(\.update) == [1, 2, 3])
        let states = before.trials.suffix(6).map(\.state)
        #expect(states == [.failed, .pruned, .waiting, .waiting, .failed, .running] && before.trials[12].isHeld)
        #expect(before.trials[14].lost == 1 && before.trials[14].failure == "its worker vanished 1 times")
        #expect(before.trials[1].curve.map(\.length) == [1, 2] && before.children[10].reward == 0.1)
        #expect(try study.leases().map(\.worker.process) == [8157] && study.owner()?.owner.process == 8156)
        let (troubles, notes) = try before.findings(study)
        #expect(troubles.isEmpty && notes.count == 3, "\(troubles) \(notes)")
        // Its children were drawn in another way: it can be looked at, not continued, and nothing in it changes.
        #expect(throws: SearchError.self) { try search(before.configuration, study).run() }
        #expect(try StudyHistory(study).trials == before.trials)
    }

    /// A row that was changed, in the schema of its time or in today's: said, and nothing is carried over.
    @Test(arguments: [
        (2, "UPDATE trial SET proposal = replace(proposal, '\"macs\"', '\"macs\" ') WHERE number = 13"),
        (2, "UPDATE trial SET lost = 3 WHERE number = 14"),
        (3, "UPDATE trial SET held = 0 WHERE number = 13"),
        (3, "UPDATE trial SET updateNumber = 9 WHERE number = 13"),
        (3, "UPDATE trial SET position = 9 WHERE number = 13"),
        (3, "UPDATE trial SET state = 'PRUNED' WHERE number = 13"),
        (3, "DROP TRIGGER finishedTrialsNeverChange; UPDATE trial SET state = 'WAITING' WHERE number = 12"),
        (3, "DROP TRIGGER finishedTrialsNeverChange; UPDATE trial SET state = 'COMPLETE' WHERE number = 12"),
        (
            3,
            "DROP TRIGGER finishedTrialsNeverChange; UPDATE trial SET ended = 'COMPLETE', state = 'COMPLETE' WHERE number = 12"
        ),
    ])
    func aChangedRowIsDamage(schema: Int, change: String) throws {
        let folder = TemporaryFolder()
        let path = folder("study.sqlite")
        try sqlite(path, script: String(contentsOfFile: Self.fixtures + "/study-2.sql", encoding: .utf8))
        if schema == 3 { _ = try SQLiteStudy(path: path) }
        try sqlite(path, script: "PRAGMA journal_mode = WAL; \(change); PRAGMA wal_checkpoint(TRUNCATE);")
        let before = try Data(contentsOf: URL(fileURLWithPath: path))
        let error = #expect(throws: FileError.self) { try SQLiteStudy(path: path).trials(update: nil) }
        #expect(error?.description.contains(" is damaged (trial 1") == true, "\(error?.description ?? "")")
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)
    }

    /// A search does not go on with a study that lacks what it had.
    @Test func aMissingTrialIsSaid() throws {
        let folder = TemporaryFolder()
        let path = folder("study.sqlite")
        var configuration = try smallSearch("random", children: 6)
        do { _ = try search(configuration, SQLiteStudy(path: path)).run() }
        try sqlite(
            path,
            script: "DROP TRIGGER trialsStay; DELETE FROM trial WHERE number = 2; PRAGMA wal_checkpoint(TRUNCATE);")
        configuration.children = 12
        let sentence = "\(path) lacks trials that it had; look at it with 'ads study doctor'"
        #expect(throws: SearchError(sentence)) { try search(configuration, SQLiteStudy(path: path)).run() }
    }

    @Test func aNewerSchemaIsRefused() throws {
        let folder = TemporaryFolder()
        let path = folder("study.sqlite")
        _ = try SQLiteStudy(path: path)
        try sqlite(path, script: "INSERT INTO grdb_migrations VALUES ('99: of a later version')")
        let error = #expect(throws: FileError.self) { try SQLiteStudy(path: path) }
        #expect(error?.description == "\(path) was made by a newer version of ads; update this one")
    }

    /// A page overwritten at random, fifty times: a sentence that says so or the very same study; the file is left as
    /// it was.
    @Test func damageIsSaid() throws {
        let folder = TemporaryFolder()
        let whole = folder("whole.sqlite")
        let configuration = try smallSearch(children: 40)
        do {
            let study = try SQLiteStudy(path: whole)
            try study.begin(configuration)
            _ = try Search(configuration, study, OwnProcess(Worker(configuration, study, FormulaEvaluator()))).run()
        }
        try sqlite(whole, script: "PRAGMA wal_checkpoint(TRUNCATE)")
        let good = try Data(contentsOf: URL(fileURLWithPath: whole))
        func read(_ path: String) throws -> [String] {
            let study = try SQLiteStudy(path: path)
            let history = try StudyHistory(study)
            return [try history.digest(strategy: study.strategy()?.state), "\(history.configuration)"]
        }
        let expected = try read(whole)
        var random = SeededGenerator(seed: 5)
        var said = 0
        for turn in 0..<50 {
            let path = folder("damaged-\(turn).sqlite")
            var data = good
            // A whole page, a few bytes, or the end is gone; the state's pages are most of the file, so that half of
            // the places are in the first pages.
            let page =
                turn % 2 == 0 ? random.index(below: good.count / 4096) : random.index(below: min(24, good.count / 4096))
            switch turn % 3 {
            case 0: for i in 0..<4096 { data[page * 4096 + i] = UInt8(truncatingIfNeeded: random.next()) }
            case 1:
                for _ in 0..<8 {
                    data[page * 4096 + random.index(below: 4096)] = UInt8(truncatingIfNeeded: random.next())
                }
            default: data.removeLast(good.count - page * 4096 - 512)
            }
            try data.write(to: URL(fileURLWithPath: path))
            do {
                let found = try read(path)
                #expect(found == expected, "turn \(turn): damage went unnoticed")
            } catch let error as FileError {
                said += 1
                #expect(error.description.hasPrefix(path) && !error.description.contains("\n"), "\(error)")
            } catch {
                Issue.record("turn \(turn): \(error)")
            }
            let after = try Data(contentsOf: URL(fileURLWithPath: path))
            #expect(after == data, "turn \(turn): the file was changed")
        }
        #expect(said > 25, "\(said) of 50")
    }

    @Test func foldersThatCannotBeWritten() throws {
        let folder = TemporaryFolder()
        try Data("not a database, but long enough to be looked at as one".utf8).write(
            to: URL(fileURLWithPath: folder("text")))
        #expect(throws: FileError("\(folder("text")) is not a study: it is no SQLite database")) {
            try SQLiteStudy(path: folder("text"))
        }
        let error = #expect(throws: FileError.self) { try SQLiteStudy(path: folder("missing/s")) }
        #expect(error?.description.contains("cannot be opened") == true)
        #expect(throws: FileError("there is no study \(folder("none"))")) {
            try SQLiteStudy(path: folder("none"), mustExist: true)
        }
    }

    /// What a full disk is to SQLite, brought about by a limit on the file's pages.
    @Test func aFullDiskLosesNothing() throws {
        let folder = TemporaryFolder()
        let path = folder("s.sqlite")
        var stored: [Trial] = []
        let ownership = Ownership()
        do {
            let study = try SQLiteStudy(path: path, pageLimit: 60) { Date().timeIntervalSince1970 }
            try study.begin(smallSearch())
            try study.own(ownership, for: 10, isDead: { _ in false })
            let error = #expect(throws: FileError.self) {
                for update in 1...10_000 {
                    let proposals = (0..<5).map {
                        Proposal(
                            update: update, position: $0, connectivity: .init(blocks: [[[true]]]), macs: 1,
                            parameters: 1, connections: 1, seed: 1)
                    }
                    _ = try study.add(proposals, by: ownership)
                    stored = try study.trials(update: nil)
                }
            }
            #expect(
                error?.description
                    == "\(path) cannot be written: the disk is full; free some space and continue with --resume")
            #expect(stored.count > 10 && stored.count % 5 == 0)
            let record = UpdateRecord(update: 1, trials: [], rewards: [])
            #expect(throws: FileError.self) {
                try study.finish(record, state: Data(count: 1 << 20), SearchProgress(), by: ownership)
            }
        }
        let again = try SQLiteStudy(path: path)
        #expect(try again.trials(update: nil) == stored)
        #expect(try again.strategy()?.state == nil)
        let next = Proposal(
            update: 20_000, position: 0, connectivity: .init(blocks: [[[true]]]), macs: 1, parameters: 1,
            connections: 1, seed: 1)
        #expect(try again.add([next], by: ownership) == [stored.count + 1])
    }

    /// Runs statements, by Python's SQLite.
    private func sqlite(_ path: String, script: String) throws {
        let program =
            "import sqlite3, sys; c = sqlite3.connect(sys.argv[1], isolation_level=None); c.executescript(sys.argv[2]); c.close()"
        let done = try run("/usr/bin/env", ["python3", "-c", program, path, script])
        #expect(done.status == 0, "\(done.errors)")
    }
}
