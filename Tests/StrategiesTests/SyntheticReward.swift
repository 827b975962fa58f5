import DenseNetArchitecture
import Randomness

@testable import Strategies

/// A reward that can be computed: each connection is worth something, known to the test alone, plus noise.
struct SyntheticReward {
    let worth: [Double]
    let space: SearchSpace
    var noise: SeededGenerator
    let deviation: Double

    init(_ space: SearchSpace, seed: UInt64, deviation: Double = 0.005) {
        self.space = space
        self.deviation = deviation
        var random = SeededGenerator(seed: seed)
        worth = space.entries.map { _ in (random.uniform() + random.uniform() + random.uniform() - 1.5) * 0.02 }
        noise = random
    }

    func exact(_ connectivity: Connectivity) -> Double {
        0.6 + zip(space.choices(connectivity), worth).reduce(0) { $0 + ($1.0 ? $1.1 : 0) }
    }

    mutating func measured(_ connectivity: Connectivity) -> Double {
        exact(connectivity) + (noise.uniform() + noise.uniform() + noise.uniform() - 1.5) * 2 * deviation
    }
}

/// Runs a strategy against a synthetic reward; the exact rewards of what it proposed, per update.
func play(_ strategy: any Strategy, _ reward: inout SyntheticReward, updates: Int, each: Int) throws -> [[Double]] {
    try (0..<updates).map { _ in
        let children = try strategy.propose(each)
        try strategy.learn(children.map { ($0, reward.measured($0)) })
        return children.map(reward.exact)
    }
}
