import DenseNetArchitecture
import Files
import Foundation

/// The patterns of the literature as rows of a comparison: each is proposed once; with a target those that keep it.
public final class FixedStrategy: Strategy {
    public static let name = "fixed"
    public static let help = "dense, log, harmonic, nearest and far-near, each once"
    /// Log-DenseNet, HarDNet and the patterns of arXiv 1804.05340.
    static let patterns = ["dense", "log", "harmonic", "nearest", "nearest:2", "nearest:4", "far-near:4", "far-near:6"]
    private let rows: [Connectivity]
    private var next = 0

    public init(_ context: StrategyContext) throws {
        let (space, target) = (context.space, context.target)
        var rows: [Connectivity] = []
        for pattern in Self.patterns {
            let row = Connectivity(try ConnectivityPatterns.parse(pattern), for: space.architecture)
            let cost = try target.map { $0.cost(of: try Network(space.architecture, row)) }
            if let target, let cost, cost > target.limit { continue }
            if !rows.contains(row) { rows.append(row) }
        }
        guard !rows.isEmpty else {
            throw SearchError(
                "no fixed pattern keeps \(target?.limit ?? 0) \(target?.measure.noun ?? ""); raise the target or choose another strategy"
            )
        }
        self.rows = rows
    }

    public func propose(_ count: Int) -> [Connectivity] {
        defer { next = min(rows.count, next + count) }
        return Array(rows[next..<min(rows.count, next + count)])
    }

    public func learn(_ children: [(connectivity: Connectivity, reward: Double)]) {}
    public func state() throws -> Data { Data(try CanonicalJSON.text(next).utf8) }
    public func restore(_ state: Data) throws {
        let stored = try JSONDecoder().decode(Int.self, from: state)
        guard 0...rows.count ~= stored else {
            throw SearchError("the study's state is not that of \(rows.count) patterns")
        }
        next = stored
    }
}
