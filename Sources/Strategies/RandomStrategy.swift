import DenseNetArchitecture
import Files
import Foundation
import Randomness

/// Coin flips, the control that a search must beat (Li and Talwalkar, arXiv 1902.07638): the agent's sampler with all
/// logits zero. Without a target every connection is kept with probability 0.5; with one as the budget that is left
/// allows (`SequentialSampling`).
public final class RandomStrategy: Strategy {
    public static let name = "random"
    public static let help = "coin flips at equal cost, the control"
    private let sampling: SequentialSampling
    private var random: SeededGenerator

    public init(_ context: StrategyContext) throws {
        sampling = try SequentialSampling(space: context.space, target: context.target)
        random = SeededGenerator(seed: context.seed, stream: 0xF11B)
    }

    public func propose(_ count: Int) throws -> [Connectivity] { sampling.flips(count, &random) }

    public func learn(_ children: [(connectivity: Connectivity, reward: Double)]) {}
    public func state() throws -> Data { Data(try CanonicalJSON.text(random).utf8) }
    public func restore(_ state: Data) throws { random = try JSONDecoder().decode(SeededGenerator.self, from: state) }
}
