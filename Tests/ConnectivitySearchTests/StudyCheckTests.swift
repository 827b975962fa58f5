import DenseNetArchitecture
import Foundation
import Strategies
import Studies
import Synchronization
import Testing

@testable import ConnectivitySearch

/// What a doctor finds in a study that somebody changed, and what it tells of one that is being searched.
@Suite(.serialized) struct StudyCheckTests {
    private static let alive: @Sendable (WorkerIdentity) -> Bool = { _ in false }

    /// A finished search of eleven children, of three updates.
    private func searched() throws -> (study: MemoryStudy, history: StudyHistory) {
        let study = MemoryStudy()
        _ = try search(smallSearch("random", children: 11, blocks: [6, 5]), study).run()
        return (study, try StudyHistory(study))
    }

    /// What is found in a study whose trials and records were changed.
    private func troubles(
        trials change: (inout [Trial]) -> Void = { _ in },
        updates changeUpdates: (inout [UpdateRecord]) -> Void = { _ in }
    ) throws -> [String] {
        let (study, history) = try searched()
        var (trials, updates) = (history.trials, history.updates)
        change(&trials)
        changeUpdates(&updates)
        return try StudyHistory(history.configuration, trials, updates).findings(study).troubles
    }

    @Test func aSoundStudy() throws {
        let (study, history) = try searched()
        let (troubles, notes) = try history.findings(study)
        #expect(troubles.isEmpty && notes.isEmpty && history.trials.count == 17 && history.updates.count == 3)
        // And one that has only begun.
        let fresh = MemoryStudy()
        try fresh.begin(smallSearch())
        let nothing = try StudyHistory(fresh).findings(fresh)
        #expect(nothing.troubles.isEmpty && nothing.notes.isEmpty)
        // The first trial alone waits, and nothing was learned.
        let ownership = Ownership()
        try fresh.own(ownership, for: 10, isDead: Self.alive)
        _ = try fresh.add([history.trials[0].proposal], by: ownership)
        try fresh.store(history.configuration, by: ownership)
        fresh.disown(ownership)
        let one = try StudyHistory(fresh).findings(fresh)
        #expect(one.troubles.isEmpty && one.notes.isEmpty)
    }

