import ConnectivitySearch
import Foundation

extension Calibration {
    /// A row as people read it.
    struct Line {
        var name: String
        var tau: String
        var interval: String
        var givenMACs: String
        var seconds: String
        var before: String
    }

    /// What is told of full training and of each row.
    var lines: [Line] {
        var all = rows
        if configuration.fullSeeds > 1 {
            all.append(full)
            all[all.count - 1].name = "full training, one seed by another"
        }
        return all.map { row in
            Line(
                name: row.name, tau: row.tau.map { fixed($0, 2) } ?? "none", interval: row.low.flatMap { low in row.high.map { "\(fixed(low, 2)) to \(fixed($0, 2))" } } ?? "",
                givenMACs: row.givenMACs.map { fixed($0, 2) } ?? "",
                seconds: fixed(row.secondsPerChild, 1), before: fixed(row.secondsBefore, 0))
        }
    }

    /// The comparison as a table of text.
    public var table: String {
        let heads = Line(name: "evaluator", tau: "Kendall's tau", interval: "95% interval", givenMACs: "given the MACs", seconds: "seconds a child", before: "seconds before")
        let all = [heads] + lines
        func width(_ part: (Line) -> String) -> Int { all.map { part($0).count }.max() ?? 0 }
        func right(_ text: String, _ width: Int) -> String { String(repeating: " ", count: max(0, width - text.count)) + text }
        let name = width(\.name)
        return all.map { line in
            [
                line.name.padding(toLength: name, withPad: " ", startingAt: 0), right(line.tau, width(\.tau)), right(line.interval, width(\.interval)),
                right(line.givenMACs, width(\.givenMACs)), right(line.seconds, width(\.seconds)), right(line.before, width(\.before)),
            ].joined(separator: "  ")
        }.joined(separator: "\n")
            + "\n\(points.count) connectivities, \(grouped(points.map(\.macs).min() ?? 0)) to \(grouped(points.map(\.macs).max() ?? 0)) MACs; full training: \(plural(configuration.fullEpochs, "epoch")), \(plural(configuration.fullSeeds, "seed")), \(fixed(full.secondsPerChild, 1)) seconds each"
            + (noise.map { "\n" + $0 } ?? "")
    }

    /// How large differences between connectivities are beside those between seeds.
    var noise: String? {
        spread.map { spread in
            let nothing = spread.connectivities == 0 ? ": no more than seeds explain; trainings like these cannot tell which is better" : ""
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
                    titles: zip(calibration.points, row.values).map { "\(percent($1)), \(percent($0.mean)) in full, \(grouped($0.macs)) MACs" })
            }
            let rows = calibration.lines.map {
                "<tr><th scope=\"row\">\(escape($0.name))</th><td>\($0.tau)</td><td>\($0.interval)</td><td>\($0.givenMACs)</td><td>\($0.seconds)</td><td>\($0.before)</td></tr>"
            }
            let c = calibration.configuration
            let noise = calibration.noise
            return """
                <h2>Evaluators against full training</h2>
                <p class="note">\(calibration.points.count) random connectivities of \(escape(c.search.data.name)), each trained in full for \(plural(c.fullEpochs, "epoch")) with \(plural(c.fullSeeds, "seed")) (\(fixed(calibration.full.secondsPerChild, 1)) seconds each), and what each evaluator said of it. Kendall's rank correlation is 1 for the same order and 0 for none; an evaluator that does no better than the MACs alone only tells dear from cheap, and what it knows beyond that is its correlation with the MACs held fixed.</p>
                <div class="wide"><table><thead><tr><th>evaluator</th><th>Kendall's τ</th><th>95% interval</th><th>given the MACs</th><th>seconds a child</th><th>seconds before</th></tr></thead><tbody>\(rows.joined())</tbody></table></div>
                \(noise.map { "<p class=\"note\">\(escape($0.prefix(1).uppercased() + $0.dropFirst())).</p>" } ?? "")
                \(Charts.plot(Array(series), x: "accuracy after full training", y: "accuracy by the evaluator", format: { fixed($0 * 100, 1) + "%" }, xFormat: { fixed($0 * 100, 1) + "%" }))
                """
        }.joined()
    }
}
