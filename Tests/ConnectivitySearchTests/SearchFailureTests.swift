import DenseNetArchitecture
import Files
import Foundation
import Runs
import Studies
import StudySQLite
import TestSupport
import Testing
import Torch
import Training

@testable import ConnectivitySearch
@testable import Evaluation
@testable import Strategies

/// What fails, whose failure it is, and what a search makes of it.
@Suite(.serialized, .oneThread) struct SearchFailureTests {
    /// What libtorch says when there is no memory.
    private static func outOfMemory() -> any Error {
        do {
            _ = try Tensor.zeros([1 << 20, 1 << 20, 1 << 10])
            return SearchError("a petabyte was allocated")
        } catch {
            return error
        }
    }

    private func observed(_ search: Search) -> (Search, () -> [String]) {
        final class Notes { var lines: [String] = [] }
        let notes = Notes()
        var search = search
        search.observer = { if case .note(let text) = $0 { notes.lines.append(text) } }
        return (search, { notes.lines })
    }

    // MARK: The machine's failures

    @Test func theMachinesFailureGoesBackAndChangesNothing() throws {
        let whole = MemoryStudy()
        let configuration = try smallSearch(children: 12)
        _ = try search(configuration, whole).run()
        let evaluator = FormulaEvaluator()
        // Two of one child in a row, one of another, one of a longer evaluation.
        evaluator.breakFor = { [3, 4, 9, 17].contains($0) ? FileError("no file weights.safetensors") : nil }
        let study = MemoryStudy()
        let (search, all) = observed(try search(configuration, study, evaluator))
        _ = try search.run()
        #expect(try digest(study) == digest(whole))
        #expect(study.trials(update: nil).map(\.machineFailures).filter { $0 > 0 } == [2, 1, 1])
        let notes = all().filter { !$0.hasPrefix("the best children are evaluated again: ") }
        #expect(
            all().count == 5 && notes.count == 4
                && notes[0]
                    == "the machine failed at child 3, which waits for another try: no file weights.safetensors"
        )
    }

    @Test(arguments: [1, 4, 14]) func afterThreeInARowTheSearchStopsAndKeepsEverything(first: Int) throws {
        let error = Self.outOfMemory()
        #expect(error is TorchError)
        let configuration = try smallSearch(children: 12)
        let (study, whole) = (MemoryStudy(), MemoryStudy())
        let evaluator = FormulaEvaluator()
        evaluator.breakFor = { $0 >= first ? error : nil }
        let stopped = #expect(throws: SearchError.self) { try search(configuration, study, evaluator).run() }
        let sentence = stopped?.description ?? ""
        #expect(!sentence.contains("\n") && evaluator.evaluations == first + 2)
        let trials = study.trials(update: nil)
        // Repeats have numbers, and no evaluations of their own.
        let evaluated = trials.filter { $0.state == .complete && $0.proposal.repeatOf == nil }
        let next = try #require(trials.first { $0.state == .waiting && !$0.isHeld }).number
        #expect(trials.allSatisfy { $0.state == .complete || $0.state == .waiting } && evaluated.count == first - 1)
        #expect(
            sentence.hasPrefix("the machine failed 3 times in a row, the last time at child \(next): ")
                && sentence.hasSuffix("continue with --resume"))
        #expect(study.owner()?.owner == nil)
        _ = try search(configuration, study).run()
        _ = try search(configuration, whole).run()
        #expect(try digest(study) == digest(whole))
    }

    @Test func failuresInARow() {
        func trial(_ number: Int, _ failures: Int, _ points: Int = 0, failed: Bool = false) -> Trial {
            var trial = Trial(
                number: number,
                proposal: Proposal(
                    update: 1, position: number, connectivity: .init(blocks: []), macs: 1, parameters: 1,
                    connections: 1, seed: 1))
            (trial.machineFailures, trial.machineFailure, trial.state) = (
                failures, "no memory", failed ? .failed : .waiting
            )
            trial.curve = .init(
                repeating: .init(length: 1, images: 1, accuracy: 1, loss: 1, seconds: 1, worker: ""), count: points)
            return trial
        }
        var failures = MachineFailures()
        // What was there before is no news.
        #expect(failures.look(at: [trial(1, 2), trial(2, 0)]).isEmpty && failures.inARow == 0)
        #expect(failures.look(at: [trial(1, 2), trial(2, 1)]).map(\.trial) == [2] && failures.inARow == 1)
        #expect(failures.look(at: [trial(1, 3), trial(2, 1)]).map(\.trial) == [1] && failures.inARow == 2)
        #expect(failures.look(at: [trial(1, 3), trial(2, 1)]).isEmpty && failures.inARow == 2)
        // One that was evaluated, or diverged, begins the count anew.
        #expect(failures.look(at: [trial(1, 3, 1), trial(2, 2)]).map(\.trial) == [2] && failures.inARow == 0)
        #expect(failures.look(at: [trial(1, 3, 1), trial(2, 4)]).count == 1 && failures.inARow == 2)
        #expect(failures.look(at: [trial(1, 3, 1), trial(2, 4, failed: true)]).isEmpty && failures.inARow == 0)
        #expect(failures.look(at: [trial(1, 4, 1), trial(2, 4, failed: true)]).count == 1 && failures.inARow == 1)
    }

    // MARK: The child's own

    @Test func aChildThatDivergesIsNoLesson() throws {
        let study = MemoryStudy()
        let evaluator = FormulaEvaluator()
        var count = 0
        evaluator.failFor = { _ in
            count += 1
            return count == 2 || (6...10).contains(count)
        }
        var configuration = try smallSearch("evolution", children: 10)
        configuration.agent.childrenPerUpdate = 5
        _ = try search(configuration, study, evaluator).run()
        let history = try StudyHistory(study)
        let failed = history.children.filter { $0.state == .failed }
        #expect(failed.count == 6 && failed.allSatisfy { $0.failure == "made to diverge" && $0.accuracy == 0.1 })
        let (first, second) = (history.updates[0], history.updates[1])
        #expect(
            first.rewards.map { $0 == nil } == [false, true, false, false, false]
                && second.rewards.allSatisfy { $0 == nil })
        #expect(first.meanReward > 0.5 && second.meanReward == 0)
        // The population is the four that are worth something, and an update without any changes nothing.
        let shares = try #require(first.probabilities)
        #expect(shares.allSatisfy { ($0 * 4).rounded() == $0 * 4 } && shares.contains { ($0 * 5).rounded() != $0 * 5 })
        #expect(second.probabilities == shares)
    }

    @Test(arguments: [(Double.nan, 0.5), (.infinity, 0.5), (1, .nan)]) func numbersThatAreNoneAreTheChildsFailure(
        loss: Double, accuracy: Double
    ) throws {
        struct Undefined: Evaluator {
            let loss: Double
            let accuracy: Double
            func evaluate(_: Connectivity, seed: UInt64, length: Double) -> ChildEvaluation {
                ChildEvaluation(accuracy: accuracy, loss: loss, images: 1)
            }
        }
        let (study, configuration) = (MemoryStudy(), try smallSearch(children: 2))
        try study.begin(configuration)
        let evaluator = Undefined(loss: loss, accuracy: accuracy)
        let error = #expect(throws: SearchError.self) {
            try Search(configuration, study, OwnProcess(Worker(configuration, study, evaluator))).run()
        }
        #expect(
            error?.description
                == "every child failed; the first because the child's validated loss is \(loss), its accuracy \(accuracy)"
        )
        #expect(study.trials(update: nil).allSatisfy { $0.state == .failed && $0.machineFailures == 0 })
    }

    /// Two different children in all, one of which diverges at first: it is tried again, not looked up, stopped
    /// anywhere or not.
    @Test func whatFailedIsTriedAgain() throws {
        var configuration = try smallSearch("random", children: 3, blocks: [2])
        configuration.agent.childrenPerUpdate = 1
        func run(_ study: MemoryStudy, stopAt: Int? = nil) throws {
            let evaluator = FormulaEvaluator()
            let evaluated = study.trials(update: nil).filter { $0.state.isFinished && $0.proposal.repeatOf == nil }
                .count
            var count = evaluated
            evaluator.stopAt = stopAt
            evaluator.failFor = { _ in
                count += 1
                return count <= 2
            }
            _ = try search(configuration, study, evaluator).run()
        }
        let whole = MemoryStudy()
        try run(whole)
        let paid = whole.trials(update: nil).filter { $0.proposal.repeatOf == nil && $0.proposal.again == nil }
        #expect(paid.map(\.state) == [.failed, .failed, .complete])
        #expect(Set(paid.map(\.proposal.connectivity)).count == 2)
        // A repeat shares the result of one that has one.
        for trial in whole.trials(update: nil) {
            guard let original = trial.proposal.repeatOf else { continue }
            #expect(trial.state == .complete && whole.trials(update: nil)[original - 1].state == .complete)
        }
        for stopAt in 1...4 {
            let study = MemoryStudy()
            #expect(throws: Interrupted.self) { try run(study, stopAt: stopAt) }
            try run(study)
            #expect(try digest(study) == digest(whole), "stopped at \(stopAt)")
        }
    }

    // MARK: Lost workers

    /// Workers that vanish with what they claim: a process that has ended holds the lease.
    private final class Vanishing: Workforce {
        let count = 1
        let storage: any StudyStorage
        let gone: WorkerIdentity
        init(_ storage: any StudyStorage) throws {
            self.storage = storage
            gone = try endedWorker()
        }
        func work() throws { _ = try storage.claim(gone, token: Claim.newToken(), for: 1e6) }
        func end() {}
    }

    /// Five may be lost where nothing else is said.
    @Test(arguments: [nil, 0, 2]) func afterTooManyLossesTheSearchStops(allowed: Int?) throws {
        var configuration = try smallSearch(children: 5)
        configuration.maxLost = allowed
        let most = allowed ?? 5
        let study = MemoryStudy()
        try study.begin(configuration)
        let workforce = try Vanishing(study)
        let (search, notes) = observed(try Search(configuration, study, workforce))
        let error = #expect(throws: SearchError.self) { try search.run() }
        // The last five are known by name.
        let names = Array(repeating: "process \(workforce.gone.process) on node3", count: min(5, most + 1)).joined(
            separator: ", ")
        let times = most == 0 ? "1 time" : "\(most + 1) times"
        #expect(
            error?.description
                == "child 1 was lost with its worker \(times) (the last: \(names)), which --max-lost \(most) does not allow; look why they end, for instance for want of memory; finished children are kept, continue with --resume"
        )
        #expect(
            notes()
                == Array(
                    repeating:
                        "process \(workforce.gone.process) on node3 vanished with child 1; the child waits for another",
                    count: most))
        #expect(
            study.trials(update: nil).allSatisfy { $0.state == .waiting }
                && study.trials(update: nil)[0].lost == most + 1)
        // Nothing was taught, and it goes on.
        #expect(study.strategy()?.state == nil)
        let whole = MemoryStudy()
        _ = try ConnectivitySearchTests.search(configuration, study).run()
        _ = try ConnectivitySearchTests.search(configuration, whole).run()
        #expect(try digest(study) == digest(whole))
    }

    // MARK: Lost ownership

    /// Another search takes the study over while children are evaluated, after so many looks.
    private final class TakenOver: Workforce {
        let count = 1
        let own: OwnProcess
        let storage: any StudyStorage
        let after: Int
        let thief = Ownership(WorkerIdentity(host: "node2", process: 9, started: 1))
        private var looks = 0
        init(_ own: OwnProcess, _ storage: any StudyStorage, after: Int) {
            (self.own, self.storage, self.after) = (own, storage, after)
        }
        func work() throws {
            looks += 1
            if looks == after { try storage.own(thief, for: 1e6, isDead: { _ in true }) }
            try own.work()
        }
        func end() { own.end() }
    }

    @Test(arguments: [1, 3, 5, 8, 13, 14], [true, false]) func aSearchThatWasTakenOverEndsWithOneSentence(
        after: Int, inMemory: Bool
    ) throws {
        let folder = TemporaryFolder()
        let study: any StudyStorage = inMemory ? MemoryStudy() : try SQLiteStudy(path: folder("s"))
        // So many connectivities that none is a repeat, which would have no look of its own.
        var configuration = try smallSearch(children: 10, blocks: [6, 5])
        configuration.top = 2
        try study.begin(configuration)
        let workforce = TakenOver(OwnProcess(Worker(configuration, study, FormulaEvaluator())), study, after: after)
        let error = #expect(throws: StudyError.self) { try Search(configuration, study, workforce).run() }
        #expect(error == .ownershipLost(study: study.name, owner: workforce.thief.owner))
        #expect(
            error?.description.contains("was taken over by process 9 on node2 while this search was silent") == true)
        // What its worker had in hand was a trial of the study; nothing else came of it, and the thief still owns.
        #expect(try study.trials(update: nil).reduce(0) { $0 + $1.curve.count } == after)
        // Updates of 5 and 4 children, and of the agent's mode.
        let updates = [5, 9, 10].count { $0 < after }
        #expect(try study.updates().count == updates && study.owner()?.owner == workforce.thief.owner)
        try study.disown(workforce.thief)
        _ = try search(configuration, study).run()
        let whole = MemoryStudy()
        _ = try search(configuration, whole).run()
        #expect(try digest(study) == digest(whole))
    }

    /// Silence is judged only after the storage was reached for a whole lease.
    @Test func silenceIsNotJudgedAtOnce() throws {
        let study = MemoryStudy()
        let ownership = Ownership()
        try study.own(ownership, for: 10, isDead: { _ in false })
        let heartbeat = Heartbeat(study, lease: 1)
        #expect(!heartbeat.mayJudgeSilence)
        let began = ContinuousClock.now
        heartbeat.start(ownership)
        #expect(!heartbeat.mayJudgeSilence)
        while !heartbeat.mayJudgeSilence, began.duration(to: .now).seconds < 20 { Thread.sleep(forTimeInterval: 0.01) }
        #expect((1..<20).contains(began.duration(to: .now).seconds))
        heartbeat.end()
        // A heart that does not beat knows nothing of others.
        Thread.sleep(forTimeInterval: 0.8)
        #expect(!heartbeat.mayJudgeSilence)
    }
}
