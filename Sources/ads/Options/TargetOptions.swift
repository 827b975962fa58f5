import ArgumentParser
import ConnectivitySearch
import Strategies

/// What a network may cost at most.
struct TargetOptions: ParsableArguments {
    @Option(
        help: "The most MACs the network may have: a share of the dense network's up to 1, else a number.",
        transform: Real.cost.parse)
    var targetMacs: Double?

    @Option(
        help: "The most parameters, in the same way.",
        transform: Real.cost.parse)
    var targetParameters: Double?

    @Option(
        help: "The most activations that convolutions read and write for one image (HarDNet's CIO), in the same way.",
        transform: Real.cost.parse)
    var targetTraffic: Double?

    @Option(
        help:
            "The most milliseconds one image may take on --threads threads, by a table of layers that a search measures first.",
        transform: Real.cost.parse)
    var targetLatency: Double?

    func validate() throws {
        do { _ = try chosen() } catch let error as UsageError { throw ValidationError(error.description) }
    }

    /// The one target that was given.
    func chosen() throws -> (measure: CostMeasure, value: Double)? {
        let given: [(CostMeasure, Double)] = [
            targetMacs.map { (.macs, $0) }, targetParameters.map { (.parameters, $0) },
            targetTraffic.map { (.traffic, $0) },
            targetLatency.map { (.latency, $0) },
        ].compactMap { $0 }
        guard given.count <= 1 else {
            throw UsageError(
                "one target at a time: --target-macs, --target-parameters, --target-traffic or --target-latency")
        }
        return given.first
    }
}
