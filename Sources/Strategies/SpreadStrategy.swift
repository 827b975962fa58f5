import DenseNetArchitecture
import Files
import Foundation
import Randomness

/// Coin flips whose costs are spread evenly from the cheapest network of the space to the dense one, or to the target,
/// or that lie in a few bands of equal cost, in turn: what an evaluator is calibrated on, and a front without a search.
public final class SpreadStrategy: Strategy {
    public static let name = "spread"
    public static let help = "coin flips at costs spread evenly over the range"
    private let space: SearchSpace
    private let measure: CostMeasure
    private let table: LatencyTable?
    private let range: (low: Int, high: Int)
    /// Draws children of each band; none without bands.
    private let bands: [SequentialSampling]
    private var memory: Memory

    private struct Memory: Codable {
        var random: SeededGenerator
        var next = 0
    }

    public init(_ context: StrategyContext) throws {
        space = context.space
        (measure, table) = (context.target?.measure ?? .macs, context.target?.table)
        let cheapest = measure.of(try space.cheapest(), table)
        range = (cheapest, try context.target?.limit ?? measure.of(Network(space.architecture), table))
        bands = try (context.bands ?? []).map {
            try SequentialSampling(space: context.space, target: CostTarget(.macs, limit: $0))
        }
        memory = Memory(random: SeededGenerator(seed: context.seed, stream: 0x59E))
    }

    public func propose(_ count: Int) throws -> [Connectivity] {
        try (0..<count).flatMap { _ in try next() }
    }

    private func next() throws -> [Connectivity] {
        defer { memory.next += 1 }
        guard bands.isEmpty else { return bands[memory.next % bands.count].flips(1, &memory.random) }
        // Steps of the golden ratio fill a range evenly, however many are taken (a Kronecker sequence).
        let share = (0.5 + Double(memory.next) * 0.618_033_988_749_895).truncatingRemainder(dividingBy: 1)
        let limit = range.low + Int(share * Double(range.high - range.low))
        let target = CostTarget(measure, limit: limit, table: table)
        return try SequentialSampling(space: space, target: target).flips(1, &memory.random)
    }

    public func learn(_ children: [(connectivity: Connectivity, reward: Double)]) {}
    public func state() throws -> Data { Data(try CanonicalJSON.text(memory).utf8) }
    public func restore(_ state: Data) throws {
        let stored = try JSONDecoder().decode(Memory.self, from: state)
        guard 0...(1 << 53) ~= stored.next else { throw SearchError("the study's state has a place of \(stored.next)") }
        memory = stored
    }
}
