import DenseNetArchitecture
import Files
import Foundation
import TestSupport
import Testing
import Training

@testable import ConnectivitySearch

/// The contract of `StudyStorage`, over every storage there is.
@Suite struct StorageTests {
    /// Makes, or opens again, a storage at a path.
    typealias Maker = @Sendable (String) throws -> any StudyStorage
    static let storages: [Maker] = [{ try SQLiteStudy(path: $0) }]

    private let here = WorkerIdentity.current
    private let elsewhere = WorkerIdentity(host: "elsewhere", process: 7, started: 1)

    private func proposal(_ update: Int, _ position: Int, repeatOf: Int? = nil) -> Proposal {
        Proposal(
            update: update, position: position, connectivity: Connectivity(blocks: [[[true], [position % 2 == 0, true]]]), macs: 10,
            parameters: 20, connections: 3, seed: .max, repeatOf: repeatOf)
    }

    private func point(_ accuracy: Double) -> CurvePoint {
        CurvePoint(length: 1, images: 5, accuracy: accuracy, loss: 0.1 + 0.2, seconds: 0.25, worker: "w")
    }

    @Test(arguments: storages.indices)
    func remembersWhatItWasGiven(storage: Int) throws {
        let folder = TemporaryFolder()
        let make = Self.storages[storage]
        let study = try make(folder("study"))
        #expect(try study.configuration() == nil && study.trials(update: nil).isEmpty && study.strategy()?.state == nil)
        let configuration = try smallSearch()
        try study.store(configuration)
        #expect(try study.add([proposal(1, 0), proposal(1, 1), proposal(1, 2)]) == [1, 2, 3])
        #expect(try study.add([proposal(2, 0)]) == [4])
        let claim = try #require(try study.claim(here, until: 10))
        #expect(claim.trial.number == 1 && claim.trial.state == .running)
        #expect(try study.report(claim, .evaluated(point(0.3), isLast: true)))
        var progress = SearchProgress()
        progress.update = 1
        let record = UpdateRecord(update: 1, trials: [1, 2, 3], rewards: [0.1, 0.2, 0.3], baseline: 0.15, keepRate: nil, probabilities: [0.5, 1])
        try study.finish(record, state: Data([1, 2, 3]), progress)
        // As another process sees it.
        let again = try make(folder("study"))
        #expect(try again.configuration() == configuration)
        #expect(try again.trials(update: 1).map(\.state) == [.complete, .waiting, .waiting])
        #expect(try again.trials(update: nil).map(\.number) == [1, 2, 3, 4])
        #expect(try again.trials(update: 1)[0].curve == [point(0.3)] && again.trials(update: 1)[0].proposal == proposal(1, 0))
        #expect(try again.updates() == [record])
        let strategy = try #require(try again.strategy())
        #expect(strategy.state == Data([1, 2, 3]) && strategy.progress == progress)
        #expect(throws: SearchError.self) { try again.finish(record, state: Data(), progress) }
        #expect(try again.strategy()?.state == Data([1, 2, 3]))
    }

    @Test(arguments: storages.indices)
    func addingIsAllOrNothing(storage: Int) throws {
        let folder = TemporaryFolder()
        let study = try Self.storages[storage](folder("study"))
        _ = try study.add([proposal(1, 0)])
        // The same place twice.
        #expect(throws: (any Error).self) { try study.add([proposal(2, 0), proposal(1, 0)]) }
        #expect(try study.trials(update: nil).count == 1)
    }

    @Test(arguments: storages.indices)
    func onlyTheHolderOfALeaseReports(storage: Int) throws {
        let folder = TemporaryFolder()
        let study = try Self.storages[storage](folder("study"))
        _ = try study.add([proposal(1, 0), proposal(1, 1)])
        let first = try #require(try study.claim(elsewhere, until: 10))
        #expect(try study.extend(first, until: 20))
        #expect(try study.leases().map(\.until) == [20] && study.leases().map(\.worker) == [elsewhere])
        #expect(try study.reclaim(now: 19, maxLost: 5, isDead: { _ in false }) == [])
        #expect(try study.reclaim(now: 21, maxLost: 5, isDead: { _ in false }) == [1])
        // Late: the lease is lost.
        let late = [try study.report(first, .evaluated(point(0.9), isLast: true)), try study.report(first, .failed("x")), try study.report(first, .returned), try study.extend(first, until: 99)]
        #expect(late == [false, false, false, false])
        let second = try #require(try study.claim(here, until: 30))
        #expect(second.trial.number == 1 && second.trial.lost == 1 && second.token != first.token)
        #expect(try !study.report(first, .evaluated(point(0.9), isLast: true)))
        #expect(try study.report(second, .evaluated(point(0.4), isLast: true)))
        #expect(try study.trials(update: 1)[0].curve == [point(0.4)])
        // Finished is finished.
        #expect(try !study.report(second, .failed("again")))
        #expect(try study.trials(update: 1)[0].state == .complete)
        #expect(try study.claim(here, until: 30)?.trial.number == 2)
        #expect(try study.claim(here, until: 30) == nil)
    }

