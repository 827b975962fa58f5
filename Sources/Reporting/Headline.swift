import Foundation

/// What the page says first: how the found network does beside the dense one, where the two can be compared.
struct Headline: Equatable {
    /// The sentences.
    var text: String
    /// What to run so that they can be compared; `nil` where they are.
    var command: String?

    /// A headline for a report; `nil` where there is no found network or no dense one.
    init?(_ content: ReportContent) {
        let rows = content.rows
        func named(_ label: String) -> [ReportContent.Row] { rows.filter { $0.label == label } }
        let (found, dense) = (named("found"), named("dense"))
        guard let firstFound = found.first, let firstDense = dense.first else { return nil }
        let pairs = found.flatMap { own in dense.compactMap { Pair(own, $0) } }
        guard let pair = pairs.max(by: { $0.seeds < $1.seeds }) else {
            self = Self.refusal(firstFound, firstDense, content)
            return
        }
        let (own, whole) = (pair.first, pair.second)
        text =
            "The network found has \(percent(Double(own.macs) / Double(whole.macs))) of the dense network's MACs and \(percent(Double(own.parameters) / Double(whole.parameters))) of its parameters; its \(own.split) accuracy is \(pair.words)."
        // At the same cost: as near as a search comes to its target.
        let random = named("random").filter { abs(Double($0.macs) / Double(own.macs) - 1) <= 0.02 }.compactMap {
            Pair(own, $0)
        }
        if let flipped = random.max(by: { $0.seeds < $1.seeds }) {
            text += " Against the best of random search at the same cost it is \(flipped.words)."
        }
        if pair.seeds < 3 {
            text +=
                " With \(plural(pair.seeds, "seed")) such differences are no proof: three paired seeds are the least."
        }
    }

    private init(text: String, command: String?) { (self.text, self.command) = (text, command) }

    private static func refusal(
        _ found: ReportContent.Row, _ dense: ReportContent.Row, _ content: ReportContent
    ) -> Headline {
        let start = "The network found and the dense one are not compared here: "
        guard
            let ownRun = content.trained.first(where: {
                $0.result.label == "found" && Conditions($0) == found.conditions
            }),
            let wholeRun = content.trained.first(where: {
                $0.result.label == "dense" && Conditions($0) == dense.conditions
            })
        else { return Headline(text: start + "their runs are gone.", command: nil) }
        let differences = found.conditions.differences(
            from: dense.conditions, there: "the dense network", here: "the found one")
        let why = differences.isEmpty ? "they have no seed in common" : differences.joined(separator: "; ")
        // The dense network neither inherits its own weights nor is its own teacher: then the found one is trained as
        // the dense one was.
        let own = ownRun.configuration
        let command =
            own.initialWeights == nil && own.distillation == nil
            ? ReportCommands.training(own, label: "dense", architecture: ownRun.path, dense: true)
            : ReportCommands.training(wholeRun.configuration, label: "found", architecture: ownRun.path)
        return Headline(text: start + why + ". To compare them, run this and write the report again:", command: command)
    }

    /// Two networks under the same conditions, with seeds in common.
    private struct Pair {
        let first: ReportContent.Row
        let second: ReportContent.Row
        let seeds: Int
        /// Mean over the common seeds of the first one's accuracy less the second one's.
        let difference: Double

        init?(_ first: ReportContent.Row, _ second: ReportContent.Row) {
            guard first.conditions == second.conditions else { return nil }
            func bySeed(_ row: ReportContent.Row) -> [UInt64: Double] {
                Dictionary(zip(row.seeds, row.accuracies), uniquingKeysWith: { first, _ in first })
            }
            let others = bySeed(second)
            let differences = bySeed(first).compactMap { seed, accuracy in others[seed].map { accuracy - $0 } }
            guard !differences.isEmpty else { return nil }
            (self.first, self.second, seeds) = (first, second, differences.count)
            difference = differences.reduce(0, +) / Double(differences.count)
        }

        var words: String { "\(fixed(abs(difference) * 100, 2)) points \(difference < 0 ? "lower" : "higher")" }
    }
}
