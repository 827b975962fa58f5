import DenseNetArchitecture
import Foundation
import Runs
import Studies
import TestSupport
import Testing

@testable import ConnectivitySearch
@testable import Strategies

/// Several workers that end their trials in another order than they took them.
private final class Hasty: Workforce {
    let count = 4
    private let study: any StudyStorage
    private let configuration: SearchConfiguration
    private let evaluator = FormulaEvaluator()
    private var held: [Claim] = []
    /// Interrupts before so many reports.
    var left = Int.max
    private(set) var together = 0

    init(_ configuration: SearchConfiguration, _ study: any StudyStorage) {
        (self.configuration, self.study) = (configuration, study)
    }

    func work() throws {
        while held.count < count, let claim = try study.claim(.current, token: UUID().uuidString, for: 100) {
            held.append(claim)
        }
        together = max(together, held.count)
        guard left > 0 else { throw Interrupted(description: "stopped") }
        guard !held.isEmpty else { return }
        // Now the first that was taken ends, now the last.
        let claim = left % 2 == 0 ? held.removeFirst() : held.removeLast()
        left -= 1
        let (proposal, done) = (claim.trial.proposal, claim.trial.curve.count)
        let lengths = proposal.again == nil ? configuration.evaluator.lengths : [configuration.reevaluationLength]
        let found = try evaluator.evaluate(proposal.connectivity, seed: proposal.seed, length: lengths[done])
        let point = CurvePoint(
            length: lengths[done], images: found.images, accuracy: found.accuracy, loss: found.loss, seconds: 1,
            worker: "w")
        #expect(try study.report(claim, .evaluated(point, isLast: done + 1 == lengths.count)))
    }

    func end() {
        for claim in held { _ = try? study.report(claim, .returned) }
        held = []
    }
}

@Suite(.serialized, .oneThread) struct LagTests {
    private func configuration(_ strategy: String, lag: Int, children: Int = 23) throws -> SearchConfiguration {
        var configuration = try smallSearch(strategy, children: children, blocks: [6, 5])
        configuration.lag = lag == 0 ? nil : lag
        return configuration
    }

    /// One worker or several that overtake one another, interrupted or not: the same children, rewards and state.
    @Test(arguments: ["ads", "evolution", "surrogate", "random"], [1, 4])
    func neitherWorkersNorStopsMatter(strategy: String, lag: Int) throws {
        for halving in [nil, 2.5] {
            var own = try configuration(strategy, lag: lag)
            own.evaluator.halving = halving
            let alone: any StudyStorage = MemoryStudy()
            let expected = try search(own, alone).run()
            for stopAt in [Int.max, 0, 4, 7, 18, 24] {
                let study: any StudyStorage = MemoryStudy()
                try study.begin(own)
                let hasty = Hasty(own, study)
                hasty.left = stopAt
                if stopAt < .max {
                    #expect(throws: Interrupted.self) { try Search(own, study, hasty).run() }
                }
                let next = Hasty(own, study)
                var result = try Search(own, study, next).run()
                result.seconds = expected.seconds
                #expect(result == expected, "\(stopAt)")
                #expect(try digest(study) == digest(alone), "\(stopAt)")
                // More than one update is open, so that nobody waits for one's last child.
                if stopAt == .max { #expect(next.together == 4) }
            }
            let history = try StudyHistory(alone)
            #expect(history.children.count { $0.repeatOf == nil } == 23)
            #expect(history.updates.map(\.update) == Array(1...history.updates.count))
        }
    }

    /// Another lag is another search.
    @Test func aLagBelongsToTheStudy() throws {
        let digests = try [0, 1, 4].map { lag in
            let study: any StudyStorage = MemoryStudy()
            _ = try search(configuration("ads", lag: lag), study).run()
            return try digest(study)
        }
        #expect(Set(digests).count == 3)
        let (none, one) = (try configuration("ads", lag: 0), try configuration("ads", lag: 1))
        #expect(one.difference(from: none) == "--lag is 0 there and 1 here")
        var wrong = none
        wrong.lag = 1001
        #expect(throws: SearchError("a lag of 1001 updates; 0 to 1000 are possible")) { try wrong.validate() }
        wrong.lag = -1
        #expect(throws: SearchError.self) { try wrong.validate() }
        var steps = try configuration("magnitude", lag: 1)
        steps.dense = "x"
        #expect(
            throws: SearchError(
                "magnitude prunes step by step, and has nothing to propose ahead; leave --lag out")
        ) { try steps.validate() }
    }

    /// Update k is proposed after update k − 1 − L is learned from, and the mode when all is.
    @Test(arguments: [0, 1, 3]) func proposalsAndLessonsFollowOneOrder(lag: Int) throws {
        try RegistryTests.registered.get()
        Witness.log = []
        var own = try configuration(Witness.name, lag: lag, children: 21)
        (own.agent.childrenPerUpdate, own.top, own.reevaluationSeeds) = (3, 1, 1)
        _ = try search(own, MemoryStudy()).run()
        // Six updates of three, then two for the seventh: its third child is the mode's.
        var expected: [String] = []
        var proposed = 0
        for learned in 0..<7 {
            while proposed < 7, proposed - learned <= lag {
                expected.append("propose \(proposed == 6 ? 2 : 3)")
                proposed += 1
            }
            expected.append("learn")
        }
        // The mode's own update.
        expected.append("learn")
        #expect(Witness.log == expected)
    }

