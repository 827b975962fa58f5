import DenseNetArchitecture

/// What a target limits and a price is taken for.
public enum CostMeasure: String, Codable, Sendable, CaseIterable {
    /// Multiply-adds of one image.
    case macs
    /// Parameters.
    case parameters
    /// Elements that all convolutions read and write for one image.
    case traffic
    /// Microseconds of one image, by a table that was measured on this machine.
    case latency

    /// What people call it.
    public var noun: String {
        switch self {
        case .macs: "MACs"
        case .parameters: "parameters"
        case .traffic: "activations read and written"
        case .latency: "microseconds"
        }
    }

    /// This cost of a network.
    /// - Parameter table: needed for latency.
    public func of(_ network: Network, _ table: LatencyTable? = nil) -> Int {
        switch self {
        case .macs: return network.cost.macs
        case .parameters: return network.cost.parameters
        case .traffic: return network.cost.activationTraffic
        case .latency:
            guard let table else { preconditionFailure("a latency needs a table") }
            return Int((table.milliseconds(of: network) * 1e3).rounded())
        }
    }
}

/// A limit that every network of a search keeps.
public struct CostTarget: Codable, Sendable, Hashable {
    /// What is limited.
    public let measure: CostMeasure
    /// The most it may be.
    public let limit: Int
    /// What latencies are computed from; for latency alone.
    public let table: LatencyTable?

    /// This target's cost of a network.
    public func cost(of network: Network) -> Int { measure.of(network, table) }

    /// A limit that is known to be within reach.
    init(_ measure: CostMeasure, limit: Int, table: LatencyTable? = nil) {
        self.measure = measure
        self.limit = limit
        self.table = table
    }

    /// Refuses what no search of a space can keep, as a file may hold anything.
    /// - Throws: `SearchError`; `ArchitectureError` where the space's architecture is none.
    package func validate(in space: SearchSpace) throws {
        guard measure != .latency || table != nil else {
            throw SearchError("the target limits latencies, and has no table of them")
        }
        // Whatever the target limits, who looks at a study may ask for latencies.
        try table?.validate(for: space.architecture)
        let least = cost(of: try space.cheapest())
        guard limit >= least, limit <= 1 << 53 else {
            throw SearchError("the target's limit of \(limit) \(measure.noun) is out of reach; the least is \(least)")
        }
    }

    /// A target as a user writes it: up to 1 a share of the dense network, else a number; a latency is in milliseconds.
    /// - Throws: `SearchError` when the space cannot reach it, with the reachable range.
    public init(_ measure: CostMeasure, _ value: Double, in space: SearchSpace, table: LatencyTable? = nil) throws {
        let dense = measure.of(try Network(space.architecture), table)
        let least = measure.of(try space.cheapest(), table)
        let limit = measure == .latency ? value * 1e3 : value <= 1 ? value * Double(dense) : value
        let range = "\(least) to \(dense) \(measure.noun), \(share(least, dense)) to 1 of the dense network"
        guard value > 0, limit.isFinite else {
            throw SearchError("the target \(value) is out of reach; possible are \(range)")
        }
        guard limit >= Double(least) else {
            let wider = SearchSpace(space.architecture, searchesBlockEnds: true)
            let widest = measure.of(try wider.cheapest(), table)
            let reached = "\(widest), \(share(widest, dense)) of dense"
            let hint =
                space.searchesBlockEnds || Double(widest) > limit ? "" : "; --search-block-end reaches from \(reached)"
            // Whoever thinks of percent.
            let isPercent = measure != .latency && value > 1 && value <= 100
            let advice =
                isPercent ? "; over 1 it is no share: \(value)% of the dense network is \(value / 100)" : ""
            throw SearchError(
                "a target of \(Int(limit)) \(measure.noun) is out of reach: pruning \(space.searchesBlockEnds ? "all" : "the layers'") connections reaches \(range)\(hint)\(advice)"
            )
        }
        self.measure = measure
        self.limit = Int(min(limit, Double(dense)))
        self.table = table
    }
}

private func share(_ part: Int, _ whole: Int) -> Double { (Double(part) / Double(whole) * 1000).rounded() / 1000 }
