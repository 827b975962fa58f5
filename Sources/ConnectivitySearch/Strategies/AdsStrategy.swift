import DenseNetArchitecture
import Foundation
import Randomness
import Torch

/// The published method: a recurrent agent trained by REINFORCE (Williams, 1992) on the children's rewards, with a
/// moving-average baseline, an entropy bonus and Adam.
public class AdsStrategy: Strategy {
    public class var name: String { "ads" }
    public class var help: String { "a recurrent agent trained by reinforcement learning" }
    public class var defaultPrice: SearchConfiguration.Price? { nil }
    private let space: SearchSpace
    private let settings: AgentSettings
    private let sampling: BudgetedSampling
    private let agent: Agent
    private let optimizer: Adam
    private var random: SeededGenerator
    private var entropyBonus: Double
    public private(set) var baseline: Double?
    public private(set) var keepRate: Double?
    /// The mean probabilities with which the last update's children were drawn, one per entry.
    private var drawn: [Float]?

    public required init(_ context: StrategyContext) throws {
        (space, settings) = (context.space, context.settings)
        let seed = context.seed
        sampling = BudgetedSampling(space: context.space, target: context.target)
        agent = try Agent(space, settings, seed: SeededGenerator(seed: seed, stream: 0xA6E).state)
        optimizer = try Adam(agent.parameters, rate: settings.learningRate)
        random = SeededGenerator(seed: seed, stream: 0xAD5)
        entropyBonus = settings.entropyBonus
    }

    public func propose(_ count: Int) throws -> [Connectivity] {
        try withoutGrad {
            try sampling.draw(count, &random) { coins, biases in
                var choices = coins.map { _ in [Bool]() }
                let logits = try agent.walk(count) { first, logits in
                    let values = try logits.doubles()
                    let width = values.count / count
                    return (0..<count).map { k in
                        let row = (0..<width).map { j in
                            let free = space.entries[first + j].isFree
                            return !free || coins[k][first + j] < 1 / (1 + exp(-values[k * width + j] - biases[k]))
                        }
                        choices[k] += row
                        return row
                    }
                }
                let values = try logits.doubles()
                let width = space.entries.count
                return (choices, (0..<count).map { Array(values[$0 * width..<($0 + 1) * width]) })
            }
        }
    }

    public func learn(_ children: [(connectivity: Connectivity, reward: Double)]) throws {
        guard !children.isEmpty else { return }
        let choices = children.map { space.choices($0.connectivity) }
        let mean = children.reduce(0) { $0 + $1.reward } / Double(children.count)
        let baseline = self.baseline ?? mean
        let logits = try agent.walk(children.count) { first, logits in
            choices.map { Array($0[first..<first + logits.shape[1]]) }
        }
        // A target shifts a child's logits by the bias that met it; its best estimate from the child alone is the one
        // that makes the expected number of kept connections the number kept. It is a constant to the gradient.
        let values = try logits.doubles()
        let width = space.entries.count
        let free = space.entries.indices.filter { space.entries[$0].isFree }
        guard !free.isEmpty else { return }
        var biases: [Double] = []
        var probability = 0.0
        for k in children.indices {
            let row = free.map { values[k * width + $0] }
            probability += row.reduce(0) { $0 + 1 / (1 + exp(-$1)) } / Double(free.count * children.count)
            biases.append(sampling.target == nil ? 0 : Self.bias(row, kept: free.count { choices[k][$0] }))
        }
        keepRate = sampling.target == nil
            ? probability
            : Double(choices.reduce(0) { sum, row in sum + free.count { row[$0] } }) / Double(free.count * children.count)
        let shifted = try logits.selecting(free, dim: 1) + Tensor(biases.map(Float.init), [children.count, 1])
        let means = try withoutGrad { try shifted.detached().sigmoid().mean([0]).floats() }
        var all = [Float](repeating: 1, count: width)
        for (entry, mean) in zip(free, means) { all[entry] = mean }
        drawn = all
        let taken = try Tensor(choices.flatMap { row in free.map { row[$0] ? Float(1) : 0 } }, [children.count, free.count])
        // log p of a Bernoulli choice is minus its cross entropy; the entropy is the cross entropy with itself.
        let logProbability = try -(shifted.binaryCrossEntropy(taken).sum([1]))
        let entropy = try shifted.binaryCrossEntropy(shifted.sigmoid()).sum([1]).mean()
        let advantages = try Tensor(children.map { Float($0.reward - baseline) }, [children.count])
        let loss = try -((logProbability * advantages).mean()) - (entropy * entropyBonus)
        for parameter in agent.parameters { parameter.clearGrad() }
        try loss.backward()
        try clipGradients()
        try optimizer.step()
        self.baseline = settings.baselineDecay * baseline + (1 - settings.baselineDecay) * mean
    }

    /// The bias that makes the expected number of kept connections `kept`.
    static func bias(_ logits: [Double], kept: Int) -> Double {
        var (low, high) = (-40.0, 40.0)
        for _ in 0..<60 {
            let middle = (low + high) / 2
            let expected = logits.reduce(0) { $0 + 1 / (1 + exp(-$1 - middle)) }
            if expected < Double(kept) { low = middle } else { high = middle }
        }
        return min(20, max(-20, (low + high) / 2))
    }

    private func clipGradients() throws {
        let grads = agent.parameters.compactMap(\.grad)
        let norm = try grads.reduce(0.0) { $0 + (try $1.pow(2).sum().item()) }.squareRoot()
        if norm > settings.gradientClip {
            for grad in grads { try grad.multiply(inPlace: settings.gradientClip / norm) }
        }
    }

    public func exploreMore() -> Bool {
        entropyBonus *= settings.entropyRaise
        return true
    }

    public func probabilities() -> [Float]? { drawn }

    // MARK: State

    private struct Stored: Codable {
        var random: SeededGenerator
        var baseline: Double?
        var keepRate: Double?
        var entropyBonus: Double
        var parameters: [PackedFloats]
        var optimizer: [String: PackedFloats]
    }

    public func state() throws -> Data {
        let stored = Stored(
            random: random, baseline: baseline, keepRate: keepRate, entropyBonus: entropyBonus,
            parameters: try agent.parameters.map { PackedFloats(try $0.floats()) },
            optimizer: try optimizer.state().mapValues { PackedFloats(try $0.floats()) })
        let encoder = PropertyListEncoder()
        encoder.outputFormat = .binary
        return try encoder.encode(stored)
    }

    public func restore(_ state: Data) throws {
        let stored = try PropertyListDecoder().decode(Stored.self, from: state)
        guard stored.parameters.count == agent.parameters.count else {
            throw SearchError("the study's agent has another shape than this program's")
        }
        random = stored.random
        baseline = stored.baseline
        keepRate = stored.keepRate
        entropyBonus = stored.entropyBonus
        for (parameter, values) in zip(agent.parameters, stored.parameters.map(\.values)) {
            guard values.count == parameter.count else { throw SearchError("the study's agent has another size than this program's") }
            try parameter.assign(Tensor(values, parameter.shape))
        }
        let shapes = try optimizer.state().mapValues(\.shape)
        try optimizer.restore(
            try Dictionary(uniqueKeysWithValues: stored.optimizer.map { name, packed in
                (name, try Tensor(packed.values, shapes[name] ?? [packed.values.count]))
            }))
    }
}
