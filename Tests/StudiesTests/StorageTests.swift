import DenseNetArchitecture
import Files
import Foundation
import TestSupport
import Testing

@testable import Studies
@testable import StudySQLite

/// The contract of `StudyStorage`, over every storage there is.
@Suite struct StorageTests {
    let here = Example.here
    let elsewhere = Example.elsewhere
    let search = Ownership(Example.here)
    let other = Ownership(Example.elsewhere)
    let alive: @Sendable (WorkerIdentity) -> Bool = { _ in false }

    func proposal(_ update: Int, _ position: Int, repeatOf: Int? = nil) -> Proposal {
        Example.proposal(update, position, repeatOf: repeatOf)
    }
    func point(_ accuracy: Double) -> CurvePoint { Example.point(accuracy) }

    @Test(arguments: StorageKind.allCases)
    func remembersWhatItWasGiven(kind: StorageKind) throws {
        let folder = TemporaryFolder()
        let (study, open) = try kind.make(folder("study"))
        #expect(
            try study.plan() == nil && study.trials(update: nil).isEmpty && study.strategy()?.state == nil
                && study.updates().isEmpty)
        #expect(study.name == kind.name(folder("study")))
        try study.own(search, for: 10, isDead: alive)
        try study.store(plan: #"{"first":1}"#, by: search)
        try study.store(plan: #"{"any":"text ü"}"#, by: search)
        #expect(try study.add([proposal(1, 0), proposal(1, 1), proposal(1, 2)], by: search) == [1, 2, 3])
        #expect(try study.add([proposal(2, 0)], by: search) == [4])
        let claim = try #require(try study.claim(here, token: "t", for: 10))
        #expect(claim.trial.number == 1 && claim.trial.state == .running && claim.token == "t")
        #expect(try study.report(claim, .evaluated(point(0.3), isLast: true)))
        var progress = SearchProgress()
        progress.update = 1
        let record = UpdateRecord(
            update: 1, trials: [1, 2, 3], rewards: [0.1, nil, 0.3], baseline: 0.15, probabilities: [0.5, 1])
        try study.finish(record, state: Data([1, 2, 3]), progress, by: search)
        // As another process sees it.
        let again = try open()
        #expect(try again.plan() == #"{"any":"text ü"}"#)
        #expect(try again.trials(update: 1).map(\.state) == [.complete, .waiting, .waiting])
        #expect(try again.trials(update: nil).map(\.number) == [1, 2, 3, 4])
        #expect(
            try again.trials(update: 1)[0].curve == [point(0.3)]
                && again.trials(update: 1)[0].proposal == proposal(1, 0))
        #expect(try again.updates() == [record])
        let strategy = try #require(try again.strategy())
        #expect(strategy.state == Data([1, 2, 3]) && strategy.progress == progress)
    }

