import DenseNetArchitecture
import DenseNetModel
import Files
import Foundation
import ImageData
import Randomness
import TestSupport
import Testing
import Torch
import Training

@testable import ConnectivitySearch

/// Rewards by a formula, and dies on command.
private final class FormulaEvaluator: Evaluator {
    struct Killed: Error {}
    var evaluations = 0
    var dieAt: Int?
    var failFor: ((Connectivity) -> Bool)?

    func evaluate(_ connectivity: Connectivity, seed: UInt64, lengthen: Double) throws -> Evaluation {
        evaluations += 1
        if evaluations == dieAt { throw Killed() }
        if failFor?(connectivity) == true { throw SearchError("made to fail") }
        var random = SeededGenerator(seed: UInt64(truncatingIfNeeded: connectivity.key.utf8.reduce(7) { $0 &* 31 &+ Int($1) }))
        return Evaluation(accuracy: 0.5 + 0.2 * random.uniform() + 0.001 * Double(seed % 7), loss: 1, count: 1, confusion: [], imagesPerSecond: 1)
    }
}

@Suite(.serialized) struct SearchTests {
    private func configuration(_ strategy: String = "ads", children: Int = 23, blocks: [Int] = [4, 3]) throws -> SearchConfiguration {
        let a = try Architecture(
            blocks: blocks, growthRate: 4, bottleneck: false, compression: 1, stem: .init(.cifar, channels: 4), imageSize: 8)
        let data = DataSet(
            name: "tiny", train: ImageSet(pixels: [0, 0, 0], labels: [0], channels: 3, size: 1),
            test: ImageSet(pixels: [0, 0, 0], labels: [0], channels: 3, size: 1), classNames: ["a", "b"])
        return SearchConfiguration(
            strategy: strategy, architecture: a, data: DataIdentity(data, folder: nil), seed: 9, children: children,
            evaluator: EvaluatorSettings(.scratch), machine: .current(device: .cpu, kernels: .automatic))
    }

    /// Everything but the time it took.
    private func digest(_ study: Study) throws -> [String] {
        let children = try study.children().map { child in
            var c = child
            c.seconds = 0
            return String(decoding: try JSONEncoder.sorted.encode(c), as: UTF8.self)
        }
        let again = try study.reevaluations().map { "\($0.child) \($0.seed) \($0.accuracy)" }
        return children + again + [try study.strategy()?.state.base64EncodedString() ?? ""]
    }

    @Test(arguments: ["ads", "random"])
    func aSearchKilledAnywhereEndsTheSame(strategy: String) throws {
        let folder = TemporaryFolder()
        let configuration = try configuration(strategy)
        let whole = try Study(path: folder("whole"))
        let expected = try Search(configuration, study: whole, evaluator: FormulaEvaluator()).run()
        for dieAt in [1, 2, 5, 6, 11, 23, 24, 27] {
            let path = folder("killed-\(dieAt)")
            let evaluator = FormulaEvaluator()
            evaluator.dieAt = dieAt
            #expect(throws: FormulaEvaluator.Killed.self) {
                try Search(configuration, study: Study(path: path), evaluator: evaluator).run()
            }
            let study = try Study(path: path)
            #expect(try study.children().count { $0.repeatOf == nil } + study.reevaluations().count == dieAt - 1, "what was finished is there")
            var result = try Search(configuration, study: study, evaluator: FormulaEvaluator()).run()
            result.seconds = expected.seconds
            #expect(result == expected)
            #expect(try digest(study) == digest(whole))
        }
    }

    @Test func repeatsCostNothingAndEndTheSearch() throws {
        let folder = TemporaryFolder()
        // One layer of one block has a single free connection: two different children in all.
        let configuration = try configuration(children: 50, blocks: [2])
        let evaluator = FormulaEvaluator()
        var notes: [String] = []
        var search = Search(configuration, study: try Study(path: folder("s")), evaluator: evaluator)
        search.observer = { if case .note(let text) = $0 { notes.append(text) } }
        let result = try search.run()
        #expect(result.children == 2 && result.repeats > 0 && result.exhausted)
        #expect(evaluator.evaluations == 2 + 2 * configuration.reevaluationSeeds)
        #expect(notes == ["the strategy only repeats itself; its entropy bonus is raised", "the strategy only repeats itself; the search ends here"])
    }

    @Test func theBestIsTheBestWhenEvaluatedAgain() throws {
        let folder = TemporaryFolder()
        var configuration = try configuration(children: 12)
        configuration.price = .init(.macs, weight: 0.05)
        let study = try Study(path: folder("s"))
        let result = try Search(configuration, study: study, evaluator: FormulaEvaluator()).run()
        let again = try study.reevaluations()
        #expect(Set(again.map(\.child)).count == 3 && again.count == 6)
        #expect(Set(again.map(\.seed)).isDisjoint(with: [configuration.seed]))
        let ranked = Search.ranked(try study.children().filter { $0.repeatOf == nil })
        #expect(Set(again.map(\.child)) == Set(ranked.prefix(3).map(\.number)))
        #expect(again.contains { $0.child == result.child })
        for child in ranked { #expect(child.reward < child.accuracy && child.reward > child.accuracy - 0.0501) }
    }

    @Test func aChildThatFailsIsWorthChance() throws {
        let folder = TemporaryFolder()
        let evaluator = FormulaEvaluator()
        var count = 0
        evaluator.failFor = { _ in
            count += 1
            return count == 2
        }
        let study = try Study(path: folder("s"))
        _ = try Search(try configuration(children: 6), study: study, evaluator: evaluator).run()
        let failed = try study.children().filter { $0.failure != nil }
        #expect(failed.map(\.failure) == ["made to fail"] && failed[0].accuracy == 0.1)
    }

    @Test func moreChildrenContinueAFinishedSearch() throws {
        let folder = TemporaryFolder()
        let study = try Study(path: folder("s"))
        _ = try Search(try configuration(children: 10), study: study, evaluator: FormulaEvaluator()).run()
        let first = try study.children()
        _ = try Search(try configuration(children: 20), study: study, evaluator: FormulaEvaluator()).run()
        let all = try study.children()
        #expect(Array(all.prefix(first.count)) == first && all.count { $0.repeatOf == nil } == 20)
    }

    @Test func filesThatAreNoStudies() throws {
        let folder = TemporaryFolder()
        try Data("not a database, but long enough to be looked at as one".utf8).write(to: URL(fileURLWithPath: folder("text")))
        #expect(throws: FileError("\(folder("text")) is not a study: it is no SQLite database")) { try Study(path: folder("text")) }
        let error = #expect(throws: FileError.self) { try Study(path: folder("missing/s")) }
        #expect("\(try #require(error))".contains("cannot be opened"))
    }
}

extension JSONEncoder {
    fileprivate static var sorted: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return encoder
    }
}
