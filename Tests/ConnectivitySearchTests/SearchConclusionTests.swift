import DenseNetArchitecture
import Evaluation
import Runs
import Studies
import TestSupport
import Testing

@testable import ConnectivitySearch
@testable import Strategies

/// Which child a search ends with, and what it says of it.
@Suite(.serialized, .oneThread) struct SearchConclusionTests {
    /// An accuracy by what is evaluated and for how long.
    private struct ByLength: Evaluator {
        let accuracy: (Connectivity, Double) -> Double
        func evaluate(_ connectivity: Connectivity, seed: UInt64, length: Double) -> ChildEvaluation {
            ChildEvaluation(accuracy: accuracy(connectivity, length), loss: 1, images: 10)
        }
    }

    private func conclude(
        _ configuration: SearchConfiguration, _ study: MemoryStudy,
        by accuracy: @escaping (Connectivity, Double) -> Double
    ) throws -> SearchResult {
        try study.begin(configuration)
        let worker = Worker(configuration, study, ByLength(accuracy: accuracy))
        return try Search(configuration, study, OwnProcess(worker)).run()
    }

    private func paid(_ study: MemoryStudy) throws -> [Child] {
        try StudyHistory(study).children.filter { $0.repeatOf == nil }
    }

    @Test func aResultAddsUp() throws {
        let study = MemoryStudy()
        let configuration = try smallSearch(children: 20)
        let result = try search(configuration, study).run()
        let history = try StudyHistory(study)
        let own = history.reevaluations.filter { $0.child == result.child }.map(\.accuracy)
        #expect(own.count == 2 && abs(result.accuracy - (own[0] + own[1]) / 2) < 1e-12)
        let child = try #require(history.children.first { $0.number == result.child })
        #expect(child.connectivity == result.connectivity && child.macs == result.macs)
        #expect(child.parameters == result.parameters && child.connections == result.connections)
        let dense = try Network(configuration.architecture).cost.macs
        #expect(abs(result.macsShare - Double(child.macs) / Double(dense)) < 1e-12 && result.macsShare <= 1)
        #expect(result.children == 20 && result.repeats == history.children.count - 20)
        #expect(abs(result.seconds - history.trials.map(\.seconds).reduce(0, +)) < 1e-9)
        // The best three and, where it is none of them, the mode, with two seeds each.
        let again = Set(study.trials(update: 0).compactMap(\.proposal.again)).count
        #expect(again == 3 || again == 4)
        #expect(result.images == history.images && result.images == 20 * 100 + again * 2 * 200)
        #expect(result.strategy == "ads" && result.latency == nil && !result.exhausted)
        // No other of the three is better.
        for (_, others) in Dictionary(grouping: history.reevaluations, by: \.child) {
            #expect(others.reduce(0) { $0 + $1.accuracy } / Double(others.count) <= result.accuracy + 1e-12)
        }
    }

    /// Where all are equally good the cheapest is best, and of those the earliest; a price changes nothing in that.
    @Test(arguments: [nil, 0.05]) func ofEqualsTheCheapest(price: Double?) throws {
        let study = MemoryStudy()
        var configuration = try smallSearch("random", children: 12)
        configuration.price = price.map { Price(.macs, weight: $0) }
        configuration.top = 10
        let result = try conclude(configuration, study) { _, _ in 0.5 }
        let best = try #require(try paid(study).min { ($0.macs, $0.number) < ($1.macs, $1.number) })
        #expect(result.child == best.number && abs(result.accuracy - 0.5) < 1e-12)
    }

    /// One that was the best of an earlier end, and is not among the first ones any more, is not forgotten.
    @Test func anEarlierEndIsRemembered() throws {
        let study = MemoryStudy()
        var configuration = try smallSearch("random", children: 6)
        configuration.top = 2
        func first(_ connectivity: Connectivity, _ known: Set<Connectivity>) -> Double {
            (known.contains(connectivity) ? 0.3 : 0.6)
                + 0.001 * Double(connectivity.key.utf8.reduce(7) { ($0 * 31 + Int($1)) % 37 })
        }
        var known: Set<Connectivity> = []
        let before = try conclude(configuration, study) { $1 == 1 ? first($0, []) - 0.3 : 0.9 }
        known = Set(try paid(study).map(\.connectivity))
        // What comes later has better first evaluations, and worse long ones.
        configuration.children = 14
        let worker = Worker(
            configuration, study,
            ByLength { $1 == 1 ? first($0, known) : known.contains($0) ? 0.9 : 0.5 })
        let after = try Search(configuration, study, OwnProcess(worker)).run()
        #expect(after.children == 14 && after.child == before.child && abs(after.accuracy - 0.9) < 1e-12)
        #expect(try StudyHistory(study).best().number == after.child)
    }

