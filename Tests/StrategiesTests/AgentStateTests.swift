import DenseNetArchitecture
import Foundation
import Randomness
import TestSupport
import Testing

@testable import Strategies

/// What an agent goes on from is numbers that can be computed with; of a state with others nothing is taken.
@Suite(.serialized, .oneThread) struct AgentStateTests {
    /// A state's parts.
    private struct Parts: Codable {
        struct Deviation: Codable { var variance: Double? }
        struct Draw: Codable {
            var children: [String]
            var logProbabilities: [Double]
            var probabilities: PackedFloats
        }
        struct Unlearned: Codable { var draws: [Draw] }
        var random: SeededGenerator
        var advantages: Deviation
        var baseline: Double?
        var keepRate: Double?
        var entropyBonus: Double
        var critic: RewardModel.Memory?
        var drawn: PackedFloats?
        var unlearned: Unlearned?
        var parameters: [PackedFloats]
        var optimizers: [[String: PackedFloats]]
    }

    private func fresh() throws -> AdsStrategy {
        let architecture = try Architecture(
            blocks: [4, 3], growthRate: 4, bottleneck: false, compression: 1, stem: .init(.cifar, channels: 4),
            imageSize: 8)
        var context = StrategyContext(SearchSpace(architecture), seed: 4)
        context.lag = 1
        return try AdsStrategy(context)
    }

    /// One that has learned, and has drawn what it has not learned from.
    private func learned() throws -> AdsStrategy {
        let strategy = try fresh()
        for round in 0..<3 { try strategy.learn(strategy.propose(4).enumerated().map { ($1, Double($0 * round)) }) }
        _ = try strategy.propose(4)
        return strategy
    }

    /// A number in place of the first.
    private static func with(_ first: Float, in packed: PackedFloats?) -> PackedFloats {
        PackedFloats([first] + (packed?.values ?? []).dropFirst())
    }

    private static let changes: [@Sendable (inout Parts) -> Void] = [
        { $0.parameters[0] = with(.nan, in: $0.parameters[0]) },
        { $0.parameters[7] = with(.infinity, in: $0.parameters[7]) },
        { $0.parameters[3] = PackedFloats([1]) },
        { $0.optimizers[0]["first.2"] = with(-.infinity, in: $0.optimizers[0]["first.2"]) },
        { $0.optimizers[1]["second.0"] = with(.nan, in: $0.optimizers[1]["second.0"]) },
        { $0.optimizers[1]["second.0"] = with(-1, in: $0.optimizers[1]["second.0"]) },
        { $0.optimizers[0]["step.1"] = with(.infinity, in: $0.optimizers[0]["step.1"]) },
        { $0.optimizers[0]["step.1"] = with(-1, in: $0.optimizers[0]["step.1"]) },
        { $0.advantages.variance = .nan },
        { $0.advantages.variance = .infinity },
        { $0.advantages.variance = -1e-9 },
        { $0.entropyBonus = .infinity },
        { $0.entropyBonus = -1e-9 },
        { $0.baseline = .nan },
        { $0.keepRate = .infinity },
        { $0.drawn = PackedFloats(Array(($0.drawn?.values ?? []).dropLast())) },
        { $0.drawn = with(.nan, in: $0.drawn) },
        {
            let hostile = with(.nan, in: $0.unlearned?.draws[0].probabilities)
            $0.unlearned?.draws[0].probabilities = hostile
        },
        { $0.unlearned?.draws[0].logProbabilities.removeLast() },
        { $0.unlearned?.draws[0].logProbabilities[0] = .nan },
        { $0.unlearned?.draws[0].children[0] = "1" },
        { $0.critic?.rewards[0] = .nan },
        { $0.optimizers[0]["first.2"] = PackedFloats([1]) },
        { $0.optimizers[0]["first.2"] = nil },
        { $0.optimizers[1]["first.9"] = PackedFloats([1]) },
    ]

    private func state(_ change: (inout Parts) -> Void) throws -> Data {
        var parts = try PropertyListDecoder().decode(Parts.self, from: learned().state())
        change(&parts)
        let encoder = PropertyListEncoder()
        encoder.outputFormat = .binary
        return try encoder.encode(parts)
    }

    @Test func whatAnAgentWroteIsTaken() throws {
        let strategy = try fresh()
        try strategy.restore(state { _ in })
        #expect(try strategy.propose(5) == learned().propose(5))
        // Nothing was learned that deviates, and a bonus may be none.
        try fresh().restore(state { ($0.advantages.variance, $0.entropyBonus, $0.drawn) = (0, 0, nil) })
    }

    @Test(arguments: changes.indices) func otherNumbersAreRefused(index: Int) throws {
        let strategy = try fresh()
        let other = try state(Self.changes[index])
        #expect(throws: SearchError.self) { try strategy.restore(other) }
        #expect(try strategy.baseline == nil && strategy.propose(5) == fresh().propose(5), "nothing was taken")
    }
}
