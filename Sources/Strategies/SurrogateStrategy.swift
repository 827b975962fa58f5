import DenseNetArchitecture
import Files
import Foundation
import Randomness

/// A linear model of what each connection is worth, and children that would be best if a draw from its posterior were
/// true (Thompson sampling for linear bandits: Agrawal and Goyal, arXiv 1209.3352).
///
/// The bar that an agent must reach: it knows nothing of networks. The first children are coin flips. After them, each
/// child has the connections with the most drawn worth for their cost, until the target is spent, so that children cost
/// the same; without a target, those whose drawn worth is positive.
public final class SurrogateStrategy: Strategy {
    public static let name = "surrogate"
    public static let help = "a linear model of the connections, by Thompson sampling"

    private let space: SearchSpace
    private let target: CostTarget?
    private var model: RewardModel
    private var memory: Memory

    private struct Memory: Codable {
        var random: SeededGenerator
        /// Draws spread by so many deviations of the posterior; more where the strategy repeats itself.
        var spread = 1.0
        /// The share of free connections that the last proposals keep.
        var keepRate: Double?
        /// The children learned from; filled in where the state is stored.
        var model: RewardModel.Memory?
    }

    public init(_ context: StrategyContext) throws {
        (space, target) = (context.space, context.target)
        model = try RewardModel(context.space, context.target)
        memory = Memory(random: SeededGenerator(seed: context.seed, stream: 0x5A6))
    }

    public func propose(_ count: Int) throws -> [Connectivity] {
        // The first children are coin flips.
        guard model.isReady else {
            return try SequentialSampling(space: space, target: target).flips(count, &memory.random)
        }
        let posterior = try model.posterior()
        let children = try (0..<count).map { _ in
            let worth = posterior.draw(spread: memory.spread, &memory.random)
            return try child(worth)
        }
        let kept = children.reduce(0) { sum, choices in sum + model.free.count { choices[$0] } }
        memory.keepRate = Double(kept) / Double(max(1, children.count * model.free.count))
        return children.map(space.connectivity)
    }

    /// The child that would be best if each free connection were worth so much.
    private func child(_ worth: [Double]) throws -> [Bool] {
        let (free, costs) = (model.free, model.costs)
        guard let target else {
            var choices = space.entries.map { !$0.isFree }
            for (k, index) in free.enumerated() { choices[index] = worth[k] > 0 }
            return choices
        }
        let order = free.indices.sorted { (worth[$0] / costs[$0], $1) > (worth[$1] / costs[$1], $0) }
        return try space.adding(
            order.map { free[$0] }, to: space.entries.map { !$0.isFree }, upTo: target.limit, target.cost)
    }

    public func learn(_ children: [(connectivity: Connectivity, reward: Double)]) {
        for (connectivity, reward) in children { model.learn(space.choices(connectivity), reward) }
    }

    public func mode() throws -> Connectivity? {
        guard model.isReady else { return nil }
        return space.connectivity(try child(model.posterior().expectedWorths))
    }

    public func exploreMore() -> Bool {
        guard memory.spread < 1e6 else { return false }
        memory.spread *= 2
        return true
    }

    public var keepRate: Double? { memory.keepRate }

    public func state() throws -> Data {
        memory.model = model.memory
        return Data(try CanonicalJSON.text(memory).utf8)
    }
    public func restore(_ state: Data) throws {
        let stored = try JSONDecoder().decode(Memory.self, from: state)
        guard stored.spread >= 1, stored.spread.isFinite else {
            throw SearchError("the study's matrices have another size than this program's")
        }
        // States of older versions have the model's parts beside the rest.
        try model.restore(stored.model ?? JSONDecoder().decode(RewardModel.Memory.self, from: state))
        memory = stored
    }
}
