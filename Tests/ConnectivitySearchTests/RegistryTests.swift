import DenseNetArchitecture
import Foundation
import ImageData
import Runs
import TestSupport
import Testing
import Torch

@testable import ConnectivitySearch
@testable import Evaluation
@testable import Strategies

/// The dense network and what is left without its connections, one by one.
private final class OneLess: Strategy {
    static let name = "tests-one-less"
    static let help = "the dense network without one connection"
    private let space: SearchSpace
    private var next = 0

    init(_ context: StrategyContext) { space = context.space }

    func propose(_ count: Int) -> [Connectivity] {
        let free = space.entries.indices.filter { space.entries[$0].isFree }
        let chosen = free[next..<min(free.count, next + count)]
        next += chosen.count
        return chosen.map { pruned in space.connectivity(space.entries.indices.map { $0 != pruned }) }
    }

    func learn(_ children: [(connectivity: Connectivity, reward: Double)]) {}
    func state() throws -> Data { Data("\(next)".utf8) }
    func restore(_ state: Data) throws { next = Int(String(decoding: state, as: UTF8.self)) ?? 0 }
}

/// What a child saves of the MACs.
private struct Savings: NamedEvaluator {
    static let name = "tests-savings"
    static let help = "the share of the MACs that a child saves"
    private let architecture: Architecture
    init(_ context: EvaluationContext) { architecture = context.plan.space.architecture }

    func evaluate(_ connectivity: Connectivity, seed: UInt64, length: Double) throws -> ChildEvaluation {
        let share =
            Double(try Network(architecture, connectivity).cost.macs) / Double(try Network(architecture).cost.macs)
        return ChildEvaluation(accuracy: 1 - share, loss: share, images: 0)
    }
}

/// Parts of another package are found by their names, and a search with them is stopped and goes on.
@Suite(.serialized, .oneThread) struct RegistryTests {
    static let registered = Result {
        try Strategies.register(OneLess.self)
        try Strategies.register(Stubborn.self)
        try Strategies.register(Sure.self)
        try Strategies.register(Witness.self)
        try Evaluators.register(Savings.self)
    }

    @Test func aSearchWithRegisteredParts() throws {
        try Self.registered.get()
        let folder = TemporaryFolder()
        var plan = SearchPlan(
            try Architecture(
                blocks: [3, 2], growthRate: 4, bottleneck: false, compression: 1, stem: .init(.cifar, channels: 8),
                imageSize: 32,
                classes: 10),
            try DataSources.load("shapes"), machine: .current(device: .cpu, kernels: .automatic))
        plan.strategy = OneLess.name
        plan.evaluator = EvaluatorSettings(.init(rawValue: Savings.name))
        plan.children = 2
        let run = RunFolder(folder("s"))
        let first = try SearchRun(plan.configuration(), plan.data, folder: run).run(resume: false)
        #expect(first.children == 2)
        let all = try SearchRun(continuing: run, children: 40).run(resume: true)
        // Three connections besides the predecessors can go: one of layer 2, two of layer 3, one of the second block's
        // layer 2.
        #expect(all.children == 4 && all.exhausted)
        // The last layer's first connection carries most maps of all.
        #expect(all.accuracy > 0 && all.connectivity.blocks.joined().joined().filter { !$0 }.count == 1)
    }

    @Test func namesThatCannotBe() throws {
        try Self.registered.get()
        #expect(throws: SearchError("a strategy named 'tests-one-less' is there already; choose another name")) {
            try Strategies.register(OneLess.self)
        }
        #expect(throws: SearchError("an evaluator named 'tests-savings' is there already; choose another name")) {
            try Evaluators.register(Savings.self)
        }
        #expect(throws: SearchError("unknown evaluator 'x'; known are scratch, inherit, masked, shared, tests-savings"))
        {
            try Evaluators.named(.init(rawValue: "x"))
        }
        let strategies =
            "ads, ads-tradeoff, random, evolution, surrogate, magnitude, fixed, spread, tests-one-less, tests-stubborn, tests-sure, tests-witness"
        #expect(throws: SearchError("unknown strategy 'x'; known are \(strategies)")) { try Strategies.named("x") }
    }

    @Test func whatDoesNotGoTogetherIsRefused() throws {
        let data = try DataSources.load("shapes")
        func refused(_ sentence: String, _ change: (inout SearchPlan) throws -> Void) throws {
            var plan = SearchPlan(
                try Architecture(
                    blocks: [3, 2], growthRate: 4, bottleneck: false, compression: 1, stem: .init(.cifar, channels: 8),
                    imageSize: 32,
                    classes: 10), data, machine: .current(device: .cpu, kernels: .automatic))
            try change(&plan)
            #expect(throws: SearchError(sentence)) { _ = try plan.configuration() }
        }
        try refused("inherited weights need a trained dense network; give its run with --dense") {
            $0.evaluator = EvaluatorSettings(.inherit)
        }
        try refused("--shared needs --evaluator shared") { $0.shared = RunFolder("/nowhere") }
        try refused("--shared-epochs needs --evaluator shared") { $0.evaluator.sharedEpochs = 2 }
        try refused("--dense is for --evaluator inherit and masked and for strategies that prune it") {
            $0.dense = RunFolder("/nowhere")
        }
        try refused("children that are not trained see no images of their own; --images needs --children, too") {
            ($0.evaluator, $0.images) = (EvaluatorSettings(.shared), 1000)
        }
        try refused("0 children; at least 1 is needed") { $0.children = 0 }
        // Nothing is measured for what is refused anyway.
        try refused("0 children; at least 1 is needed") {
            ($0.children, $0.target) = (0, (.latency, 1))
            $0.latencyTable = {
                Issue.record("measured")
                throw SearchError("measured")
            }
        }
        try refused("a target of latency needs a table of latencies") { $0.target = (.latency, 1) }
        try refused("unknown strategy 'x'; known are \(Strategies.all.map { $0.name }.joined(separator: ", "))") {
            $0.strategy = "x"
        }
    }
}
