import DenseNetArchitecture
import DenseNetModel
import Files
import Foundation
import ImageData
import Randomness
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

/// Rewards by a formula, and stops on command.
final class FormulaEvaluator: Evaluator {
    var evaluations = 0
    var stopAt: Int?
    /// Children that diverge.
    var failFor: ((Connectivity) -> Bool)?
    /// Evaluations, counted from 1, at which the machine fails.
    var breakFor: ((Int) -> (any Error)?)?

    func evaluate(_ connectivity: Connectivity, seed: UInt64, length: Double) throws -> ChildEvaluation {
        evaluations += 1
        if evaluations == stopAt { throw Interrupted(description: "stopped") }
        if failFor?(connectivity) == true { throw ChildDiverged("made to diverge") }
        if let error = breakFor?(evaluations) { throw error }
        var random = SeededGenerator(
            seed: UInt64(truncatingIfNeeded: connectivity.key.utf8.reduce(7) { $0 &* 31 &+ Int($1) }))
        return ChildEvaluation(
            accuracy: 0.5 + 0.2 * random.uniform() + 0.001 * Double(seed % 7) + 0.01 * length, loss: 1,
            images: Int(100 * length))
    }
}

/// A small search.
func smallSearch(_ strategy: String = "ads", children: Int = 23, blocks: [Int] = [4, 3]) throws -> SearchConfiguration {
    let a = try Architecture(
        blocks: blocks, growthRate: 4, bottleneck: false, compression: 1, stem: .init(.cifar, channels: 4), imageSize: 8
    )
    let data = DataSet(
        name: "tiny", train: ImageSet(pixels: [0, 0, 0], labels: [0], channels: 3, size: 1),
        test: ImageSet(pixels: [0, 0, 0], labels: [0], channels: 3, size: 1), classNames: ["a", "b"])
    return SearchConfiguration(
        strategy: strategy, architecture: a, data: DataIdentity(data, folder: nil), seed: 9, children: children,
        evaluator: EvaluatorSettings(.scratch), machine: .current(device: .cpu, kernels: .automatic))
}

/// A search by a formula.
func search(
    _ configuration: SearchConfiguration, _ study: any StudyStorage, _ evaluator: FormulaEvaluator = .init()
) throws -> Search {
    try study.begin(configuration)
    return try Search(configuration, study, OwnProcess(Worker(configuration, study, evaluator)))
}

/// What a repetition of a study must give again.
func digest(_ study: any StudyStorage) throws -> String {
    try StudyHistory(study).digest(strategy: study.strategy()?.state)
}

extension StudyStorage {
    /// Stores a configuration, as the search that begins does.
    func begin(_ configuration: SearchConfiguration) throws {
        let ownership = Ownership()
        try own(ownership, for: 10, isDead: { _ in false })
        try store(configuration, by: ownership)
        try disown(ownership)
    }
}

@Suite(.serialized, .oneThread) struct SearchTests {
    @Test func inMemoryItIsTheSameSearch() throws {
        let folder = TemporaryFolder()
        var configuration = try smallSearch()
        configuration.evaluator.halving = 2.5
        let (onDisk, inMemory) = (try SQLiteStudy(path: folder("s")), MemoryStudy())
        let (one, two) = (try search(configuration, onDisk).run(), try search(configuration, inMemory).run())
        #expect(one.child == two.child && one.accuracy == two.accuracy)
        #expect(try digest(onDisk) == digest(inMemory))
    }

    @Test(arguments: ["ads", "random"], [nil, 2.5])
    func aSearchStoppedAnywhereEndsTheSame(strategy: String, halving: Double?) throws {
        let folder = TemporaryFolder()
        var configuration = try smallSearch(strategy)
        configuration.evaluator.halving = halving
        let whole = try SQLiteStudy(path: folder("whole"))
        let expected = try search(configuration, whole).run()
        for stopAt in [1, 2, 5, 6, 11, 23, 24, 27] {
            let path = folder("stopped-\(stopAt)")
            let evaluator = FormulaEvaluator()
            evaluator.stopAt = stopAt
            #expect(throws: Interrupted.self) { try search(configuration, SQLiteStudy(path: path), evaluator).run() }
            let study = try SQLiteStudy(path: path)
            let paid = try study.trials(update: nil).filter { $0.proposal.repeatOf == nil }
            #expect(paid.reduce(0) { $0 + $1.curve.count } == stopAt - 1, "what was evaluated is there")
            #expect(try study.owner()?.owner == nil)
            var result = try search(configuration, study).run()
            result.seconds = expected.seconds
            #expect(result == expected)
            #expect(try digest(study) == digest(whole))
        }
    }

