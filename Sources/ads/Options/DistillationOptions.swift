import ArgumentParser
import Training

/// What a network learns from beside the labels.
struct DistillationOptions: ParsableArguments {
    @Flag(help: "Learn from the dense network's logits beside the labels; it must have this --seed.")
    var distil = false

    @Option(
        help: "What logits are divided by before they are compared. (default: 4)",
        transform: Real(from: Distillation.temperatures.lowerBound, upTo: Distillation.temperatures.upperBound).parse)
    var distilTemperature: Double?

    @Option(
        help: "The weight of the dense network's logits; the labels have the rest. (default: 0.9)",
        transform: Real(over: 0, upTo: 1).parse)
    var distilWeight: Double?

    /// Refuses the numbers of a distillation that is not asked for.
    /// - Throws: `UsageError` that names the option.
    func check() throws {
        guard !distil else { return }
        for (option, value) in [("--distil-temperature", distilTemperature), ("--distil-weight", distilWeight)]
        where value != nil { throw UsageError("\(option) needs --distil") }
    }

    /// The distillation from a run whose weights have the digest.
    func from(run: String, digest: String) -> Distillation {
        var distillation = Distillation(teacher: run, digest: digest)
        if let distilTemperature { distillation.temperature = distilTemperature }
        if let distilWeight { distillation.weight = distilWeight }
        return distillation
    }
}
