import DenseNetArchitecture
import DenseNetModel
import Foundation
import Randomness
import Torch

/// Greedy pruning of a trained dense network: the connections with the smallest magnitudes go, the rest is tuned, and
/// so on.
///
/// Without a target each step is a child, from just under the dense network's cost to the cheapest. With one, the steps
/// on the way to it are not proposed, as they do not keep it; the network that does is the only child. The images seen
/// by tuning count as the search's. Which connections rank low: `DenseNet.magnitudes`.
public final class MagnitudeStrategy: Strategy {
    public static let name = "magnitude"
    public static let help = "greedy pruning of the trained --dense by weights and BN scales, tuned between"
    public static let needsDense = true
    /// Steps of pruning on the way to a target, with tuning between; ours.
    static let stepsToTarget = 4

    private let space: SearchSpace
    private let target: CostTarget?
    private let dense: PrunedDense
    private let seed: UInt64
    /// Steps of the whole path; of one that goes on as many as it began with, whatever more children are asked for.
    private var steps: Int
    private let note: (String) -> Void
    private var net: DenseNet
    private var choices: [Bool]
    /// Steps of pruning, and of tuning, that were done.
    private var (pruned, tuned) = (0, 0)
    public private(set) var images = 0

    public init(_ context: StrategyContext) throws {
        guard let dense = context.dense else {
            throw SearchError("magnitude ranks the connections of a trained dense network; give its run with --dense")
        }
        (space, target, seed, note) = (context.space, context.target, context.seed, context.note)
        self.dense = dense
        steps = context.target == nil ? context.children : Self.stepsToTarget
        net = dense.network
        choices = space.entries.map { _ in true }
    }

    public func propose(_ count: Int) throws -> [Connectivity] {
        guard pruned < steps else { return [] }
        // Networks on the way to a target do not keep it.
        repeat {
            try tune()
            try prune()
        } while target != nil && pruned < steps
        return [space.connectivity(choices)]
    }

    /// Prunes as far as the next step's share of the way.
    private func prune() throws {
        pruned += 1
        let measure = target?.measure ?? .macs
        let from = measure.of(try Network(space.architecture), target?.table)
        let to = try target?.limit ?? measure.of(reachable(), nil)
        let limit = from - (from - to) * pruned / steps
        func fits() throws -> Bool {
            try measure.of(Network(space.architecture, space.connectivity(choices)), target?.table) <= limit
        }
        let magnitudes = try space.magnitudes(of: net)
        let order = space.entries.indices.filter { space.entries[$0].isFree && choices[$0] }
            .sorted { (magnitudes[$0], $0) < (magnitudes[$1], $1) }
        var gone: [Int] = []
        for index in order {
            if try fits() { break }
            // A layer must read something, and of what its weights know.
            guard choices[space.row(of: index)].count(where: { $0 }) > 1 else { continue }
            choices[index] = false
            gone.append(index)
        }
        if let target, pruned == steps, try !fits() {
            let reached = target.cost(of: try Network(space.architecture, space.connectivity(choices)))
            throw SearchError(
                "pruning by magnitude reaches \(reached) \(target.measure.noun), not the target of \(limit); choose a higher target, or another strategy"
            )
        }
        // The last that went may have cost more than was needed.
        choices = try space.adding(gone.reversed(), to: choices, upTo: limit) { measure.of($0, target?.table) }
        net = try net.rebuilt(space.connectivity(choices))
    }

    /// The dense network where each row reads what it must, or else what has the greatest magnitude, alone.
    private func reachable() throws -> Network {
        let magnitudes = try space.magnitudes(of: dense.network)
        let choices = space.entries.indices.map { index in
            !space.entries[index].isFree
                || space.row(of: index).allSatisfy {
                    space.entries[$0].isFree && (magnitudes[$0], -$0) <= (magnitudes[index], -index)
                }
        }
        return try Network(space.architecture, space.connectivity(choices))
    }

    /// Tunes what the last step left, before the next one ranks it.
    private func tune() throws {
        guard pruned > 0, tuned < pruned else { return }
        note("magnitude tunes what step \(pruned) of \(steps) left")
        // Other images, in another order, than the step before.
        images += try dense.tune(net, SeededGenerator(seed: seed, stream: 0x3A6, UInt64(pruned)).state)
        tuned = pruned
    }

    public func learn(_ children: [(connectivity: Connectivity, reward: Double)]) {}

    // MARK: State

    private struct Stored: Codable {
        /// Absent in states of older versions.
        var steps: Int?
        var pruned: Int
        var tuned: Int
        var images: Int
        var choices: [Bool]
        var weights: [String: PackedFloats]
    }

    public func state() throws -> Data {
        let weights = Dictionary(
            uniqueKeysWithValues: try net.tensors.map { ($0.name, PackedFloats(try $0.tensor.floats())) })
        let encoder = PropertyListEncoder()
        encoder.outputFormat = .binary
        return try encoder.encode(
            Stored(steps: steps, pruned: pruned, tuned: tuned, images: images, choices: choices, weights: weights))
    }

    public func restore(_ state: Data) throws {
        let stored = try PropertyListDecoder().decode(Stored.self, from: state)
        let steps = stored.steps ?? self.steps
        guard stored.choices.count == choices.count else {
            throw SearchError("the study's matrices have another size than this program's")
        }
        guard 1...1_000_000 ~= steps, 0...steps ~= stored.pruned, 0...stored.pruned ~= stored.tuned,
            0...(1 << 42) ~= stored.images
        else {
            throw SearchError("the study's steps of pruning cannot be; start a new search in another folder")
        }
        // Shapes and device are those of the network that is pruned the same way.
        let smaller = try dense.network.rebuilt(space.connectivity(stored.choices))
        try withoutGrad {
            for (name, tensor) in smaller.tensors {
                guard let values = stored.weights[name]?.values, values.count == tensor.count else {
                    throw SearchError("the study's weights of '\(name)' have another size than this program's")
                }
                guard values.allSatisfy(\.isFinite) else {
                    throw SearchError(
                        "the study's weights of '\(name)' are no numbers; start a new search in another folder")
                }
                try tensor.assign(Tensor(values, tensor.shape).to(on: smaller.device))
            }
        }
        (self.steps, net) = (steps, smaller)
        (pruned, tuned, images, choices) = (stored.pruned, stored.tuned, stored.images, stored.choices)
    }
}

extension SearchSpace {
    /// The magnitude of each entry in a network, as `DenseNet.magnitudes` counts it; 0 of what the network does not
    /// read.
    func magnitudes(of net: DenseNet) throws -> [Double] {
        let magnitudes = try net.magnitudes()
        return entries.map { magnitudes[$0.block][$0.layer]?[$0.source] ?? 0 }
    }
}
