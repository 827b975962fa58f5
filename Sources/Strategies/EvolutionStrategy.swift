import DenseNetArchitecture
import Files
import Foundation
import Randomness

/// Regularised evolution (Real et al., arXiv 1802.01548): a child of the best of a few drawn from the population is
/// mutated, and the oldest dies, however good. Some children have two parents: each row of a matrix is one parent's or
/// the other's.
public final class EvolutionStrategy: Strategy {
    public static let name = "evolution"
    public static let help = "regularised evolution of the matrices"

    /// Ours for studies of tens to hundreds of children; Real et al. take a population of 100 and draw 25 of 20,000
    /// children.
    static let population = 20
    static let drawn = 5
    /// The share of children with two parents.
    static let crossover = 0.5
    /// Connections that change from parent to child, on average.
    static let mutations = 3.0

    private let space: SearchSpace
    private let target: CostTarget?
    private let free: [Int]
    private var memory: Memory

    private struct Member: Codable {
        var choices: [Bool]
        var reward: Double
    }
    private struct Memory: Codable {
        var random: SeededGenerator
        /// The oldest first.
        var members: [Member] = []
    }

    public init(_ context: StrategyContext) throws {
        (space, target) = (context.space, context.target)
        let entries = context.space.entries
        free = entries.indices.filter { entries[$0].isFree }
        memory = Memory(random: SeededGenerator(seed: context.seed, stream: 0xE70))
    }

    public func propose(_ count: Int) throws -> [Connectivity] {
        // The first generations are coin flips, as `random` draws them.
        guard memory.members.count >= Self.drawn else {
            return try SequentialSampling(space: space, target: target).flips(count, &memory.random)
        }
        return try (0..<count).map { _ in
            var choices = parent().choices
            if memory.random.uniform() < Self.crossover { cross(&choices, with: parent().choices) }
            let rate = Self.mutations / Double(max(1, free.count))
            for index in free where memory.random.uniform() < rate { choices[index].toggle() }
            return space.connectivity(try keepingTarget(choices))
        }
    }

    /// The best of a few.
    private func parent() -> Member {
        var best = memory.members[memory.random.index(below: memory.members.count)]
        for _ in 1..<Self.drawn {
            let other = memory.members[memory.random.index(below: memory.members.count)]
            if other.reward > best.reward { best = other }
        }
        return best
    }

    private func cross(_ choices: inout [Bool], with other: [Bool]) {
        var takes = false
        for (index, entry) in space.entries.enumerated() {
            // A row begins with what it reads of the block's input.
            if entry.source == 0 { takes = memory.random.uniform() < 0.5 }
            if takes { choices[index] = other[index] }
        }
    }

    /// Prunes at random until the target is kept, then adds at random what still fits, so that children cost the same.
    private func keepingTarget(_ choices: [Bool]) throws -> [Bool] {
        guard let target else { return choices }
        var choices = choices
        func fits() throws -> Bool {
            target.cost(of: try Network(space.architecture, space.connectivity(choices))) <= target.limit
        }
        let order = memory.random.permutation(free.count).map { free[$0] }
        for index in order where choices[index] {
            if try fits() { break }
            choices[index] = false
        }
        return try space.adding(order.reversed(), to: choices, upTo: target.limit, target.cost)
    }

    public func learn(_ children: [(connectivity: Connectivity, reward: Double)]) {
        memory.members += children.map { Member(choices: space.choices($0.connectivity), reward: $0.reward) }
        memory.members.removeFirst(max(0, memory.members.count - Self.population))
    }

    public var keepRate: Double? {
        guard !memory.members.isEmpty, !free.isEmpty else { return nil }
        let kept = memory.members.reduce(0) { sum, member in sum + free.count { member.choices[$0] } }
        return Double(kept) / Double(memory.members.count * free.count)
    }
    /// The share of the population that keeps each entry.
    public func probabilities() -> [Float]? {
        guard !memory.members.isEmpty else { return nil }
        return space.entries.indices.map { index in
            Float(memory.members.count { $0.choices[index] }) / Float(memory.members.count)
        }
    }
    public func state() throws -> Data { Data(try CanonicalJSON.text(memory).utf8) }
    public func restore(_ state: Data) throws {
        let stored = try JSONDecoder().decode(Memory.self, from: state)
        guard stored.members.allSatisfy({ $0.choices.count == space.entries.count }) else {
            throw SearchError("the study's matrices have another size than this program's")
        }
        memory = stored
    }
}