    @Test func halvingEvaluatesTheBestLongerAndRewardsTheOthersFairly() throws {
        let folder = TemporaryFolder()
        var configuration = try smallSearch(children: 15)
        configuration.evaluator.halving = 2.5
        let study = try SQLiteStudy(path: folder("s"))
        _ = try search(configuration, study).run()
        let history = try StudyHistory(study)
        for update in 1...3 {
            let own = history.children.filter { $0.update == update && $0.repeatOf == nil }
            let (complete, pruned) = (own.filter { $0.state == .complete }, own.filter { $0.state == .pruned })
            #expect(
                complete.count == max(1, Int((Double(own.count) / 2.5).rounded()))
                    && complete.count + pruned.count == own.count)
            #expect(complete.allSatisfy { $0.images == 350 } && pruned.allSatisfy { $0.images == 100 })
            // All are rewarded by the evaluation that all have; the formula gives 0.015 more for the greater length.
            for child in pruned { #expect(child.reward == child.accuracy) }
            for child in complete { #expect(abs(child.reward - child.accuracy + 0.015) < 1e-12) }
            let (worst, best) = (complete.map(\.reward).min() ?? 0, pruned.map(\.reward).max() ?? 0)
            #expect(worst >= best)
        }
        #expect(
            Set(history.reevaluations.map(\.child)).isSubset(
                of: Set(history.children.filter { $0.state == .complete }.map(\.number))))
    }

    /// Which children of an update go on is decided by what they are worth less the price, as all else is.
    @Test func halvingPays() throws {
        var configuration = try smallSearch("random", children: 15, blocks: [6, 5])
        (configuration.evaluator.halving, configuration.price) = (2.5, .init(.macs, weight: 1))
        let study = MemoryStudy()
        _ = try search(configuration, study).run()
        let children = try StudyHistory(study).children.filter { $0.repeatOf == nil }
        var dearer = 0
        for update in 1...3 {
            let own = children.filter { $0.update == update }
            let (complete, pruned) = (own.filter { $0.state == .complete }, own.filter { $0.state == .pruned })
            #expect(!complete.isEmpty && !pruned.isEmpty && complete.count + pruned.count == own.count)
            #expect(complete.map(\.reward).min() ?? 0 >= pruned.map(\.reward).max() ?? 1)
            // By accuracies alone others would go on.
            let accuracies = (complete + pruned).map { $0.reward + ($0.price ?? 0) }
            if accuracies.prefix(complete.count).min() ?? 0 < accuracies.dropFirst(complete.count).max() ?? 0 {
                dearer += 1
            }
        }
        #expect(dearer > 0)
    }