    /// Of those that are evaluated again only the longer evaluations count.
    @Test func theShortEvaluationsChooseTheLongOnesDecide() throws {
        let study = MemoryStudy()
        var configuration = try smallSearch("random", children: 12)
        configuration.top = 5
        func first(_ connectivity: Connectivity) -> Double {
            0.3 + 0.01 * Double(connectivity.key.utf8.reduce(7) { ($0 * 31 + Int($1)) % 37 })
        }
        let result = try conclude(configuration, study) { $1 == 1 ? first($0) : 1 - first($0) }
        let top = Search.ranked(try paid(study)).prefix(5)
        let last = try #require(top.map(\.accuracy).min())
        #expect(abs(result.accuracy - (1 - last)) < 1e-12)
        #expect(top.contains { $0.number == result.child && $0.accuracy == last })
    }

    /// The last child is the strategy's mode, and it is evaluated again however it did.
    @Test func theModeIsTheLastChildAndEvaluatedAgain() throws {
        let study = MemoryStudy()
        var configuration = try smallSearch(children: 12, blocks: [6, 5])
        (configuration.top, configuration.reevaluationSeeds) = (2, 1)
        let result = try conclude(configuration, study) { child, length in
            length == 1 ? 0.5 + 0.001 * Double(child.key.utf8.count { $0 == UInt8(ascii: "1") }) : 0.6
        }
        let children = try paid(study)
        #expect(children.count == 12 && result.children == 12)
        let last = try #require(children.max { $0.number < $1.number })
        let progress = try #require(study.strategy()).progress
        #expect(progress.mode == last.number)
        #expect(children.filter { $0.update == last.update }.count == 1)
        let strategy = try AdsStrategy(configuration.context(dense: nil))
        try strategy.restore(#require(study.strategy()).state)
        #expect(try strategy.mode() == last.connectivity)
        let again = Set(study.trials(update: 0).compactMap(\.proposal.again))
        let best = Search.ranked(children).prefix(2).map(\.number)
        #expect(again == Set(best + [last.number]))
        // Without longer evaluations there are no bets.
        let other = MemoryStudy()
        configuration.top = 0
        _ = try search(configuration, other).run()
        #expect(try #require(other.strategy()).progress.mode == nil)
    }

    /// An update that was recorded goes on as it was, whatever --resume changes: more children, or no bets.
    @Test(arguments: [8, 11, 12], [30, 12]) func whatWasRecordedGoesOn(stopAt: Int, children: Int) throws {
        let study = MemoryStudy()
        var configuration = try smallSearch(children: 12, blocks: [6, 5])
        let evaluator = FormulaEvaluator()
        evaluator.stopAt = stopAt
        #expect(throws: Interrupted.self) { try search(configuration, study, evaluator).run() }
        configuration.children = children
        if children == 12 { configuration.top = 0 }
        let result = try search(configuration, study).run()
        #expect(result.children == children)
        let again = Set(study.trials(update: 0).compactMap(\.proposal.again))
        #expect(children == 12 ? again.isEmpty : again.count >= 3, "\(again)")
    }

    /// A mode is one no longer once more is learned: what is evaluated again is what the agent has come to at the end.
    @Test func aContinuedSearchHasAnotherMode() throws {
        let study = MemoryStudy()
        var configuration = try smallSearch(children: 12, blocks: [6, 5])
        (configuration.top, configuration.reevaluationSeeds) = (1, 1)
        _ = try search(configuration, study).run()
        let first = try #require(study.strategy()?.progress.mode)
        var bets = [first]
        for children in [13, 17, 18, 30, 31, 33, 40] {
            configuration.children = children
            _ = try search(configuration, study).run()
            let modes = study.trials(update: nil).filter { $0.proposal.isMode == true }.map(\.number)
            let last = try #require(try paid(study).map(\.number).max())
            #expect(study.strategy()?.progress.mode == (modes.last == last ? last : nil))
            bets.append(modes.last == last ? last : 0)
        }
        // Of these some ended with a bet, and some with a mode that was known.
        #expect(Set(bets).count > 2 && bets.contains(0), "\(bets)")
    }

    /// An update that was begun is finished and learned from, whatever little is asked for after an interruption.
    @Test func aSmallerBudgetFinishesTheUpdate() throws {
        let (study, evaluator) = (MemoryStudy(), FormulaEvaluator())
        var configuration = try smallSearch("random", children: 30, blocks: [6, 5])
        (configuration.top, configuration.reevaluationSeeds) = (2, 1)
        evaluator.stopAt = 8
        #expect(throws: Interrupted.self) { try search(configuration, study, evaluator).run() }
        evaluator.stopAt = nil
        configuration.children = 5
        let result = try search(configuration, study, evaluator).run()
        #expect(result.children == 10 && result.repeats == 0)
        #expect(study.updates().map(\.trials.count) == [5, 5])
    }

    /// What an update's children were drawn with is part of a study, also where an update teaches nothing.
    @Test func anUpdateThatTeachesNothingIsTheSameAfterAnInterruption() throws {
        func run(stopAt: Int?) throws -> MemoryStudy {
            let (study, evaluator) = (MemoryStudy(), FormulaEvaluator())
            let configuration = try smallSearch(children: 20, blocks: [6, 5])
            // All of the third update fail.
            evaluator.failFor = { _ in (11...15).contains(evaluator.evaluations) }
            evaluator.stopAt = stopAt
            if stopAt != nil { #expect(throws: Interrupted.self) { try search(configuration, study, evaluator).run() } }
            evaluator.stopAt = nil
            if let stopAt { evaluator.evaluations = stopAt - 1 }
            _ = try search(configuration, study, evaluator).run()
            return study
        }
        let whole = try run(stopAt: nil)
        let record = try #require(whole.updates().dropFirst(2).first)
        #expect(record.rewards.allSatisfy { $0 == nil } && record.probabilities == whole.updates()[1].probabilities)
        #expect(try digest(run(stopAt: 11)) == digest(whole))
    }

    /// With halving the mode may be pruned, and is evaluated again all the same.
    @Test func aPrunedModeIsEvaluatedAgain() throws {
        let study = MemoryStudy()
        var configuration = try smallSearch(children: 12, blocks: [6, 5])
        (configuration.top, configuration.reevaluationSeeds, configuration.evaluator.halving) = (1, 1, 5)
        _ = try search(configuration, study).run()
        let mode = try #require(study.strategy()?.progress.mode)
        let again = Set(study.trials(update: 0).compactMap(\.proposal.again))
        #expect(again.contains(mode) && again.count <= 2)
        let best = try #require(Search.ranked(try paid(study)).first)
        #expect(again == [best.number, mode])
    }

    /// A finished search that goes on with more of the best and more seeds evaluates what is missing, and no more.
    @Test func longerEvaluationsAreNotRepeated() throws {
        let study = MemoryStudy()
        var configuration = try smallSearch("random", children: 12)
        (configuration.top, configuration.reevaluationSeeds) = (2, 1)
        _ = try search(configuration, study).run()
        #expect(study.trials(update: 0).map(\.proposal.position) == [0, 1])
        (configuration.top, configuration.reevaluationSeeds) = (4, 2)
        _ = try search(configuration, study).run()
        let again = study.trials(update: 0)
        #expect(again.map(\.proposal.position) == Array(0..<8) && again.allSatisfy { $0.state == .complete })
        let seeds = Dictionary(grouping: again) { $0.proposal.again ?? 0 }.mapValues { $0.map(\.proposal.seed) }
        let best = Search.ranked(try paid(study)).prefix(4).map(\.number)
        #expect(Set(seeds.keys) == Set(best))
        for (child, own) in seeds { #expect(own.count == 2 && Set(own).count == 2, "child \(child)") }
        #expect(Set(seeds.values.joined()).count == 2, "all with the same two seeds")
        // Once more finds nothing to do.
        let evaluator = FormulaEvaluator()
        _ = try search(configuration, study, evaluator).run()
        #expect(evaluator.evaluations == 0 && study.trials(update: 0) == again)
    }
}
