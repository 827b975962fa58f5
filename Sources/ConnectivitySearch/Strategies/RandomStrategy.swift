import DenseNetArchitecture
import Foundation
import Randomness

/// Coin flips: every connection with the same probability, 0.5 without a target, what the target allows with one.
/// The control that a search must beat (Li and Talwalkar, arXiv 1902.07638).
public final class RandomStrategy: Strategy {
    public static let name = "random"
    public static let help = "coin flips at equal cost, the control"
    private let sampling: BudgetedSampling
    private var random: SeededGenerator

    public init(_ space: SearchSpace, target: CostTarget?, settings: AgentSettings, seed: UInt64) throws {
        sampling = BudgetedSampling(space: space, target: target)
        random = SeededGenerator(seed: seed, stream: 0xF11B)
    }

    public func propose(_ count: Int) throws -> [Connectivity] {
        try sampling.draw(count, &random) { coins, biases in
            let choices = zip(coins, biases).map { coins, bias in coins.map { $0 < 1 / (1 + exp(-bias)) } }
            return (choices, coins.map { $0.map { _ in 0 } })
        }
    }

    public func learn(_ children: [(connectivity: Connectivity, reward: Double)]) {}
    public func exploreMore() -> Bool { false }
    public var baseline: Double? { nil }
    public var keepRate: Double? { nil }
    public func probabilities() -> [Float]? { nil }
    public func state() throws -> Data { Data(try Column.text(random).utf8) }
    public func restore(_ state: Data) throws { random = try JSONDecoder().decode(SeededGenerator.self, from: state) }
}
