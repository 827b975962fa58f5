import DenseNetArchitecture
import DenseNetModel
import Files
import Foundation
import ImageData
import Runs
import TestSupport
import Testing
import Torch
import Training

@testable import ConnectivitySearch
@testable import Evaluation
@testable import Strategies

/// What `ads bench --children` times is a search's.
@Suite(.serialized, .oneThread) struct ChildBenchmarkTests {
    private func benchmark(
        _ folder: String, kernels: [KernelChoice] = [.swift], macs: Double = 0.8
    ) throws -> ChildBenchmark {
        let a = try Architecture(
            blocks: [3, 3], growthRate: 4, bottleneck: false, compression: 1, stem: .init(.cifar, channels: 4),
            imageSize: 8, classes: 3)
        return try ChildBenchmark(
            a, brightData, children: 3, macs: macs, seed: 5, kernels: kernels, device: .cpu, in: RunFolder(folder))
    }

    @Test func childrenAreTheFirstOfCoinFlips() throws {
        let folder = TemporaryFolder()
        let found = try benchmark(folder("a"))
        let c = found.configuration
        let space = SearchSpace(c.architecture)
        let target = try CostTarget(.macs, 0.8, in: space)
        // 0.8 of the dense network's 113,236.
        #expect(c.target == target && target.limit == 90_588)
        #expect(c.strategy == "random" && c.evaluator == EvaluatorSettings(.masked) && c.seed == 5)
        #expect(c.threads == Runtime.threads)
        #expect(try found.children == RandomStrategy(StrategyContext(space, target: target, seed: 5)).propose(3))
        let costs = try found.children.map { try Network(c.architecture, $0).cost.macs }
        #expect(costs.count == 3 && costs.allSatisfy { $0 <= 90_588 })
        #expect(try abs(found.macsShare() - Double(costs.reduce(0, +)) / 339_708) < 1e-12)
    }

    @Test func whatIsTimedIsTheEvaluatorsWork() throws {
        let folder = TemporaryFolder()
        let found = try benchmark(folder("a"))
        var told: [Int] = []
        let all = try found.measure { told.append($0) }
        #expect(told == [1, 2, 3] && all.count == 1)
        let times = try #require(all.first)
        let context = EvaluationContext(found.configuration.evaluation, brightData, folder: RunFolder(folder("a")))
        let evaluator = try Evaluators.named(.masked).init(context)
        let again = try found.children.map { try evaluator.evaluate($0, seed: 5, length: 0) }
        #expect(times.evaluations == again)
        #expect(
            Set(times.evaluations.map(\.loss)).count == Set(found.children).count, "other children have other losses")

        let whole = times.milliseconds.reduce(0, +)
        #expect(times.milliseconds.count == 3 && times.milliseconds.allSatisfy { $0 > 0 })
        #expect(abs(times.mean - whole / 3) < 1e-9)
        #expect(Set(times.parts.keys) == Set(EvaluationPart.allCases) && times.parts.values.allSatisfy { $0 > 0 })
        #expect(times.parts.values.reduce(0, +) <= whole)
    }

    @Test func everyKernelsEvaluateTheSameChildren() throws {
        let folder = TemporaryFolder()
        let times = try benchmark(folder("a"), kernels: [.swift, .torch]).measure()
        #expect(times.count == 2 && times.allSatisfy { $0.milliseconds.count == 3 })
        for (mine, other) in zip(times[0].evaluations, times[1].evaluations) {
            #expect(abs(mine.loss - other.loss) < 1e-4)
        }
        #expect(times[0].evaluations != times[1].evaluations, "both kernels are the same")
    }

    private struct Work: Decodable {
        struct Found: Decodable {
            let accuracy: Double
            let loss: Double
        }
        let mean: [Float]
        let deviation: [Float]
        let statistics: Int
        let batchSize: Int
        let labels: [Int32]
        let children: [Connectivity]
        let found: [Found]
    }

    @Test func aPeerFindsEverything() throws {
        let folder = TemporaryFolder()
        let benchmark = try benchmark(folder("a"))
        let evaluations = try #require(try benchmark.measure().first?.evaluations)
        try benchmark.write(evaluations, to: RunFolder(folder("a")))
        let work = try RunFolder.decode(Work.self, folder("a/children.json"))
        let normalization = Normalization(of: brightData.train, indices: Split(count: 120, seed: 5).train)
        #expect(work.mean == normalization.mean && work.deviation == normalization.deviation)
        #expect(work.children == benchmark.children && work.batchSize == EvaluatorSettings(.masked).batchSize)
        #expect(work.found.map(\.accuracy) == evaluations.map(\.accuracy))
        #expect(work.found.map(\.loss) == evaluations.map(\.loss))
        #expect(work.labels == benchmark.validationImages.map { brightData.train.labels[$0] })
        #expect(work.statistics == benchmark.statisticsImages.count && !work.labels.isEmpty)

        let pixels = try Data(contentsOf: URL(fileURLWithPath: folder("a/images.u8")))
        #expect(pixels.count == (work.statistics + work.labels.count) * 192)
        for (place, image) in (benchmark.statisticsImages + benchmark.validationImages).enumerated() {
            let own = brightData.train.pixels[image * 192..<(image + 1) * 192]
            #expect(pixels[place * 192..<(place + 1) * 192].elementsEqual(own), "image \(place)")
        }
        let dense = try RunFolder(folder("a/dense")).model()
        #expect(dense.network == (try Network(benchmark.configuration.architecture)))
        let scales = try #require(dense.state["features.norm5.weight"]).floats()
        #expect(Set(scales).count > 10 && scales.allSatisfy { $0 >= 0.5 && $0 <= 1.5 })
    }

    @Test func whatCannotBeMadeIsRefusedFirst() throws {
        let folder = TemporaryFolder()
        let refusal = #expect(throws: SearchError.self) { try benchmark(folder("a"), macs: 0.3) }
        #expect(refusal?.description.contains("a target of 33970 MACs is out of reach") == true)
        #expect(!FileManager.default.fileExists(atPath: folder("a")), "nothing was written")
        _ = try benchmark(folder("a"))
        let taken = #expect(throws: FileError.self) { try benchmark(folder("a")) }
        #expect(taken?.description.contains("a/dense holds a run already") == true)
    }

    @Test func imagesAreAsManyAsCIFARs() throws {
        let (set, shapes) = (try ChildBenchmark.images(), try DataSources.load("shapes"))
        #expect(set.train.count == 50_000 && set.train.imageBytes == 3072 && set.classNames.count == 10)
        #expect(set.train.labels[..<6000].elementsEqual(shapes.train.labels))
        #expect(set.train.labels[48_000...].elementsEqual(shapes.train.labels[..<2000]))
        #expect(set.train.pixels[(6000 * 3072)..<(12_000 * 3072)].elementsEqual(shapes.train.pixels))
        #expect(ChildData(set, seed: 0, limitTrain: nil, limitValidation: nil).validation.count == 5000)
    }
}