    @Test func changedTrials() throws {
        #expect(try troubles(trials: { $0[3].number = 40 }).first == "the trials are not numbered from 1 to 17")
        #expect(try troubles(trials: { $0.removeLast() }).isEmpty)
        let macs = try searched().history.trials[1].proposal.macs
        #expect(
            try troubles(trials: { $0[1].proposal.macs += 1 }) == ["trial 2 costs \(macs) MACs, not \(macs + 1)"])
        #expect(
            try troubles(trials: { $0[1].proposal.connectivity.blocks.removeLast() })
                == ["trial 2's matrices do not fit the network"])
        #expect(try troubles(trials: { $0[4].curve = [] }) == ["trial 5 is COMPLETE without a result"])
        // A failed one has none.
        #expect(try troubles(trials: { ($0[4].curve, $0[4].state) = ([], .failed) }).isEmpty)
    }

    /// Matrices of another network are no strategy's to learn of: a search does not go on with them, wherever they are.
    @Test(arguments: [nil, true]) func matricesOfAnotherNetwork(isMode: Bool?) throws {
        let (study, configuration) = (MemoryStudy(), try smallSearch("evolution", children: 11, blocks: [6, 5]))
        try study.begin(configuration)
        let ownership = Ownership()
        try study.own(ownership, for: 10, isDead: Self.alive)
        var proposal = try searched().history.trials[0].proposal
        proposal.connectivity.blocks.removeLast()
        proposal.isMode = isMode
        _ = try study.add([proposal], by: ownership)
        study.disown(ownership)
        let sentence =
            "the study is damaged: trial 1's matrices do not fit the network; look at it with 'ads study doctor'"
        #expect(throws: SearchError(sentence)) { try search(configuration, study).run() }
        #expect(study.trials(update: nil).map(\.state) == [.waiting])
    }

    @Test func changedRecords() throws {
        let learned = "update 2 was learned from other trials than it has"
        #expect(try troubles(updates: { $0[1].trials[0] = 99 }) == [learned])
        #expect(try troubles(updates: { $0[1].trials.swapAt(0, 1) }).isEmpty, "in whatever order")
        #expect(try troubles(trials: { $0[6].state = .waiting }) == [learned])
        #expect(
            try troubles(updates: { $0.removeLast() }) == ["the strategy's state is not that of update 2"])
        let order = try troubles(updates: { $0.swapAt(0, 1) })
        #expect(order == ["the updates do not follow one another"])
        #expect(
            try troubles(updates: { $0[0].update = 7 }).prefix(2) == [
                "the updates do not follow one another", "update 7 was learned from other trials than it has",
            ])
    }

    @Test func whatHappenedToTrialsIsNoted() throws {
        let (study, history) = try searched()
        func notes(_ change: (inout [Trial]) -> Void) throws -> [String] {
            var trials = history.trials
            change(&trials)
            return try StudyHistory(history.configuration, trials, history.updates).findings(study).notes
        }
        #expect(try notes { $0[2].lost = 1 } == ["workers vanished 1 time"])
        #expect(try notes { ($0[2].lost, $0[5].lost) = (1, 2) } == ["workers vanished 3 times"])
        let failed = try notes {
            ($0[2].machineFailures, $0[2].machineFailure) = (1, "no memory")
            $0[3].machineFailures = 2
        }
        #expect(
            failed == [
                "the machine failed 1 time at trial 3, the last time with: no memory",
                "the machine failed 2 times at trial 4, the last time with: nothing said",
            ])
    }

    /// A process that has ended, and one of another machine, of which nothing is known.
    private func workers() throws -> (dead: WorkerIdentity, other: WorkerIdentity) {
        (try endedWorker(), WorkerIdentity(host: "node4", process: 9, started: 5))
    }

    /// A clock that stands still until it is set.
    private final class Clock: Sendable {
        private let time = Mutex(1000.0)
        var now: Double { time.withLock(\.self) }
        func set(_ now: Double) { time.withLock { $0 = now } }
    }

    @Test(.enabled(if: WorkerIdentity.current.boot != nil, "skipped: processes are known on Linux only"))
    func whoWorksIsNoted() throws {
        let (dead, other) = try workers()
        let clock = Clock()
        let study = MemoryStudy(clock: { clock.now })
        let configuration = try smallSearch()
        try study.begin(configuration)
        let ownership = Ownership(other)
        try study.own(ownership, for: 10, isDead: Self.alive)
        let connectivity = Connectivity.dense(configuration.architecture)
        let cost = try Network(configuration.architecture).cost
        let proposals = (0..<2).map {
            Proposal(
                update: 1, position: $0, connectivity: connectivity, macs: cost.macs, parameters: cost.parameters,
                connections: cost.connections, seed: 1)
        }
        _ = try study.add(proposals, by: ownership)
        for (worker, token) in [(other, "a"), (dead, "b")] {
            #expect(study.claim(worker, token: token, for: 10) != nil)
        }
        let left = "trial 2 was left by \(dead), which has ended; the next search takes it"
        func notes() throws -> [String] { try StudyHistory(study).findings(study).notes }
        // A lease that ends just now has not run out.
        for _ in 0..<2 {
            #expect(
                try notes() == ["trial 1 is being evaluated by \(other)", left, "\(other) is searching"])
            clock.set(1010)
        }
        clock.set(1010.5)
        #expect(
            try notes() == [
                "trial 1 is held by \(other), which is silent; the next search takes it", left,
                "the search of \(other) ended without a word; continue it with --resume",
            ])
        // The search is dead, however long its lease runs.
        study.disown(ownership)
        try study.own(Ownership(dead), for: 1000, isDead: Self.alive)
        #expect(
            try notes().last == "the search of \(dead) ended without a word; continue it with --resume")
    }

    /// A price on parameters is taken by their share, and images are everybody's.
    @Test func pricesAndImages() throws {
        var configuration = try smallSearch()
        configuration.price = Price(.parameters, weight: 0.5)
        configuration.imagesBefore = 40
        let cost = try Network(configuration.architecture).cost
        var trial = Trial(
            number: 1,
            proposal: Proposal(
                update: 1, position: 0, connectivity: .dense(configuration.architecture), macs: 1,
                parameters: cost.parameters / 4, connections: 1, seed: 1))
        trial.state = .complete
        trial.curve = [CurvePoint(length: 1, images: 100, accuracy: 0.75, loss: 1, seconds: 1, worker: "w")]
        let rule = RewardRule(configuration)
        let price = 0.5 * Double(cost.parameters / 4) / Double(cost.parameters)
        #expect(rule.price(of: trial.proposal) == price && abs(price - 0.125) < 0.01)
        #expect(rule.reward(of: trial) == 0.75 - price)
        var first = UpdateRecord(update: 1, trials: [1], rewards: [0.5])
        first.images = 30
        let second = UpdateRecord(update: 2, trials: [], rewards: [])
        #expect(StudyHistory(configuration, [trial, trial], [first, second]).images == 40 + 200 + 30)
        configuration.imagesBefore = nil
        #expect(StudyHistory(configuration, [trial], [second]).images == 100)
        // What was learned from is what was recorded.
        let child = StudyHistory(configuration, [trial], [first]).children[0]
        #expect(child.reward == 0.5 && child.accuracy == 0.75 && child.price == price)
    }
}