    @Test(arguments: storages.indices)
    func aDeadWorkersTrialIsGivenToAnotherSoManyTimes(storage: Int) throws {
        let folder = TemporaryFolder()
        let study = try Self.storages[storage](folder("study"))
        _ = try study.add([proposal(1, 0)])
        for loss in 1...3 {
            _ = try #require(try study.claim(elsewhere, until: 1e12))
            #expect(try study.reclaim(now: 0, maxLost: 2, isDead: { $0 == elsewhere }) == [1])
            #expect(try study.trials(update: 1)[0].lost == loss)
        }
        let trial = try study.trials(update: 1)[0]
        #expect(trial.state == .failed && trial.failure == "its worker vanished 3 times")
        // Given back is not lost.
        _ = try study.add([proposal(1, 1)])
        let claim = try #require(try study.claim(here, until: 10))
        #expect(try study.report(claim, .returned))
        #expect(try study.trials(update: 1)[1].state == .waiting && study.trials(update: 1)[1].lost == 0)
    }

    @Test(arguments: storages.indices)
    func heldTrialsWaitForTheSearch(storage: Int) throws {
        let folder = TemporaryFolder()
        let study = try Self.storages[storage](folder("study"))
        _ = try study.add([proposal(1, 0), proposal(1, 1), proposal(1, 2, repeatOf: 1), proposal(1, 3, repeatOf: 2)])
        for _ in 0..<2 {
            let claim = try #require(try study.claim(here, until: 10))
            #expect(try study.report(claim, .evaluated(point(0.3), isLast: false)))
        }
        #expect(try study.claim(here, until: 10) == nil)
        // A repeat cannot end before what it repeats.
        try study.decide([.copy(3, of: 1)])
        #expect(try study.trials(update: 1).map(\.isHeld) == [true, true, true, true])
        try study.decide([.promote(1), .prune(2)])
        let claim = try #require(try study.claim(here, until: 10))
        #expect(claim.trial.number == 1 && claim.trial.curve.count == 1)
        #expect(try study.report(claim, .evaluated(point(0.5), isLast: true)))
        try study.decide([.copy(3, of: 1), .copy(4, of: 2), .promote(2)])
        let trials = try study.trials(update: 1)
        #expect(trials.map(\.state) == [.complete, .pruned, .complete, .pruned])
        #expect(trials[2].curve.map(\.accuracy) == [0.3, 0.5] && trials[2].images == 0 && trials[2].seconds == 0)
    }

    @Test(arguments: storages.indices)
    func oneOwner(storage: Int) throws {
        let folder = TemporaryFolder()
        let study = try Self.storages[storage](folder("study"))
        try study.own(elsewhere, now: 0, until: 10, isDead: { _ in false })
        let error = #expect(throws: SearchError.self) { try study.own(here, now: 5, until: 15, isDead: { _ in false }) }
        #expect(error?.description.contains("process 7 on elsewhere") == true)
        try study.own(elsewhere, now: 5, until: 20, isDead: { _ in false })
        try study.disown(here)
        #expect(try study.owner()?.until == 20)
        try study.own(here, now: 21, until: 30, isDead: { _ in false })
        try study.own(elsewhere, now: 22, until: 40, isDead: { $0 == here })
        try study.disown(elsewhere)
        #expect(try study.owner() == nil)
    }

    /// Many at once: every trial is evaluated exactly once.
    @Test(arguments: storages.indices)
    func manyWorkersShareTrials(storage: Int) async throws {
        let folder = TemporaryFolder()
        let make = Self.storages[storage]
        let (count, path) = (60, folder("study"))
        _ = try make(path).add((0..<count).map { proposal(1, $0) })
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for worker in 0..<4 {
                group.addTask {
                    let study = try make(path)
                    let identity = WorkerIdentity(host: "elsewhere", process: Int32(worker), started: 1)
                    var accepted = true
                    while let claim = try study.claim(identity, until: 1e12) {
                        let found = CurvePoint(length: 1, images: 1, accuracy: 0.1, loss: 1, seconds: 0, worker: "\(worker)")
                        accepted = try study.report(claim, .evaluated(found, isLast: true)) && accepted
                    }
                    return accepted
                }
            }
            for try await accepted in group { #expect(accepted) }
        }
        let trials = try make(path).trials(update: 1)
        let once = trials.count { $0.state == .complete && $0.curve.count == 1 }
        #expect(once == count)
    }
}
