import DenseNetArchitecture
import Files
import Foundation
import TestSupport
import Testing

@testable import Studies
@testable import StudySQLite

/// Small values that studies are made of, and the ends of what storages take.
@Suite struct StudyValueTests {
    private let alive: @Sendable (WorkerIdentity) -> Bool = { _ in false }

    @Test func meansOfRewards() {
        func mean(_ rewards: Double?...) -> Double {
            UpdateRecord(update: 1, trials: [], rewards: rewards).meanReward
        }
        // Those that failed have none.
        #expect(mean(0.25, nil, 0.75) == 0.5 && mean(0.5) == 0.5 && mean(1, 2, 3, nil) == 2)
        #expect(mean() == 0 && mean(nil) == 0 && mean(nil, -1) == -1)
    }

    @Test func aSearchBeginsWithNothing() {
        let progress = SearchProgress()
        #expect(progress.update == 0 && progress.repeatedUpdates == 0 && !progress.exhausted)
    }

    @Test func trialsBegin() {
        let fresh = Trial(number: 3, proposal: Example.proposal(1, 0))
        #expect(fresh.state == .waiting && !fresh.isHeld && fresh.curve.isEmpty && fresh.failure == nil)
        #expect(fresh.lost == 0 && fresh.lostWith.isEmpty && fresh.machineFailures == 0 && fresh.machineFailure == nil)
        #expect(fresh.seconds == 0 && fresh.images == 0)
        #expect(Trial(number: 3, proposal: Example.proposal(1, 0, repeatOf: 1)).isHeld, "it waits for the search")
        #expect(TrialState.allCases.filter(\.isFinished) == [.complete, .pruned, .failed])
    }

    @Test func sumsOverACurve() {
        var trial = Trial(number: 1, proposal: Example.proposal(1, 0))
        trial.curve = [Example.point(0.3), Example.point(0.5, length: 2)]
        trial.curve[1].seconds = 0.5
        trial.curve[1].images = 11
        #expect(trial.seconds == 0.75 && trial.images == 16)
    }

    /// The last trials of a study are decided as the first are.
    @Test(arguments: StorageKind.allCases)
    func theLastTrialIsDecided(kind: StorageKind) throws {
        let folder = TemporaryFolder()
        let (study, _) = try kind.make(folder("study"))
        let search = Ownership(Example.here)
        try study.own(search, for: 10, isDead: alive)
        _ = try study.add([Example.proposal(1, 0), Example.proposal(1, 1, repeatOf: 1)], by: search)
        let claim = try #require(try study.claim(Example.here, token: "a", for: 10))
        #expect(try study.report(claim, .evaluated(Example.point(0.3), isLast: true)))
        // Of trials that there are not nothing comes.
        try study.decide([.copy(2, of: 0), .copy(2, of: 3), .copy(0, of: 1), .promote(3), .prune(-1)], by: search)
        #expect(try study.trials(update: 1).map(\.state) == [.complete, .waiting])
        try study.decide([.copy(2, of: 1)], by: search)
        #expect(try study.trials(update: 1).map(\.state) == [.complete, .complete])
        // Numbers go on after them, also where one of several was there.
        let next = [Example.proposal(1, 1, repeatOf: 1), Example.proposal(2, 0), Example.proposal(2, 1)]
        #expect(try study.add(next, by: search) == [2, 3, 4])
        let last = try #require(try study.claim(Example.here, token: "b", for: 10))
        let other = try #require(try study.claim(Example.here, token: "c", for: 10))
        #expect(last.trial.number == 3 && other.trial.number == 4)
        #expect(try study.extend(other, for: 20) && study.report(other, .evaluated(Example.point(0.4), isLast: false)))
        try study.decide([.prune(4)], by: search)
        #expect(try study.trials(update: 2).map(\.state) == [.running, .pruned])
    }

    /// The same update with another progress is not the same.
    @Test(arguments: StorageKind.allCases)
    func anotherProgressIsAnotherUpdate(kind: StorageKind) throws {
        let folder = TemporaryFolder()
        let (study, _) = try kind.make(folder("study"))
        let search = Ownership(Example.here)
        try study.own(search, for: 10, isDead: alive)
        let record = UpdateRecord(update: 1, trials: [], rewards: [])
        var progress = SearchProgress()
        try study.finish(record, state: Data([1]), progress, by: search)
        progress.repeatedUpdates = 1
        #expect(throws: StudyError.outOfOrder(study: study.name, update: 1, last: 1)) {
            try study.finish(record, state: Data([1]), progress, by: search)
        }
        #expect(throws: StudyError.outOfOrder(study: study.name, update: 3, last: 1)) {
            try study.finish(UpdateRecord(update: 3, trials: [], rewards: []), state: Data(), progress, by: search)
        }
        #expect(try study.strategy()?.progress == SearchProgress())
    }

    @Test func studiesAreMadeOrMustBeThere() throws {
        let folder = TemporaryFolder()
        let path = folder("s.sqlite")
        #expect(throws: FileError("there is no study \(path)")) { _ = try SQLiteStudy(path: path, mustExist: true) }
        #expect(!FileManager.default.fileExists(atPath: path))
        let study = try SQLiteStudy(path: path)
        #expect(study.name == path && FileManager.default.fileExists(atPath: path))
        let ownership = Ownership(Example.here)
        // By the clock of the machine.
        try study.own(ownership, for: 1e6, isDead: alive)
        let owner = try #require(try SQLiteStudy(path: path, mustExist: true).owner())
        #expect(owner.owner == Example.here && (1...2e6).contains(owner.secondsLeft))
    }
}
