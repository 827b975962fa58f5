import ConnectivitySearch
import Evaluation
import Foundation

// What a report says of calibrations.
extension HTMLReport {
    /// Each evaluator's accuracies against those of full training, and how alike the orders are.
    var calibrations: String {
        content.calibrations.map { calibrated -> String in
            let calibration = calibrated.calibration
            let c = calibration.configuration
            let notes = [calibration.bandSummary, calibration.noise, calibration.failures].compactMap { $0 }.map {
                text in
                "<p class=\"note\">\(escape(text.prefix(1).uppercased() + text.dropFirst())).</p>"
            }
            let training =
                c.dense == nil
                ? "trained in full for" : "tuned longer, from the weights of the trained dense network, for"
            let heads = calibration.columns.map(\.head)
            return """
                <h2>Evaluators against \(c.fullTraining)</h2>
                <p class="note">\(calibration.points.count) random connectivities of \(escape(c.search.data.name)), each \(training) \(plural(c.fullEpochs, "epoch")) with \(plural(c.fullSeeds, "seed")) (\(fixed(calibration.full.secondsPerChild, 1)) seconds each), and what each evaluator said of it. Kendall's rank correlation is 1 for the same order and 0 for none; an evaluator that does no better than the MACs alone only tells dear from cheap, and what it knows beyond that is its correlation with the MACs held fixed.</p>
                \(Self.rows([heads] + calibration.cells))
                \(notes.joined())
                \(Self.plot(calibration))
                \(Self.readings(calibration))
                """
        }.joined()
    }

    /// Accuracies against accuracies; losses and MACs are of other units.
    private static func plot(_ calibration: Calibration) -> String {
        let rows = calibration.rows.dropLast().filter { $0.reward != .loss }
        let series = rows.enumerated().map { index, row in
            Charts.Series(
                name: "\(row.name)\(row.tau.map { ", τ \(fixed($0, 2))" } ?? "")",
                points: zip(calibration.points, row.values).map { ($0.mean, $1) }, isLine: false, color: index,
                titles: zip(calibration.points, row.values).map {
                    "\(percent($1)), \(percent($0.mean)) in full, \(grouped($0.macs)) MACs"
                })
        }
        return Charts.plot(
            Array(series), x: "accuracy after \(calibration.configuration.fullTraining)",
            y: "accuracy by the evaluator", format: { fixed($0 * 100, 1) + "%" },
            xFormat: { fixed($0 * 100, 1) + "%" })
    }

    /// What masked scores of fewer and of more images are worth.
    private static func readings(_ calibration: Calibration) -> String {
        let lines = calibration.readingLines
        guard !lines.isEmpty else { return "" }
        return """
            <p class="note">Masked scores with fewer and with more images: how well they order the same connectivities, and the seconds they take.</p>
            \(rows(lines))
            """
    }

    /// A table whose first line is its head.
    private static func rows(_ lines: [[String]]) -> String {
        let heads = (lines.first ?? []).map { "<th>\(escape($0))</th>" }.joined()
        let rows = lines.dropFirst().map { line -> String in
            "<tr><th scope=\"row\">\(escape(line[0]))</th>\(line.dropFirst().map { "<td>\(escape($0))</td>" }.joined())</tr>"
        }
        return
            "<div class=\"wide\"><table><thead><tr>\(heads)</tr></thead><tbody>\(rows.joined())</tbody></table></div>"
    }
}
