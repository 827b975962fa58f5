import ConnectivitySearch
import DenseNetArchitecture
import Foundation
import Training

/// One self-contained HTML file: no script, no font, no picture from elsewhere.
public struct HTMLReport {
    private let content: ReportContent

    // Closures here say that they return String: GRDB, which a module below uses, offers its SQL literals for interpolations.

    /// A report of some runs.
    public init(_ content: ReportContent) { self.content = content }

    /// The file's text.
    public var text: String {
        let title = "DenseNet sparsification: \(content.trained.first?.configuration.data.name ?? content.searched.first?.configuration.data.name ?? "report")"
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
            \(summary)
            \(table)
            \(matrices)
            \(rewards)
            \(costs)
            \(curves)
            \(configurations)
            <footer>Written by ads \(ADS.version). MACs are multiply-adds of convolutions and classifier for one image; parameters include BN's. Images a second were measured on this run's machine at the threads below.</footer>
            </main></body>
            </html>

            """
    }

    private var summary: String {
        let rows = content.rows
        guard let dense = rows.first(where: { $0.label == "dense" }), let found = rows.first(where: { $0.label == "found" }) else { return "" }
        let difference = (found.accuracyMean - dense.accuracyMean) * 100
        var sentence = "The network found has \(percent(Double(found.macs) / Double(dense.macs))) of the dense network's MACs and \(percent(Double(found.parameters) / Double(dense.parameters))) of its parameters; its \(found.split) accuracy is \(fixed(abs(difference), 2)) points \(difference < 0 ? "lower" : "higher")."
        if let random = rows.first(where: { $0.label == "random" }) {
            let gap = (found.accuracyMean - random.accuracyMean) * 100
            sentence += " Against the best of random search at the same cost it is \(fixed(abs(gap), 2)) points \(gap < 0 ? "lower" : "higher")."
        }
        let seeds = min(found.seeds.count, dense.seeds.count)
        if seeds < 3 { sentence += " With \(seeds) seed\(seeds == 1 ? "" : "s") such differences are no proof: three paired seeds are the least." }
        return "<p class=\"lead\">\(escape(sentence))</p>"
    }

    private var table: String {
        guard !content.rows.isEmpty else { return "" }
        let best = content.rows.map(\.accuracyMean).max() ?? 0
        let body = content.rows.map { row -> String in
            let deviation = row.accuracyDeviation.map { " <small>± \(fixed($0 * 100, 2))</small>" } ?? ""
            return """
                <tr\(row.accuracyMean == best ? " class=\"best\"" : "")><th scope="row">\(escape(row.label))</th><td>\(percent(row.accuracyMean))\(deviation)</td><td>\(escape(row.split))</td><td>\(row.seeds.count)</td><td>\(grouped(row.parameters))</td><td>\(grouped(row.macs))</td><td>\(row.connections)</td><td>\(duration(row.secondsMean))</td><td>\(Int(row.imagesPerSecond))</td><td>\(row.inferenceImagesPerSecond.map { "\(Int($0))" } ?? "–")</td></tr>
                """
        }.joined(separator: "\n")
        let uses = content.trained.reduce(0) { $0 + $1.testUses }
        return """
            <h2>Networks</h2>
            <div class="wide"><table>
            <thead><tr><th>network</th><th>accuracy</th><th>split</th><th>seeds</th><th>parameters</th><th>MACs</th><th>connections</th><th>training</th><th>training images/s</th><th>inference images/s</th></tr></thead>
            <tbody>\(body)</tbody></table></div>
            <p class="note">± is the standard deviation over seeds. The test set was used \(uses) time\(uses == 1 ? "" : "s") in these \(content.trained.count) runs.</p>
            """
    }

    private var matrices: String {
        var seen: Set<String> = []
        var parts: [String] = []
        for run in content.trained where seen.insert(run.network.connectivity.key).inserted {
            let cost = run.network.cost
            parts.append(
                "<section class=\"card\"><h3>\(escape(run.result.label))</h3><p class=\"note\">\(cost.connections) connections, \(grouped(cost.macs)) MACs</p>\(Charts.matrices(run.network))</section>")
        }
        guard !parts.isEmpty else { return "" }
        return "<h2>Connections</h2><p class=\"note\">A row is a layer, a column what it may read: first the block's input, then each layer. Filled squares are read.</p><div class=\"cards\">\(parts.joined())</div>"
    }

    private var rewards: String {
        content.searched.enumerated().map { index, search -> String in
            let paid = search.children
            var series = [
                Charts.Series(
                    name: "child", points: paid.map { (Double($0.number), $0.reward) }, isLine: false, color: index,
                    titles: paid.map { "child \($0.number), reward \(percent($0.reward)), \(grouped($0.macs)) MACs" })
            ]
            let baseline = paid.compactMap { child in child.baseline.map { (x: Double(child.number), y: $0) } }
            if !baseline.isEmpty { series.append(Charts.Series(name: "baseline", points: baseline, isLine: true, color: 3)) }
            var best = -Double.infinity
            let record = paid.map { child -> (x: Double, y: Double) in
                best = max(best, child.reward)
                return (Double(child.number), best)
            }
            series.append(Charts.Series(name: "best so far", points: record, isLine: true, color: index, isDashed: true))
            let repeats = paid.count { $0.repeatOf != nil }
            let seconds = search.children.reduce(0) { $0 + $1.seconds }
            let state = search.result == nil ? " Not finished." : ""
            return """
                <h2>Search: \(escape(search.configuration.strategy))</h2>
                <p class="note">\(paid.count - repeats) children in \(duration(seconds)), \(repeats) repeats.\(state)</p>
                \(Charts.plot(series, x: "child", y: "reward", format: { fixed($0 * 100, 1) + "%" }, xFormat: { fixed($0, 0) }, wholeX: true))
                """
        }.joined()
    }

    private var costs: String {
        var series = content.searched.enumerated().map { index, search in
            Charts.Series(
                name: "children of \(search.configuration.strategy)", points: search.children.map { (Double($0.macs) / 1e6, $0.accuracy) },
                isLine: false, color: index, titles: search.children.map { "child \($0.number), \(percent($0.accuracy)), \(grouped($0.macs)) MACs" })
        }
        guard !series.isEmpty else { return "" }
        for (index, row) in content.rows.enumerated() {
            series.append(
                Charts.Series(
                    name: "\(row.label), trained", points: [(Double(row.macs) / 1e6, row.accuracyMean)], isLine: false,
                    color: content.searched.count + index, titles: ["\(percent(row.accuracyMean)), \(grouped(row.macs)) MACs"]))
        }
        return """
            <h2>Accuracy against cost</h2>
            <p class="note">Children are trained shortly and validated; the networks trained in full are shown by their final accuracy.</p>
            \(Charts.plot(series, x: "million MACs", y: "accuracy", format: { fixed($0 * 100, 1) + "%" }, xFormat: { fixed($0, 1) }))
            """
    }

    private var curves: String {
        let runs = content.trained.filter { !$0.epochs.isEmpty }
        guard !runs.isEmpty else { return "" }
        var labels: [String] = []
        for run in runs where !labels.contains(run.result.label) { labels.append(run.result.label) }
        let series = runs.map { run in
            Charts.Series(
                name: "\(run.result.label), seed \(run.result.seed)",
                points: run.epochs.map { (Double($0.epoch), $0.validationAccuracy ?? $0.trainAccuracy) }, isLine: true,
                color: labels.firstIndex(of: run.result.label) ?? 0, isDashed: run.result.seed % 2 == 1)
        }
        return """
            <h2>Training</h2>
            <p class="note">Validation accuracy after each epoch (training accuracy where everything was trained on).</p>
            \(Charts.plot(series, x: "epoch", y: "accuracy", format: { fixed($0 * 100, 0) + "%" }, xFormat: { fixed($0, 0) }, wholeX: true))
            """
    }

    private var configurations: String {
        var parts: [String] = []
        for search in content.searched {
            parts.append(detail("search \(search.configuration.strategy), \(search.path)", ReportCommands.command(for: search), search.configuration))
        }
        for run in content.trained {
            parts.append(detail("\(run.result.label), seed \(run.result.seed), \(run.path)", ReportCommands.command(for: run), run.configuration))
        }
        return "<h2>Repeat it</h2><p class=\"note\">The same command gives the same bits on CPU at the same number of threads and the same versions.</p>\(parts.joined())"
    }

    private func detail<Value: Encodable>(_ title: String, _ command: String, _ value: Value) -> String {
        let json = (try? RunFolder.encoder(pretty: true).encode(value)).map { String(decoding: $0, as: UTF8.self) } ?? ""
        return "<details><summary>\(escape(title))</summary><pre><code>\(escape(command))</code></pre><pre>\(escape(json))</pre></details>"
    }
}
