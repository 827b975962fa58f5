import ConnectivitySearch
import DenseNetArchitecture
import Foundation
import Runs
import Training

/// One self-contained HTML file: no script, no font, no picture from elsewhere. Its own script sorts tables.
public struct HTMLReport {
    let content: ReportContent
    private let isWatched: Bool

    /// A report of some runs.
    /// - Parameter isWatched: whether it is written again while they go on; then a browser shows it again by itself.
    public init(_ content: ReportContent, isWatched: Bool = false) {
        (self.content, self.isWatched) = (content, isWatched)
    }

    /// The file's text.
    public var text: String {
        let title =
            "DenseNet sparsification: \(dataName)"
        return """
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>\(escape(title))</title>
            <style>\(Self.style)</style>
            </head>
            <body><main>
            <h1>\(escape(title))</h1>
            \(isWatched ? Self.watchedNote : "")\(leftOut)
            \(summary)
            \(table)
            \(unfinished)
            \(imports)
            \(latencies)
            \(confusions)
            \(matrices)
            \(searches)
            \(searchBudget)
            \(costs)
            \(calibrations)
            \(curves)
            \(trials)
            \(configurations)
            <footer>Written by ads \(ADS.version). MACs are multiply-adds of convolutions and classifier for one image; parameters include BN's. Images a second were measured on this run's machine at the threads below.</footer>
            </main>\(Self.sorting)\(isWatched ? Self.reloading : "")</body>
            </html>

            """
    }

    private var dataName: String {
        content.trained.first?.configuration.data.name ?? content.searched.first?.configuration.data.name
            ?? content.calibrations.first?.calibration.configuration.search.data.name
            ?? content.unfinished.first?.configuration.data.name
            ?? content.imported.first?.configuration.data?.name ?? "report"
    }

    private var leftOut: String {
        guard !content.leftOut.isEmpty else { return "" }
        let lines = content.leftOut.map { "<li>\(escape($0))</li>" }.joined()
        return "<p class=\"note\">\(plural(content.leftOut.count, "damaged run")) left out:</p><ul>\(lines)</ul>"
    }

    private var summary: String {
        guard let headline = Headline(content) else { return "" }
        let command = headline.command.map { "<pre><code>\(escape($0))</code></pre>" } ?? ""
        return "<p class=\"lead\">\(escape(headline.text))</p>\(command)"
    }

    private var table: String {
        guard !content.rows.isEmpty else { return "" }
        let rows = content.rows
        // The best of those that can be compared; one by itself is not the best of anything.
        func isBest(_ row: ReportContent.Row) -> Bool {
            let alike = rows.filter { $0.conditions == row.conditions }
            return alike.count > 1 && row.accuracyMean == alike.map(\.accuracyMean).max()
        }
        // Where classes have as many images each these say nothing that accuracy does not.
        let isUnbalanced = rows.contains { abs(($0.balancedAccuracyMean ?? $0.accuracyMean) - $0.accuracyMean) > 1e-9 }
        let headOfUnbalanced = isUnbalanced ? "<th>balanced accuracy</th><th>macro F1</th>" : ""
        let body = rows.map { row -> String in
            let unbalanced =
                isUnbalanced
                ? [row.balancedAccuracyMean.map(percent), row.macroF1Mean.map { fixed($0, 3) }].map {
                    "<td>\($0 ?? "–")</td>"
                }.joined() : ""
            let deviation = row.accuracyDeviation.map { " <small>± \(fixed($0 * 100, 2))</small>" } ?? ""
            return """
                <tr\(isBest(row) ? " class=\"best\"" : "")><th scope="row">\(escape(row.label))</th><td>\(percent(row.accuracyMean))\(deviation)</td>\(unbalanced)<td>\(escape(row.split))</td><td class="words">\(escape(row.trained))</td><td>\(row.seeds.count)</td><td>\(grouped(row.parameters))</td><td>\(grouped(row.macs))</td><td>\(row.connections)</td><td>\(duration(row.secondsMean))</td><td>\(fixed(row.imagesPerSecond.rounded(.down), 0))</td><td>\(row.inferenceImagesPerSecond.map { fixed($0.rounded(.down), 0) } ?? "–")</td></tr>
                """
        }.joined(separator: "\n")
        let uses = content.trained.reduce(0) { $0 + $1.testUses.count }
        let damaged = content.trained.reduce(0) { $0 + $1.testUses.count { $0 == nil } }
        let unknown = damaged > 0 ? "; of \(damaged) no more is known, as the log's lines are damaged" : ""
        return """
            <h2>Networks</h2>
            <div class="wide"><table>
            <thead><tr><th>network</th><th>accuracy</th>\(headOfUnbalanced)<th>split</th><th>trained</th><th>seeds</th><th>parameters</th><th>MACs</th><th>connections</th><th>training</th><th>training images/s</th><th>inference images/s</th></tr></thead>
            <tbody>\(body)</tbody></table></div>
            <p class="note">± is the standard deviation over seeds. Only rows of the same split that were trained alike can be compared. The test set was used \(plural(uses, "time")) in these \(plural(content.trained.count, "run"))\(unknown).</p>
            """
    }

