import Foundation
import Randomness
import Torch

// What an agent goes on from after an interruption.
extension AdsStrategy {
    private struct Stored: Codable {
        var random: SeededGenerator
        var advantages: Advantages
        var baseline: Double?
        var keepRate: Double?
        var entropyBonus: Double
        /// Absent in states of older versions.
        var critic: RewardModel.Memory?
        /// Absent in states of older versions, and before the first update.
        var drawn: PackedFloats?
        /// Absent without a lag.
        var unlearned: DrawnChildren?
        var parameters: [PackedFloats]
        var optimizers: [[String: PackedFloats]]
    }

    public func state() throws -> Data {
        let stored = Stored(
            random: random, advantages: advantages, baseline: baseline, keepRate: keepRate, entropyBonus: entropyBonus,
            critic: critic?.memory, drawn: drawn.map(PackedFloats.init), unlearned: unlearned,
            parameters: try agent.parameters.map { PackedFloats(try $0.floats()) },
            optimizers: try optimizers.map { try $0.state().mapValues { PackedFloats(try $0.floats()) } })
        let encoder = PropertyListEncoder()
        encoder.outputFormat = .binary
        return try encoder.encode(stored)
    }

    /// Refuses what a file may hold and no agent has come to, before anything is taken from it.
    private func check(_ stored: Stored) throws {
        guard stored.parameters.count == agent.parameters.count, stored.optimizers.count == optimizers.count else {
            throw SearchError("the study's agent has another shape than this program's")
        }
        let drawn = stored.drawn?.values
        guard zip(agent.parameters, stored.parameters).allSatisfy({ $0.count == $1.values.count }),
            drawn?.count ?? space.entries.count == space.entries.count
        else {
            throw SearchError("the study's agent has another size than this program's")
        }
        func isNotNegative(_ value: Double?) -> Bool { value.map { $0 >= 0 && $0.isFinite } ?? true }
        let numbers =
            stored.parameters.map(\.values) + [drawn ?? []] + stored.optimizers.flatMap { $0.values.map(\.values) }
        // Adam takes the root of its second moments, and counts its steps.
        let roots = stored.optimizers.flatMap { $0.filter { !$0.key.hasPrefix("first.") }.values.map(\.values) }
        guard numbers.joined().allSatisfy(\.isFinite), roots.joined().allSatisfy({ $0 >= 0 }),
            isNotNegative(stored.advantages.variance), isNotNegative(stored.entropyBonus),
            stored.baseline?.isFinite ?? true, stored.keepRate?.isFinite ?? true
        else {
            throw SearchError(
                "the study's agent holds numbers that nothing can be computed with; start a new search in another folder"
            )
        }
        try stored.unlearned?.check(entries: space.entries.count)
    }

    /// An optimizer's numbers, in its own shapes.
    /// - Throws: `SearchError` where they are not as many as it has.
    private func moments(_ packed: [String: PackedFloats], of optimizer: Adam) throws -> [String: Tensor] {
        let shapes = try optimizer.state().mapValues(\.shape)
        let tensors = try packed.compactMap { name, floats -> (String, Tensor)? in
            guard let shape = shapes[name], shape.reduce(1, *) == floats.values.count else { return nil }
            return (name, try Tensor(floats.values, shape))
        }
        guard tensors.count == packed.count, tensors.count == shapes.count else {
            throw SearchError("the study's agent has another size than this program's")
        }
        return Dictionary(uniqueKeysWithValues: tensors)
    }

    public func restore(_ state: Data) throws {
        let stored = try PropertyListDecoder().decode(Stored.self, from: state)
        try check(stored)
        let restored = try zip(optimizers, stored.optimizers).map { try moments($1, of: $0) }
        try critic?.restore(stored.critic ?? .init())
        random = stored.random
        advantages = stored.advantages
        baseline = stored.baseline
        keepRate = stored.keepRate
        entropyBonus = stored.entropyBonus
        drawn = stored.drawn?.values
        if unlearned != nil { unlearned = stored.unlearned ?? DrawnChildren() }
        for (parameter, values) in zip(agent.parameters, stored.parameters.map(\.values)) {
            try parameter.assign(Tensor(values, parameter.shape))
        }
        for (optimizer, values) in zip(optimizers, restored) { try optimizer.restore(values) }
    }
}
