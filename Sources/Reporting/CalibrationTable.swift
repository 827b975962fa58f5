import ConnectivitySearch
import Evaluation
import Foundation

extension Calibration {
    /// The columns of the comparison.
    static let columns: [(head: String, value: @Sendable (Row) -> String)] = [
        ("evaluator", { $0.name }),
        ("Kendall's tau", { $0.tau.map { fixed($0, 2) } ?? "none" }),
        (
            "95% interval",
            { row in row.low.flatMap { low in row.high.map { "\(fixed(low, 2)) to \(fixed($0, 2))" } } ?? "" }
        ),
        ("given the MACs", { $0.partialTau.map { fixed($0, 2) } ?? "" }),
        ("seconds a child", { fixed($0.secondsPerChild, 1) }),
        ("seconds before", { fixed($0.secondsBefore, 0) }),
    ]

    /// The cells of the comparison, a line for each evaluator, and one for full training where it has more than one
    /// seed.
    var cells: [[String]] {
        var all = rows
        if configuration.fullSeeds > 1 {
            var full = full
            full.name = "full training, one seed by another"
            all.append(full)
        }
        return all.map { row in Self.columns.map { $0.value(row) } }
    }

    /// The comparison as a table of text.
    public var table: String {
        let all = [Self.columns.map(\.head)] + cells
        let widths = Self.columns.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
        let lines = all.map { line in
            line.indices.map { column in
                let space = String(repeating: " ", count: widths[column] - line[column].count)
                return column == 0 ? line[column] + space : space + line[column]
            }.joined(separator: "  ")
        }
        return (lines + [summary] + (noise.map { [$0] } ?? [])).joined(separator: "\n")
    }

    private var summary: String {
        let macs = points.map(\.macs)
        let range = "\(points.count) connectivities, \(grouped(macs.min() ?? 0)) to \(grouped(macs.max() ?? 0)) MACs"
        let trained = "\(plural(configuration.fullEpochs, "epoch")), \(plural(configuration.fullSeeds, "seed"))"
        return "\(range); full training: \(trained), \(fixed(full.secondsPerChild, 1)) seconds each"
    }

    /// How large differences between connectivities are beside those between seeds.
    var noise: String? {
        spread.map { spread in
            let nothing =
                spread.connectivities == 0
                ? ": no more than seeds explain; these trainings cannot tell which is better" : ""
            return
                "full trainings of one connectivity deviate by \(fixed(spread.seeds * 100, 2)) points between seeds; connectivities deviate by \(fixed(spread.connectivities * 100, 2)) points beyond that\(nothing)"
        }
    }
}

// What a report says of calibrations.
extension HTMLReport {
    /// Each evaluator's accuracies against those of full training, and how alike the orders are.
    var calibrations: String {
        content.calibrations.map { calibrated -> String in
            let calibration = calibrated.calibration
            let series = calibration.rows.dropLast().enumerated().map { index, row in
                Charts.Series(
                    name: "\(row.name)\(row.tau.map { ", τ \(fixed($0, 2))" } ?? "")",
                    points: zip(calibration.points, row.values).map { ($0.mean, $1) }, isLine: false, color: index,
                    titles: zip(calibration.points, row.values).map {
                        "\(percent($1)), \(percent($0.mean)) in full, \(grouped($0.macs)) MACs"
                    })
            }
            let heads = Calibration.columns.map { "<th>\(escape($0.head))</th>" }.joined()
            let rows = calibration.cells.map { line -> String in
                "<tr><th scope=\"row\">\(escape(line[0]))</th>\(line.dropFirst().map { "<td>\(escape($0))</td>" }.joined())</tr>"
            }
            let c = calibration.configuration
            let noise = calibration.noise
            return """
                <h2>Evaluators against full training</h2>
                <p class="note">\(calibration.points.count) random connectivities of \(escape(c.search.data.name)), each trained in full for \(plural(c.fullEpochs, "epoch")) with \(plural(c.fullSeeds, "seed")) (\(fixed(calibration.full.secondsPerChild, 1)) seconds each), and what each evaluator said of it. Kendall's rank correlation is 1 for the same order and 0 for none; an evaluator that does no better than the MACs alone only tells dear from cheap, and what it knows beyond that is its correlation with the MACs held fixed.</p>
                <div class="wide"><table><thead><tr>\(heads)</tr></thead><tbody>\(rows.joined())</tbody></table></div>
                \(noise.map { "<p class=\"note\">\(escape($0.prefix(1).uppercased() + $0.dropFirst())).</p>" } ?? "")
                \(Charts.plot(Array(series), x: "accuracy after full training", y: "accuracy by the evaluator", format: { fixed($0 * 100, 1) + "%" }, xFormat: { fixed($0 * 100, 1) + "%" }))
                """
        }.joined()
    }
}
