import DenseNetArchitecture
import Foundation
import Runs
import Studies
import TestSupport
import Testing

@testable import ConnectivitySearch
@testable import Strategies

/// Proposes one child again and again, and believes in another, which changes when that is learned.
final class Stubborn: Strategy {
    static let name = "tests-stubborn"
    static let help = "one child, again and again"
    private let space: SearchSpace
    private var learned = 0

    init(_ context: StrategyContext) { space = context.space }

    /// All but the n-th free connection.
    static func kept(_ n: Int, _ space: SearchSpace) -> Connectivity {
        let pruned = space.entries.indices.filter { space.entries[$0].isFree }[n]
        return space.connectivity(space.entries.indices.map { $0 != pruned })
    }

    func propose(_ count: Int) -> [Connectivity] { Array(repeating: Self.kept(0, space), count: count) }
    func mode() -> Connectivity? { Self.kept(1 + learned, space) }
    func learn(_ children: [(connectivity: Connectivity, reward: Double)]) {
        if children.contains(where: { $0.connectivity == Self.kept(1, space) }) { learned = 1 }
    }
    func state() throws -> Data { Data("\(learned)".utf8) }
    func restore(_ state: Data) throws { learned = Int(String(decoding: state, as: UTF8.self)) ?? 0 }
}

/// Proposes one child after the other, and believes in the one that comes next.
final class Sure: Strategy {
    static let name = "tests-sure"
    static let help = "one child after the other"
    private let space: SearchSpace
    private var next = 0

    init(_ context: StrategyContext) { space = context.space }

    func propose(_ count: Int) -> [Connectivity] {
        defer { next += count }
        return (next..<next + count).map { Stubborn.kept($0, space) }
    }
    func mode() -> Connectivity? { Stubborn.kept(next, space) }
    func learn(_ children: [(connectivity: Connectivity, reward: Double)]) {}
    func state() throws -> Data { Data("\(next)".utf8) }
    func restore(_ state: Data) throws { next = Int(String(decoding: state, as: UTF8.self)) ?? 0 }
}

/// Of the suite that registers strategies.
extension RegistryTests {
    /// Who only repeats itself has its mode evaluated before the search ends, once, whatever it comes to after that.
    @Test(arguments: [0, 2]) func theModeOfAnExhaustedSearch(top: Int) throws {
        try Self.registered.get()
        var configuration = try smallSearch(Stubborn.name, children: 40, blocks: [6, 5])
        (configuration.top, configuration.reevaluationSeeds) = (top, 1)
        let (study, evaluator) = (MemoryStudy(), FormulaEvaluator())
        // Stopped before its mode is finished, it goes on with it.
        evaluator.stopAt = top > 0 ? 2 : nil
        if top > 0 { #expect(throws: Interrupted.self) { try search(configuration, study, evaluator).run() } }
        evaluator.stopAt = nil
        let result = try search(configuration, study, evaluator).run()
        let (space, children) = (configuration.space, try StudyHistory(study).children.filter { $0.repeatOf == nil })
        let expected = [Stubborn.kept(0, space)] + (top > 0 ? [Stubborn.kept(1, space)] : [])
        #expect(result.exhausted && children.map(\.connectivity) == expected)
        let progress = try #require(study.strategy()).progress
        #expect(progress.mode == (top > 0 ? children[1].number : nil))
        let again = Set(study.trials(update: 0).compactMap(\.proposal.again))
        #expect(again == Set(top > 0 ? children.map(\.number) : []))
    }

    /// A child that was drawn alone, and happens to be the mode, is no bet after an interruption either: the strategy
    /// goes on with the draws it would have gone on with.
    @Test func aChildDrawnAloneIsNoBet() throws {
        try Self.registered.get()
        func run(stopAt: Int?) throws -> MemoryStudy {
            let (study, evaluator) = (MemoryStudy(), FormulaEvaluator())
            var configuration = try smallSearch(Sure.name, children: 6, blocks: [6, 5])
            (configuration.top, configuration.agent.childrenPerUpdate) = (1, 1)
            evaluator.stopAt = stopAt
            if stopAt != nil { #expect(throws: Interrupted.self) { try search(configuration, study, evaluator).run() } }
            evaluator.stopAt = nil
            let result = try search(configuration, study, evaluator).run()
            #expect(result.children == 6 && result.repeats == 0)
            return study
        }
        let expected = try digest(run(stopAt: nil))
        for stopAt in 1...6 { #expect(try digest(run(stopAt: stopAt)) == expected, "\(stopAt)") }
    }
}
