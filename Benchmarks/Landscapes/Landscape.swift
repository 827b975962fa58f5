import DenseNetArchitecture
import Randomness
import Strategies

/// A made-up truth: what every connectivity of a space is worth, in deviations of coin flips at a target, whose mean is 0.
///
/// Each free connection is worth something, by a part that it shares with its block, distance, layer and source, and by one
/// of its own with a heavy tail; dearer ones more. Some pairs within a block are worth more or less together.
struct Landscape {
    private let space: SearchSpace
    private let free: [Int]
    /// What a free connection is worth, and how often coin flips keep it.
    private var worths: [Double]
    private let means: [Double]
    private var pairs: [(first: Int, second: Int, worth: Double)]
    private var (mean, deviation) = (0.0, 1.0)

    /// Shares of the variance: of what connections share in the single worths, of pairs in all.
    private static let (structured, paired) = (0.4, 0.25)
    /// Pairs a free connection.
    private static let pairsEach = 1.5
    /// Coin flips that means and deviations are taken of.
    private static let flips = 1000

    init(_ space: SearchSpace, _ target: CostTarget?, seed: UInt64) throws {
        var random = SeededGenerator(seed: seed, stream: 0x1A5D)
        self.space = space
        let free = space.entries.indices.filter { space.entries[$0].isFree }
        self.free = free
        func cost(_ network: Network) -> Int { (target?.measure ?? .macs).of(network, target?.table) }
        let costs = try space.dropsLayers ? space.savings(cost) : space.separateCosts(cost)
        let meanCost = free.reduce(0) { $0 + Double(costs[$1]) } / Double(free.count)
        let scales = free.map { (Double(costs[$0]) / meanCost).squareRoot() }
        let rows = space.entries.reduce(0) { max($0, $1.layer) }
        let blocks = space.architecture.blocks.map { _ in random.normal() }
        let distances = (0...rows).map { _ in random.normal() }
        let (input, depth) = (random.normal(), random.normal())
        worths = zip(free, scales).map { index, scale in
            let entry = space.entries[index]
            let shared =
                blocks[entry.block] + distances[entry.layer - entry.source] + (entry.source == 0 ? input : 0)
                + depth * (Double(entry.layer) / Double(rows) - 0.5) * 2
            let own = random.heavyTailed()
            return scale * (Self.structured.squareRoot() * shared / 2 + (1 - Self.structured).squareRoot() * own)
        }
        pairs = (0..<Int(Self.pairsEach * Double(free.count))).compactMap { _ in
            let first = random.index(below: free.count)
            let others = free.indices.filter {
                $0 != first && space.entries[free[$0]].block == space.entries[free[first]].block
            }
            guard !others.isEmpty else { return nil }
            let second = others[random.index(below: others.count)]
            return (first, second, random.heavyTailed() * (scales[first] * scales[second]).squareRoot())
        }
        let flips = try SequentialSampling(space: space, target: target).flips(Self.flips, &random)
        let bits = flips.map { child in
            let choices = space.choices(child)
            return free.map { choices[$0] ? 1.0 : 0 }
        }
        means = free.indices.map { j in bits.reduce(0) { $0 + $1[j] } / Double(bits.count) }
        let single = Self.spread(bits.map { singles($0) }).deviation
        let double = Self.spread(bits.map { doubles($0) }).deviation
        for k in worths.indices { worths[k] *= (1 - Self.paired).squareRoot() / single }
        for k in pairs.indices where double > 0 { pairs[k].worth *= Self.paired.squareRoot() / double }
        (mean, deviation) = Self.spread(bits.map { singles($0) + doubles($0) })
    }

    private func singles(_ bits: [Double]) -> Double {
        bits.indices.reduce(0) { $0 + (bits[$1] - means[$1]) * worths[$1] }
    }
    private func doubles(_ bits: [Double]) -> Double {
        pairs.reduce(0) { $0 + (bits[$1.first] - means[$1.first]) * (bits[$1.second] - means[$1.second]) * $1.worth }
    }
    private static func spread(_ values: [Double]) -> (mean: Double, deviation: Double) {
        let mean = values.reduce(0, +) / Double(values.count)
        let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        return (mean, (squares / Double(values.count - 1)).squareRoot())
    }

    /// The truth of a connectivity.
    func worth(_ connectivity: Connectivity) -> Double {
        let choices = space.choices(connectivity)
        let bits = free.map { choices[$0] ? 1.0 : 0 }
        return (singles(bits) + doubles(bits) - mean) / deviation
    }

    /// What a look at a trained network might say of each entry: a number that correlates so much with its worth.
    func belief(correlation: Double, seed: UInt64) -> [Double] {
        var random = SeededGenerator(seed: seed, stream: 0xBE1)
        let (mean, deviation) = Self.spread(worths)
        var belief = space.entries.map { _ in 0.0 }
        for (worth, index) in zip(worths, free) {
            belief[index] =
                correlation * (worth - mean) / deviation + (1 - correlation * correlation).squareRoot()
                * random.normal()
        }
        return belief
    }
}

extension SeededGenerator {
    /// Student's t of 3 degrees of freedom, scaled to a deviation of 1.
    fileprivate mutating func heavyTailed() -> Double {
        let squares = (0..<3).reduce(0.0) { sum, _ in
            let normal = normal()
            return sum + normal * normal
        }
        return normal() / squares.squareRoot()
    }
}
