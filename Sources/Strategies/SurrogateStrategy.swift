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

    /// Coin flips before the model proposes; ours.
    static let flips = 20

    private let space: SearchSpace
    private let target: CostTarget?
    private let free: [Int]
    /// What each free connection costs by itself.
    private let costs: [Double]
    private var model: LinearModel
    private var memory: Memory

    private struct Memory: Codable {
        var random: SeededGenerator
        /// The children learned from, a letter a free connection.
        var children: [String] = []
        var rewards: [Double] = []
        var scale: LinearModel.Scale?
        /// Draws spread by so many deviations of the posterior; more where the strategy repeats itself.
        var spread = 1.0
        /// The share of free connections that the last proposals keep.
        var keepRate: Double?
    }

    public init(_ context: StrategyContext) throws {
        (space, target) = (context.space, context.target)
        let entries = context.space.entries
        let free = entries.indices.filter { entries[$0].isFree }
        self.free = free
        let each = try context.space.separateCosts { [target] network in
            (target?.measure ?? .macs).of(network, target?.table)
        }
        costs = free.map { Double(max(1, each[$0])) }
        // A connection that costs more carries more: its worth is expected to grow with the root of its cost.
        model = LinearModel(priorDeviations: costs.map { $0.squareRoot() })
        memory = Memory(random: SeededGenerator(seed: context.seed, stream: 0x5A6))
    }

    public func propose(_ count: Int) throws -> [Connectivity] {
        guard !free.isEmpty, memory.rewards.count >= Self.flips else {
            return try SequentialSampling(space: space, target: target).flips(count, &memory.random)
        }
        let posterior = try model.posterior()
        let children = try (0..<count).map { _ in
            let worth = posterior.draw(spread: memory.spread, &memory.random)
            return try child(worth)
        }
        let kept = children.reduce(0) { sum, choices in sum + free.count { choices[$0] } }
        memory.keepRate = Double(kept) / Double(max(1, children.count * free.count))
        return children.map(space.connectivity)
    }

    /// The child that would be best if each free connection were worth so much.
    private func child(_ worth: [Double]) throws -> [Bool] {
        guard let target else {
            var choices = space.entries.map { !$0.isFree }
            for (k, index) in free.enumerated() { choices[index] = worth[k] > 0 }
            return choices
        }
        let order = free.indices.sorted { (worth[$0] / costs[$0], $1) > (worth[$1] / costs[$1], $0) }
        return try space.adding(order.map { free[$0] }, to: space.entries.map { !$0.isFree }) {
            target.cost(of: $0) <= target.limit
        }
    }

    public func learn(_ children: [(connectivity: Connectivity, reward: Double)]) {
        guard !free.isEmpty else { return }
        for (connectivity, reward) in children where reward.isFinite {
            let choices = space.choices(connectivity)
            memory.children.append(String(free.map { choices[$0] ? "1" : "0" }))
            memory.rewards.append(reward)
        }
        absorb()
    }

    /// Gives the model what it has not seen, in the order in which it was learned.
    private func absorb() {
        if memory.scale == nil, memory.rewards.count >= Self.flips {
            memory.scale = LinearModel.Scale(memory.children.map(Self.bits), memory.rewards)
        }
        guard let scale = memory.scale else { return }
        for k in model.count..<memory.rewards.count {
            model.add(Self.bits(memory.children[k]), memory.rewards[k], scale)
        }
    }

    private static func bits(_ text: String) -> [Double] { text.utf8.map { $0 == UInt8(ascii: "1") ? 1 : 0 } }

    public func exploreMore() -> Bool {
        guard memory.spread < 1e6 else { return false }
        memory.spread *= 2
        return true
    }

    public var keepRate: Double? { memory.keepRate }

    public func state() throws -> Data { Data(try CanonicalJSON.text(memory).utf8) }
    public func restore(_ state: Data) throws {
        let stored = try JSONDecoder().decode(Memory.self, from: state)
        guard stored.children.count == stored.rewards.count,
            stored.children.allSatisfy({ child in
                child.utf8.count == free.count
                    && child.utf8.allSatisfy { $0 == UInt8(ascii: "0") || $0 == UInt8(ascii: "1") }
            }), stored.scale.map({ $0.isSound(for: free.count) }) ?? true, stored.rewards.allSatisfy(\.isFinite),
            stored.spread >= 1, stored.spread.isFinite
        else {
            throw SearchError("the study's matrices have another size than this program's")
        }
        memory = stored
        model.forget()
        absorb()
    }
}
