import DenseNetArchitecture
import Foundation
import Randomness

/// What children's rewards say of single connections: a linear model of a space, and the children it learned from.
struct RewardModel {
    /// Children before the model says anything; ours.
    static let least = 20

    /// The children learned from, which are all there is to store.
    struct Memory: Codable {
        /// A letter a free connection; those of layers that nothing reads are as good as pruned.
        var children: [String] = []
        var rewards: [Double] = []
        var scale: LinearModel.Scale?
    }

    private let space: SearchSpace
    /// The free entries of the space.
    let free: [Int]
    /// What each of them costs by itself, 1 at least.
    let costs: [Double]
    private(set) var memory = Memory()
    private(set) var linear: LinearModel

    /// A model that knows nothing of a space.
    init(_ space: SearchSpace, _ target: CostTarget?) throws {
        self.space = space
        let entries = space.entries
        let free = entries.indices.filter { entries[$0].isFree }
        func cost(_ network: Network) -> Int { (target?.measure ?? .macs).of(network, target?.table) }
        // Where layers can be left out, what a connection costs depends on who else reads the layer.
        let each = try space.keepsPredecessor ? space.separateCosts(cost) : space.savings(cost)
        (self.free, costs) = (free, free.map { Double(max(1, each[$0])) })
        // A connection that costs more carries more: its worth is expected to grow with the root of its cost. But what
        // keeps a layer or lets it go is worth a layer, whatever it costs by itself.
        linear = LinearModel(priorDeviations: costs.map { space.dropsLayers ? 1 : $0.squareRoot() })
    }

    /// Whether it has learned enough to say anything.
    var isReady: Bool { !free.isEmpty && memory.rewards.count >= Self.least }

    /// Learns from a child, given a decision per entry of the space; from none without a number, and once from a
    /// network that is looked up again, whose reward is the old one.
    mutating func learn(_ choices: [Bool], _ reward: Double) {
        guard !free.isEmpty, reward.isFinite else { return }
        let child = child(choices)
        guard !zip(memory.children, memory.rewards).contains(where: { $0 == (child, reward) }) else { return }
        memory.children.append(child)
        memory.rewards.append(reward)
        absorb()
    }

    /// What is remembered of decisions: those that make the network, as rewards say nothing of the others.
    private func child(_ choices: [Bool]) -> String {
        let living = space.living(choices)
        return String(free.map { living[$0] ? "1" : "0" })
    }

    /// Gives the model what it has not seen, in the order in which it was learned.
    private mutating func absorb() {
        if memory.scale == nil, memory.rewards.count >= Self.least {
            memory.scale = LinearModel.Scale(memory.children.map(Self.bits), memory.rewards)
        }
        guard let scale = memory.scale else { return }
        linear.add(
            (linear.count..<memory.rewards.count).map { (Self.bits(memory.children[$0]), memory.rewards[$0]) }, scale)
    }

    private static func bits(_ text: String) -> [Double] { text.utf8.map { $0 == UInt8(ascii: "1") ? 1 : 0 } }

    /// What is known of the worths.
    /// - Throws: `SearchError` where the children's numbers are beyond computing.
    func posterior() throws -> LinearModel.Posterior { try linear.posterior() }

    /// The reward that a child is expected to have by what is known now, given a decision per entry of the space; `nil`
    /// until enough is known.
    /// - Throws: as above.
    func expectation() throws -> (([Bool]) -> Double)? {
        guard isReady, let scale = memory.scale else { return nil }
        let (space, free, posterior) = (space, free, try posterior())
        return { choices in
            let living = space.living(choices)
            return scale.reward + scale.deviation * posterior.expected(free.map { living[$0] ? 1 : 0 }, scale)
        }
    }

    /// Knows what another knew when its memory was stored, as a file may hold anything.
    /// - Throws: `SearchError`.
    mutating func restore(_ stored: Memory) throws {
        guard stored.children.count == stored.rewards.count,
            stored.children.allSatisfy({ child in
                child.utf8.count == free.count
                    && child.utf8.allSatisfy { $0 == UInt8(ascii: "0") || $0 == UInt8(ascii: "1") }
            }), stored.scale.map({ $0.isSound(for: free.count) }) ?? true, stored.rewards.allSatisfy(\.isFinite)
        else {
            throw SearchError("the study's matrices have another size than this program's")
        }
        memory = stored
        // Older versions kept what layers read that nothing reads.
        memory.children = stored.children.map { letters in
            var choices = space.entries.map { _ in true }
            for (index, letter) in zip(free, letters.utf8) { choices[index] = letter == UInt8(ascii: "1") }
            return child(choices)
        }
        linear.forget()
        absorb()
    }
}
