import DenseNetArchitecture
import Evaluation
import Foundation
import ImageData
import Runs
import TestSupport
import Testing
import Training

@testable import ConnectivitySearch
@testable import Strategies

/// What a search is when only some of it is asked for.
@Suite(.oneThread) struct SearchPlanTests {
    private let folder = TemporaryFolder()

    private func plan(_ change: (inout SearchPlan) -> Void = { _ in }) throws -> SearchPlan {
        var plan = SearchPlan(
            try Architecture(
                blocks: [3, 2], growthRate: 4, bottleneck: false, compression: 1, stem: .init(.cifar, channels: 8),
                imageSize: 32, classes: 10),
            try DataSources.load("shapes"), machine: .current(device: .cpu, kernels: .automatic))
        change(&plan)
        return plan
    }

    /// A run of a dense network that was trained for two epochs of 128 images.
    private func dense() throws -> RunFolder {
        let run = RunFolder(folder("dense"))
        try run.create()
        try Data("weights".utf8).write(to: URL(fileURLWithPath: run.weights))
        let configuration = try plan { $0.limitTrain = 128 }.configuration()
        try run.write(configuration.evaluation.training("dense", epochs: 2), to: run.configuration)
        return run
    }

    @Test func whatIsNotAskedForIsTheDefault() throws {
        let c = try plan().configuration()
        #expect(c.kind == "search" && c.strategy == "ads" && c.seed == 0 && c.children == 40)
        #expect(c.evaluator == EvaluatorSettings(.scratch) && c.agent == AgentSettings())
        #expect(c.imageBudget == nil && c.imagesBefore == 0 && c.target == nil && c.price == nil)
        #expect(c.limitTrain == nil && c.limitValidation == nil && c.dense == nil && c.shared == nil)
        #expect(c.top == 3 && c.reevaluationSeeds == 2 && c.reevaluationLength == 2 && c.sampler == .sequential)
        #expect(c.searchesBlockEnds == false && c.keepsPredecessor == true && !c.space.searchesBlockEnds)
        #expect(c.childThreads == 1 && c.threads == 1 && c.maxLost == 5)
        #expect(c.leaseSeconds == nil && c.lease == 30)
        #expect(try plan { $0.strategy = "ads-tradeoff" }.configuration().price == TradeoffStrategy.defaultPrice)
        let ends = try plan { $0.searchesBlockEnds = true }.configuration()
        let bottleneck = try Architecture(named: "densenet-bc-16-4")
        let bottlenecks = try plan { ($0.architecture, $0.searchesBlockEnds) = (bottleneck, true) }
        #expect(!bottlenecks.space.keepsPredecessor)
        // Layers may go where the ends need not read them, and a study of an older version, where none could, is
        // another search.
        #expect(ends.space.searchesBlockEnds && !ends.space.keepsPredecessor && ends.keepsPredecessor == false)
        var older = ends
        older.keepsPredecessor = true
        #expect(older.space.keepsPredecessor && older.space.searchesBlockEnds)
        #expect(older.difference(from: ends) != nil && ends.difference(from: ends) == nil)
    }

    @Test func aConfigurationOfItsOwnHasTheSameDefaults() throws {
        var c = try smallSearch()
        #expect(c.top == 3 && c.reevaluationSeeds == 2 && c.reevaluationLength == 2 && c.space.keepsPredecessor)
        // What older versions did not write.
        #expect(c.searchesBlockEnds == nil && !c.space.searchesBlockEnds && c.lease == 30)
        c.machine.threads = 7
        #expect(c.childThreads == nil && c.threads == 7)
        (c.childThreads, c.leaseSeconds) = (3, 12)
        #expect(c.threads == 3 && c.lease == 12)
    }

    @Test func whenItEndsInWords() throws {
        var c = try smallSearch(children: 12)
        #expect(c.budget == "12 children" && c.progress(5) == "5 of 12 children")
        c.imageBudget = 900
        #expect(c.budget == "12 children or 900 training images")
        #expect(c.progress(5) == "5 of 12 children or 900 training images")
        c.children = .max
        #expect(c.budget == "900 training images" && c.progress(5) == "5 children of 900 training images")
    }

    /// A budget of images pays for as many children as it does; a path of prunings has its steps.
    @Test func howManyChildren() throws {
        #expect(try plan { $0.images = 9000 }.configuration().children == .max)
        let both = try plan { ($0.images, $0.children) = (9000, 5) }.configuration()
        #expect(both.children == 5 && both.imageBudget == 9000)
        let run = try dense()
        for images in [nil, 9000] {
            let c = try plan { ($0.strategy, $0.dense, $0.images) = ("magnitude", run, images) }.configuration()
            #expect(c.children == 40 && c.imageBudget == images)
        }
    }

    @Test func whatChildrenStartFrom() throws {
        let run = try dense()
        let inherit = try plan { ($0.evaluator, $0.dense) = (EvaluatorSettings(.inherit), run) }.configuration()
        #expect(inherit.dense == run.absolutePath && inherit.imagesBefore == 256)
        #expect(inherit.denseDigest == (try TrainedDense.digest(run)))
        // Eight epochs, of 128 images here.
        let shared = try plan {
            ($0.evaluator, $0.limitTrain) = (EvaluatorSettings(.shared), 128)
            $0.shared = RunFolder("elsewhere")
        }.configuration()
        #expect(shared.shared == RunFolder("elsewhere").absolutePath && shared.shared?.hasPrefix("/") == true)
        #expect(shared.imagesBefore == 8 * 128 && shared.dense == nil)
        // Magnitude looks into the dense network, whatever its children start from.
        let both = try plan {
            ($0.strategy, $0.dense) = ("magnitude", run)
            ($0.evaluator, $0.limitTrain) = (EvaluatorSettings(.shared), 128)
        }.configuration()
        #expect(both.imagesBefore == 256 + 8 * 128 && both.shared == nil)
    }

    @Test func targets() throws {
        var measured = 0
        let table = LatencyTable(
            threads: 1, base: 1,
            layers: [[.init(channels: 4, milliseconds: 2)], [.init(channels: 4, milliseconds: 2)]],
            transitions: [[.init(channels: 4, milliseconds: 1)], []])
        let give: () throws -> LatencyTable = {
            measured += 1
            return table
        }
        let macs = try plan { ($0.target, $0.latencyTable) = ((.macs, 0.9), give) }.configuration()
        #expect(macs.target?.measure == .macs && macs.target?.table == nil && measured == 0)
        #expect(try plan { $0.target = (.macs, 0.9) }.configuration().target == macs.target)
        let latency = try plan { ($0.target, $0.latencyTable) = ((.latency, 1000), give) }.configuration()
        #expect(latency.target?.measure == .latency && latency.target?.table == table && measured == 1)
        // No more than the dense network takes.
        let dense = try Network(latency.architecture)
        #expect(latency.target?.limit == Int((table.milliseconds(of: dense) * 1e3).rounded()))
    }
}