    @Test(arguments: StorageKind.allCases)
    func updatesAreLearnedOnceAndInOrder(kind: StorageKind) throws {
        let folder = TemporaryFolder()
        let (study, _) = try kind.make(folder("study"))
        try study.own(search, for: 10, isDead: alive)
        let first = UpdateRecord(update: 1, trials: [], rewards: [])
        let progress = SearchProgress()
        #expect(throws: StudyError.outOfOrder(study: study.name, update: 2, last: 0)) {
            try study.finish(UpdateRecord(update: 2, trials: [], rewards: []), state: Data([9]), progress, by: search)
        }
        try study.finish(first, state: Data([1]), progress, by: search)
        // The answer was missed.
        try study.finish(first, state: Data([1]), progress, by: search)
        #expect(try study.updates() == [first])
        // Not the same.
        for state in [Data([2]), Data([1])] {
            let record = UpdateRecord(update: 1, trials: [], rewards: [], baseline: state == Data([1]) ? 0.5 : nil)
            #expect(throws: StudyError.outOfOrder(study: study.name, update: 1, last: 1)) {
                try study.finish(record, state: state, progress, by: search)
            }
        }
        #expect(try study.strategy()?.state == Data([1]))
        try study.finish(UpdateRecord(update: 2, trials: [], rewards: []), state: Data([2]), progress, by: search)
        #expect(try study.updates().map(\.update) == [1, 2] && study.strategy()?.state == Data([2]))
    }

    @Test(arguments: StorageKind.allCases)
    func addingIsAllOrNothing(kind: StorageKind) throws {
        let folder = TemporaryFolder()
        let (study, _) = try kind.make(folder("study"))
        try study.own(search, for: 10, isDead: alive)
        let two = [proposal(1, 0), proposal(1, 1)]
        #expect(try study.add(two, by: search) == [1, 2])
        // The answer was missed: they are there, and have their numbers.
        #expect(try study.add(two, by: search) == [1, 2])
        // A place with another trial.
        var other = proposal(1, 1)
        other.seed = 3
        let error = #expect(throws: StudyError.self) { try study.add([proposal(2, 0), other], by: search) }
        #expect(error == .placeIsTaken(study: study.name, trial: 2))
        #expect(try study.trials(update: nil).map(\.number) == [1, 2])
        #expect(try study.add([proposal(2, 0)], by: search) == [3])
    }

    @Test(arguments: StorageKind.allCases)
    func onlyTheHolderOfALeaseReports(kind: StorageKind) throws {
        let folder = TemporaryFolder()
        let clock = TestClock()
        let (study, _) = try kind.make(folder("study"), clock)
        try study.own(search, for: 1000, isDead: alive)
        _ = try study.add([proposal(1, 0), proposal(1, 1)], by: search)
        let first = try #require(try study.claim(elsewhere, token: "first", for: 10))
        clock.pass(5)
        #expect(try study.leases() == [Lease(trial: 1, worker: elsewhere, secondsLeft: 5)])
        #expect(try study.extend(first, for: 20))
        #expect(try study.leases() == [Lease(trial: 1, worker: elsewhere, secondsLeft: 20)])
        clock.pass(19)
        #expect(try study.reclaim(silent: true, by: search, isDead: alive) == [])
        clock.pass(2)
        // Silence is only judged by who asks for it.
        #expect(try study.reclaim(silent: false, by: search, isDead: alive) == [])
        let losses = try study.reclaim(silent: true, by: search, isDead: alive)
        #expect(losses.map(\.trial.number) == [1] && losses.map(\.worker) == [elsewhere] && losses[0].trial.lost == 1)
        #expect(try study.reclaim(silent: true, by: search, isDead: alive) == [] && study.leases() == [])
        // Late: the lease is lost.
        let late = [
            try study.report(first, .evaluated(point(0.9), isLast: true)), try study.report(first, .failed("x")),
            try study.report(first, .returned), try study.extend(first, for: 99),
        ]
        #expect(late == [false, false, false, false])
        let second = try #require(try study.claim(here, token: "second", for: 30))
        #expect(second.trial.number == 1 && second.trial.lost == 1 && second.trial.lostWith == ["\(elsewhere)"])
        #expect(try !study.report(first, .evaluated(point(0.9), isLast: true)))
        #expect(try study.report(second, .evaluated(point(0.4), isLast: true)))
        #expect(try study.trials(update: 1)[0].curve == [point(0.4)])
        // Finished is finished.
        #expect(try !study.report(first, .failed("again")) && !study.extend(second, for: 10))
        #expect(try study.trials(update: 1)[0].state == .complete)
        #expect(try study.claim(here, token: "third", for: 30)?.trial.number == 2)
        #expect(try study.claim(here, token: "fourth", for: 30) == nil)
        // A trial that there never was.
        let strange = Claim(trial: Trial(number: 99, proposal: proposal(1, 0)), token: "first")
        #expect(try !study.report(strange, .returned) && !study.extend(strange, for: 1))
    }

    /// What a caller repeats because it missed the answer is answered as it was.
    @Test(arguments: StorageKind.allCases)
    func missedAnswers(kind: StorageKind) throws {
        let folder = TemporaryFolder()
        let clock = TestClock()
        let (study, open) = try kind.make(folder("study"), clock)
        try study.own(search, for: 1000, isDead: alive)
        try study.own(search, for: 1000, isDead: alive)
        _ = try study.add([proposal(1, 0), proposal(1, 1)], by: search)
        let claim = try #require(try study.claim(here, token: "a", for: 10))
        let repeated = try #require(try open().claim(here, token: "a", for: 10))
        #expect(repeated == claim && claim.trial.number == 1)
        #expect(try study.leases().map(\.trial) == [1])
        for _ in 0..<3 { #expect(try study.report(claim, .evaluated(point(0.3), isLast: false))) }
        #expect(try study.trials(update: 1)[0].curve == [point(0.3)])
        for _ in 0..<2 { try study.decide([.promote(1)], by: search) }
        // Still its last report, though another works on it.
        let next = try #require(try study.claim(elsewhere, token: "b", for: 10))
        #expect(next.trial.number == 1)
        #expect(try study.report(claim, .evaluated(point(0.3), isLast: false)))
        #expect(try study.trials(update: 1)[0].curve.count == 1 && study.leases().map(\.worker) == [elsewhere])
        #expect(try study.report(next, .returned) && study.report(next, .returned))
        // A token is used once: the one that gave trial 1 back gets trial 2, and then nothing.
        #expect(try study.claim(elsewhere, token: "b", for: 10)?.trial.number == 2)
        let third = try #require(try study.claim(here, token: "c", for: 10))
        #expect(
            try study.report(third, .evaluated(point(0.5), isLast: true)) && study.report(third, .failed("whatever")))
        #expect(try study.trials(update: 1)[0].state == .complete)
    }

    @Test(arguments: StorageKind.allCases)
    func theMachinesFailuresGoBack(kind: StorageKind) throws {
        let folder = TemporaryFolder()
        let (study, open) = try kind.make(folder("study"))
        try study.own(search, for: 10, isDead: alive)
        _ = try study.add([proposal(1, 0)], by: search)
        for turn in 1...3 {
            let claim = try #require(try study.claim(here, token: "t\(turn)", for: 10))
            for _ in 0..<2 { #expect(try study.report(claim, .machineFailed("no memory, turn \(turn)"))) }
            let trial = try open().trials(update: 1)[0]
            #expect(
                trial.state == .waiting && !trial.isHeld && trial.curve.isEmpty && trial.failure == nil
                    && trial.lost == 0)
            #expect(trial.machineFailures == turn && trial.machineFailure == "no memory, turn \(turn)")
        }
        let claim = try #require(try study.claim(here, token: "last", for: 10))
        #expect(try study.report(claim, .failed("the loss became nan")))
        let trial = try open().trials(update: 1)[0]
        #expect(trial.state == .failed && trial.failure == "the loss became nan" && trial.machineFailures == 3)
    }

    @Test(arguments: StorageKind.allCases)
    func aDeadWorkersTrialIsGivenToAnother(kind: StorageKind) throws {
        let folder = TemporaryFolder()
        let (study, open) = try kind.make(folder("study"))
        try study.own(search, for: 1000, isDead: alive)
        _ = try study.add([proposal(1, 0), proposal(1, 1)], by: search)
        for loss in 1...7 {
            _ = try #require(try study.claim(elsewhere, token: "t\(loss)", for: 1e6))
            let losses = try study.reclaim(silent: false, by: search, isDead: { $0 == elsewhere })
            #expect(losses.map(\.trial.number) == [1])
            let trial = try open().trials(update: 1)[0]
            // However often: what that means is the search's to say.
            #expect(
                trial == losses[0].trial && trial.state == .waiting && trial.lost == loss
                    && trial.lostWith.count == min(5, loss))
        }
        // Given back is not lost; another's death is not one's own.
        let claim = try #require(try study.claim(here, token: "mine", for: 10))
        #expect(try study.reclaim(silent: true, by: search, isDead: { $0 == elsewhere }) == [])
        #expect(try study.report(claim, .returned))
        #expect(try study.trials(update: 1)[0].state == .waiting && study.trials(update: 1)[0].lost == 7)
    }

    @Test(arguments: StorageKind.allCases)
    func heldTrialsWaitForTheSearch(kind: StorageKind) throws {
        let folder = TemporaryFolder()
        let (study, _) = try kind.make(folder("study"))
        try study.own(search, for: 10, isDead: alive)
        _ = try study.add(
            [proposal(1, 0), proposal(1, 1), proposal(1, 2, repeatOf: 1), proposal(1, 3, repeatOf: 2)], by: search)
        for turn in 0..<2 {
            let claim = try #require(try study.claim(here, token: "t\(turn)", for: 10))
            #expect(try study.report(claim, .evaluated(point(0.3), isLast: false)))
        }
        #expect(try study.claim(here, token: "none", for: 10) == nil)
        // A repeat cannot end before what it repeats, nor as another, nor by itself; what is not there cannot be
        // decided.
        try study.decide(
            [.copy(3, of: 1), .copy(3, of: 4), .promote(3), .prune(4), .prune(99), .copy(4, of: 99)], by: search)
        #expect(try study.trials(update: 1).map(\.isHeld) == [true, true, true, true])
        try study.decide([.promote(1), .prune(2)], by: search)
        let claim = try #require(try study.claim(here, token: "long", for: 10))
        #expect(claim.trial.number == 1 && claim.trial.curve.count == 1)
        #expect(try study.report(claim, .evaluated(point(0.5), isLast: true)))
        try study.decide([.copy(3, of: 1), .copy(4, of: 2), .promote(2)], by: search)
        let trials = try study.trials(update: 1)
        #expect(trials.map(\.state) == [.complete, .pruned, .complete, .pruned])
        #expect(trials[2].curve.map(\.accuracy) == [0.3, 0.5] && trials[2].images == 0 && trials[2].seconds == 0)
    }

    /// Many at once: every trial is evaluated exactly once.
    @Test(arguments: StorageKind.allCases)
    func manyWorkersShareTrials(kind: StorageKind) async throws {
        let folder = TemporaryFolder()
        let (study, open) = try kind.make(folder("study"))
        let count = 60
        try study.own(search, for: 1000, isDead: alive)
        _ = try study.add((0..<count).map { proposal(1, $0) }, by: search)
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for worker in 0..<4 {
                group.addTask {
                    let study = try open()
                    let identity = WorkerIdentity(host: "elsewhere", process: Int32(worker), started: 1)
                    var accepted = true
                    while let claim = try study.claim(identity, token: Claim.newToken(), for: 1000) {
                        let found = CurvePoint(
                            length: 1, images: 1, accuracy: 0.1, loss: 1, seconds: 0, worker: "\(worker)")
                        accepted = try study.report(claim, .evaluated(found, isLast: true)) && accepted
                    }
                    return accepted
                }
            }
            for try await accepted in group { #expect(accepted) }
        }
        let trials = try open().trials(update: 1)
        #expect(trials.count { $0.state == .complete && $0.curve.count == 1 } == count)
    }
}
