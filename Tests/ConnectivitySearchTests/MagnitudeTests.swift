import DenseNetArchitecture
import DenseNetModel
import Foundation
import TestSupport
import Testing
import Torch

@testable import Strategies

/// What magnitude tunes with, and what of a state it goes on from.
@Suite(.serialized, .oneThread) struct MagnitudeTests {
    private static let architecture = Result {
        try Architecture(
            blocks: [3], growthRate: 4, bottleneck: false, compression: 1, stem: .init(.cifar, channels: 4),
            inputChannels: 3,
            imageSize: 8, classes: 3)
    }

    /// A strategy of four steps, and the seeds that it tunes with.
    private final class Tuned {
        var seeds: [UInt64] = []

        func strategy(seed: UInt64) throws -> MagnitudeStrategy {
            let architecture = try MagnitudeTests.architecture.get()
            var context = StrategyContext(SearchSpace(architecture), seed: seed)
            let dense = try DenseNet(Network(architecture), generator: Generator(seed: 1))
            (context.children, context.dense) = (
                4,
                PrunedDense(dense) { _, seed in
                    self.seeds.append(seed)
                    return 7
                }
            )
            return try MagnitudeStrategy(context)
        }
    }

    /// No step sees the images of another, or of another search; one that goes on sees its own.
    @Test func everyStepTunesOnImagesOfItsOwn() throws {
        let (own, again, other, resumed) = (Tuned(), Tuned(), Tuned(), Tuned())
        let strategies = try [own.strategy(seed: 5), again.strategy(seed: 5), other.strategy(seed: 6)]
        var state: Data?
        for _ in 0..<4 {
            for strategy in strategies { #expect(try strategy.propose(1).count == 1) }
            let next = try resumed.strategy(seed: 5)
            if let state { try next.restore(state) }
            _ = try next.propose(1)
            state = try next.state()
        }
        #expect(own.seeds.count == 3 && Set(own.seeds + other.seeds).count == 6)
        #expect(again.seeds == own.seeds && resumed.seeds == own.seeds)
        #expect(strategies[0].images == 21)
    }

    /// A state whose numbers nobody can compute with is refused, and nothing of it taken.
    @Test(arguments: [
        ("steps", "the study's steps of pruning cannot be; start a new search in another folder"),
        ("pruned", "the study's steps of pruning cannot be; start a new search in another folder"),
        ("tuned", "the study's steps of pruning cannot be; start a new search in another folder"),
        ("images", "the study's steps of pruning cannot be; start a new search in another folder"),
        ("choices", "the study's matrices have another size than this program's"),
        ("nan", "the study's weights of 'classifier.bias' are no numbers; start a new search in another folder"),
        ("infinite", "the study's weights of 'classifier.bias' are no numbers; start a new search in another folder"),
        ("short", "the study's weights of 'classifier.bias' have another size than this program's"),
        ("gone", "the study's weights of 'classifier.bias' have another size than this program's"),
    ])
    func hostileStates(what: String, sentence: String) throws {
        let strategy = try Tuned().strategy(seed: 5)
        _ = try strategy.propose(1)
        var format = PropertyListSerialization.PropertyListFormat.binary
        var parts = try #require(
            PropertyListSerialization.propertyList(from: strategy.state(), format: &format) as? [String: Any])
        var weights = try #require(parts["weights"] as? [String: Data])
        func bytes(_ value: Float) -> Data { withUnsafeBytes(of: value) { Data($0) } }
        let bias = try #require(weights["classifier.bias"])
        switch what {
        case "steps": parts["steps"] = 1_000_001
        case "pruned": parts["pruned"] = 5
        case "tuned": parts["tuned"] = 2
        case "images": parts["images"] = -1
        case "choices": parts["choices"] = try #require(parts["choices"] as? [Bool]) + [true]
        case "nan": weights["classifier.bias"] = bytes(.nan) + bias.dropFirst(4)
        case "infinite": weights["classifier.bias"] = bias.dropLast(4) + bytes(-.infinity)
        case "short": weights["classifier.bias"] = bias.dropLast(4)
        default: weights["classifier.bias"] = nil
        }
        parts["weights"] = weights
        let state = try PropertyListSerialization.data(fromPropertyList: parts, format: .binary, options: 0)
        let next = try Tuned().strategy(seed: 5)
        let error = #expect(throws: SearchError.self) { try next.restore(state) }
        #expect(error?.description == sentence)
        #expect(try next.propose(1) == Tuned().strategy(seed: 5).propose(1), "begins where it would have")
    }
}