    private var matrices: String {
        var seen: Set<String> = []
        var parts: [String] = []
        for run in content.trained where seen.insert(run.network.connectivity.key).inserted {
            let cost = run.network.cost
            parts.append(
                "<section class=\"card\"><h3>\(escape(run.result.label))</h3><p class=\"note\">\(cost.connections) connections, \(grouped(cost.macs)) MACs</p>\(Charts.matrices(run.network))</section>"
            )
        }
        guard !parts.isEmpty else { return "" }
        return
            "<h2>Connections</h2><p class=\"note\">A row is a layer, a column what it may read: first the block's input, then each layer. Filled squares are read.</p><div class=\"cards\">\(parts.joined())</div>"
    }

    private var curves: String {
        let ended = content.trained.map { ($0.result.label, $0.result.seed, $0.epochs, "") }
        let goingOn = content.unfinished.map {
            ($0.configuration.label, $0.configuration.seed, $0.epochs, ", not finished")
        }
        let runs = (ended + goingOn).filter { !$0.2.isEmpty }
        guard !runs.isEmpty else { return "" }
        var labels: [String] = []
        for (label, _, _, _) in runs where !labels.contains(label) { labels.append(label) }
        let series = runs.map { label, seed, epochs, state in
            Charts.Series(
                name: "\(label), seed \(seed)\(state)",
                points: epochs.map { (Double($0.epoch), $0.validationAccuracy ?? $0.trainAccuracy) }, isLine: true,
                color: labels.firstIndex(of: label) ?? 0, isDashed: seed % 2 == 1)
        }
        return """
            <h2>Training</h2>
            <p class="note">Validation accuracy after each epoch (training accuracy where everything was trained on).\(waited)</p>
            \(Charts.plot(series, x: "epoch", y: "accuracy", format: { fixed($0 * 100, 0) + "%" }, xFormat: { fixed($0, 0) }, wholeX: true))
            """
    }

    /// What the images took of the time in training, where runs say so.
    private var waited: String {
        let epochs = content.trained.flatMap(\.epochs).filter { $0.waitedSeconds != nil }
        guard !epochs.isEmpty else { return "" }
        let waited = epochs.reduce(0) { $0 + ($1.waitedSeconds ?? 0) }
        let share = waited / max(epochs.reduce(0) { $0 + $1.seconds }, 1e-9)
        return " In \(fixed(share * 100, 1))% of the time in training images were waited for."
    }

    private var configurations: String {
        var parts: [String] = []
        for search in content.searched {
            parts.append(
                detail(
                    "search \(search.configuration.strategy), \(search.path)", ReportCommands.command(for: search),
                    search.configuration))
        }
        for calibrated in content.calibrations {
            parts.append(
                detail(
                    "calibration, \(calibrated.path)", ReportCommands.command(for: calibrated),
                    calibrated.calibration.configuration))
        }
        for run in content.trained {
            parts.append(
                detail(
                    "\(run.result.label), seed \(run.result.seed), \(run.path)",
                    ReportCommands.command(for: run, in: content), run.configuration))
        }
        return
            "<h2>Repeat it</h2><p class=\"note\">The same command gives the same bits on CPU at the same number of threads and the same versions.</p>\(parts.joined())"
    }

    private func detail<Value: Encodable>(_ title: String, _ command: String, _ value: Value) -> String {
        let json =
            (try? RunFolder.encoder(pretty: true).encode(value)).map { String(decoding: $0, as: UTF8.self) } ?? ""
        return
            "<details><summary>\(escape(title))</summary><pre><code>\(escape(command))</code></pre><pre>\(escape(json))</pre></details>"
    }
}