    /// The same options do not continue what an older version drew in another way.
    @Test func childrenDrawnInAnotherWayAreAnotherSearch() throws {
        let configuration = try smallSearch()
        var older = configuration
        older.sampler = nil
        #expect(configuration.difference(from: configuration) == nil)
        #expect(
            configuration.difference(from: older)
                == "how children are drawn is as older versions did there and sequential here")
    }

    @Test func repeatsCostNothingAndEndTheSearch() throws {
        let folder = TemporaryFolder()
        // One layer of one block has a single free connection: two different children in all.
        let configuration = try smallSearch(children: 50, blocks: [2])
        let evaluator = FormulaEvaluator()
        var notes: [String] = []
        var search = try search(configuration, SQLiteStudy(path: folder("s")), evaluator)
        search.observer = { if case .note(let text) = $0 { notes.append(text) } }
        let result = try search.run()
        #expect(result.children == 2 && result.repeats > 0 && result.exhausted)
        #expect(evaluator.evaluations == 2 + 2 * configuration.reevaluationSeeds)
        #expect(
            notes == [
                "the strategy only repeats itself; it explores more from here on",
                "the strategy only repeats itself; the search ends here",
                "the best children are evaluated again: \(2 * configuration.reevaluationSeeds) longer evaluations",
            ])
    }

    @Test func theBestIsTheBestWhenEvaluatedAgain() throws {
        let folder = TemporaryFolder()
        var configuration = try smallSearch(children: 12)
        configuration.price = .init(.macs, weight: 0.05)
        let study = try SQLiteStudy(path: folder("s"))
        let result = try search(configuration, study).run()
        let history = try StudyHistory(study)
        let again = history.reevaluations
        let mode = try #require(try study.strategy()).progress.mode
        #expect(Set(again.map(\.seed)).isDisjoint(with: [configuration.seed]))
        let ranked = Search.ranked(history.children.filter { $0.repeatOf == nil })
        let expected = Set(ranked.prefix(3).map(\.number) + [mode].compactMap { $0 })
        #expect(Set(again.map(\.child)) == expected && again.count == 2 * expected.count)
        #expect(again.contains { $0.child == result.child })
        for child in ranked { #expect(child.reward < child.accuracy && child.reward > child.accuracy - 0.0501) }
    }

    @Test func moreChildrenContinueAFinishedSearch() throws {
        let folder = TemporaryFolder()
        let study = try SQLiteStudy(path: folder("s"))
        _ = try search(try smallSearch(children: 10), study).run()
        let first = try StudyHistory(study).children
        _ = try search(try smallSearch(children: 20), study).run()
        let all = try StudyHistory(study).children
        #expect(Array(all.prefix(first.count)) == first && all.count { $0.repeatOf == nil } == 20)
        #expect(Set(all.map(\.number)).count == all.count)
    }

    /// Children see 100 images each; 40 before the first.
    @Test func aBudgetOfImagesEndsTheSearch() throws {
        let folder = TemporaryFolder()
        var configuration = try smallSearch("random", children: .max)
        (configuration.imageBudget, configuration.imagesBefore, configuration.top) = (1250, 40, 1)
        let whole = try SQLiteStudy(path: folder("whole"))
        let expected = try search(configuration, whole).run()
        #expect(expected.children == 12 && expected.images == 40 + 1200 + 2 * 200)
        for stopAt in [3, 11, 12] {
            let study = try SQLiteStudy(path: folder("stopped-\(stopAt)"))
            let evaluator = FormulaEvaluator()
            evaluator.stopAt = stopAt
            #expect(throws: Interrupted.self) { try search(configuration, study, evaluator).run() }
            _ = try search(configuration, study).run()
            #expect(try digest(study) == digest(whole))
        }
        configuration.children = 7
        #expect(try search(configuration, SQLiteStudy(path: folder("few"))).run().children == 7)
        configuration.imageBudget = 40
        #expect(throws: SearchError.self) { try configuration.validate() }
    }

    @Test func theBestNeedNotBeEvaluatedAgain() throws {
        let folder = TemporaryFolder()
        var configuration = try smallSearch(children: 8)
        configuration.top = 0
        let evaluator = FormulaEvaluator()
        let study = try SQLiteStudy(path: folder("s"))
        let result = try search(configuration, study, evaluator).run()
        #expect(evaluator.evaluations == 8)
        #expect(result.accuracy == (try StudyHistory(study).children.map(\.accuracy).max()))
    }

    @Test func aSecondSearchIsRefusedWithTheOwner() throws {
        let folder = TemporaryFolder()
        let study = try SQLiteStudy(path: folder("s"))
        // The process that started this one lives as long.
        let other = WorkerIdentity(host: WorkerIdentity.current.host, process: getppid(), started: 0)
        let (configuration, evaluator) = (try smallSearch(), FormulaEvaluator())
        let second = try Search(configuration, study, OwnProcess(Worker(configuration, study, evaluator)))
        try study.own(Ownership(other), for: 30, isDead: { $0.isDead })
        let error = #expect(throws: StudyError.self) { try second.run() }
        #expect(
            error?.description
                == "\(folder("s")) is being searched by process \(getppid()) on \(other.host); wait for it, stop it, or choose another folder"
        )
        #expect(try study.trials(update: nil).isEmpty)
    }
}