    /// A budget of images pays for what is promised, too.
    @Test func aBudgetOfImages() throws {
        for lag in [0, 1, 4] {
            var own = try configuration("random", lag: lag, children: .max)
            (own.imageBudget, own.top) = (2000, 0)
            let study: any StudyStorage = MemoryStudy()
            _ = try search(own, study).run()
            let paid = try study.trials(update: nil).count { $0.proposal.repeatOf == nil }
            // A child sees 100 images; before the first is learned from, nobody knows.
            #expect(paid == (lag == 4 ? 25 : 20), "\(lag)")
        }
    }

    /// What is proposed ahead and lost is said.
    @Test func aStudyWithoutItsTrials() throws {
        let own = try configuration("random", lag: 2)
        let study: any StudyStorage = MemoryStudy()
        try study.begin(own)
        let hasty = Hasty(own, study)
        hasty.left = 14
        #expect(throws: Interrupted.self) { try Search(own, study, hasty).run() }
        let (state, progress) = try #require(try study.strategy())
        let (trials, updates) = (try study.trials(update: nil), try study.updates())
        let proposed = try #require(progress.proposed)
        #expect(progress.update >= 1 && proposed > progress.update)
        for (said, recorded, isWhole) in [
            (proposed, proposed, true), (proposed, proposed - 1, false), (progress.update + 3, proposed + 1, false),
            (1 << 40, proposed, false),
        ] {
            let damaged: any StudyStorage = MemoryStudy()
            try damaged.begin(own)
            let ownership = Ownership()
            try damaged.own(ownership, for: 10, isDead: { _ in false })
            _ = try damaged.add(trials.map(\.proposal).filter { $0.update <= recorded }, by: ownership)
            for record in updates {
                var own = progress
                (own.update, own.proposed) = (record.update, said)
                try damaged.finish(record, state: state, own, by: ownership)
            }
            try damaged.disown(ownership)
            let next = Hasty(own, damaged)
            next.left = 0
            if isWhole {
                #expect(throws: Interrupted.self) { try Search(own, damaged, next).run() }
            } else {
                #expect(throws: SearchError.self) { try Search(own, damaged, next).run() }
            }
        }
    }

    // MARK: Weights

    @Test func weightsAreClippedRatios() {
        let weights = DrawnChildren.weights(then: [-3, -3, -2, -700], now: [-3, -4, -1, 0])
        #expect(weights == [1, exp(-1), 1, 1])
    }

    /// A draw is known by its children, whichever of them are learned from; those before it are past.
    @Test func drawsAreFoundAgain() throws {
        func children(_ first: Int) -> [[Bool]] { (0..<3).map { k in (0..<4).map { (first + k) >> $0 & 1 == 1 } } }
        var drawn = DrawnChildren()
        for first in [0, 3, 6] {
            drawn.add(
                children(first), logProbabilities: [0, 1, 2].map { -Double(first) - $0 }, probabilities: [0, 0, 0, 0])
        }
        try drawn.check(entries: 4)
        #expect(throws: SearchError.self) { try drawn.check(entries: 5) }
        // Of the second only its last and its first remained.
        #expect(drawn.take([children(3)[2], children(3)[0]])?.logProbabilities == [-5, -3])
        #expect(drawn.take(children(0)) == nil && drawn.take(children(3)) == nil)
        #expect(drawn.take([[true, true, true, true]]) == nil)
        #expect(drawn.take(children(6))?.logProbabilities == [-6, -7, -8])
    }

    /// Learned from at once, a child weighs one: the same step as without a lag, but for the last bits.
    @Test(arguments: [0, 4]) func withoutDelayItIsTheSameAgent(criticSteps: Int) throws {
        let space = SearchSpace(try smallSearch(blocks: [6, 5]).architecture)
        func played(_ lag: Int) throws -> AdsStrategy {
            var context = StrategyContext(space, seed: 3)
            (context.lag, context.settings.criticSteps) = (lag, criticSteps)
            let strategy = try AdsStrategy(context)
            for round in 0..<6 {
                let children = try strategy.propose(5)
                try strategy.learn(children.enumerated().map { ($1, Double(($0 * 7 + round) % 5)) })
            }
            return strategy
        }
        let (one, other) = (try played(0), try played(2))
        #expect(try one.propose(3) == other.propose(3))
        for (a, b) in zip(try #require(one.probabilities()), try #require(other.probabilities())) {
            #expect(abs(a - b) < 1e-4)
        }
    }
}

/// Proposes what chance does, and tells when.
final class Witness: Strategy {
    static let name = "tests-witness"
    static let help = "tells what it is asked"
    /// Unsafe: of one test alone, whose cases follow one another.
    nonisolated(unsafe) static var log: [String] = []
    private let random: RandomStrategy
    private let space: SearchSpace

    init(_ context: StrategyContext) throws {
        (random, space) = (try RandomStrategy(context), context.space)
    }

    func propose(_ count: Int) throws -> [Connectivity] {
        Self.log.append("propose \(count)")
        return try random.propose(count)
    }
    func mode() -> Connectivity? { Stubborn.kept(0, space) }
    func learn(_ children: [(connectivity: Connectivity, reward: Double)]) { Self.log.append("learn") }
    func state() throws -> Data { try random.state() }
    func restore(_ state: Data) throws { try random.restore(state) }
}
