import ConnectivitySearch
import DenseNetArchitecture
import Evaluation
import Foundation
import Strategies

// What a report says of searches.
extension HTMLReport {
    /// Each search: its children's rewards, and how its strategy came to keep what it keeps.
    var searches: String {
        content.searched.enumerated().map { index, search -> String in
            let children = search.children
            let repeats = children.count { $0.repeatOf != nil }
            let pruned = children.count { $0.state == .pruned && $0.repeatOf == nil }
            let failed = children.count { $0.state == .failed && $0.repeatOf == nil }
            let seconds = search.history.trials.reduce(0) { $0 + $1.seconds }
            let more = [pruned > 0 ? "\(pruned) of them pruned early" : "", failed > 0 ? "\(failed) failed" : ""].filter
            { !$0.isEmpty }
            let state = search.result == nil ? " Not finished." : ""
            return """
                <h2>Search: \(escape(search.configuration.strategy))</h2>
                <p class="note">\(([plural(children.count - repeats, "child").replacing("childs", with: "children")] + more).joined(separator: ", ")) in \(duration(seconds)) of evaluations, \(plural(repeats, "repeat")); \(escape(search.configuration.evaluator.kind.rawValue)), \(grouped(search.history.images)) training images seen in all, \(grouped(search.history.configuration.imagesBefore ?? 0)) of them before the first child.\(state)</p>
                \(Charts.plot(rewardSeries(search, color: index), x: "child", y: "reward", format: { Self.reward($0, search, digits: 1) }, xFormat: { fixed($0, 0) }, wholeX: true))
                \(probabilities(search))
                """
        }.joined()
    }

    /// A reward: a share, or minus a loss.
    private static func reward(_ value: Double, _ search: ReportContent.Searched, digits: Int) -> String {
        search.configuration.evaluator.reward == .loss
            ? fixed(value, digits + 2) : fixed(value * 100, digits) + "%"
    }

    /// What children were rewarded with, the baseline, and the best so far.
    func rewardSeries(_ search: ReportContent.Searched, color: Int) -> [Charts.Series] {
        // What failed was worth chance, which may be more than others were.
        let children = search.children.filter { $0.failure == nil }
        var series = [
            Charts.Series(
                name: "child", points: children.map { (Double($0.number), $0.reward) }, isLine: false, color: color,
                titles: children.map {
                    "child \($0.number), reward \(Self.reward($0.reward, search, digits: 2)), \(grouped($0.macs)) MACs"
                })
        ]
        let baseline = children.compactMap { child in child.baseline.map { (x: Double(child.number), y: $0) } }
        if !baseline.isEmpty {
            series.append(Charts.Series(name: "baseline", points: baseline, isLine: true, color: 3))
        }
        var best = -Double.infinity
        let record = children.map { child -> (x: Double, y: Double) in
            best = max(best, child.reward)
            return (Double(child.number), best)
        }
        series.append(Charts.Series(name: "best so far", points: record, isLine: true, color: color, isDashed: true))
        return series
    }

    /// The probabilities of keeping each connection, at some of the updates, as matrices beside one another.
    private func probabilities(_ search: ReportContent.Searched) -> String {
        let records = search.history.updates.filter { $0.probabilities != nil }
        guard records.count > 1 else { return "" }
        let shown = min(6, records.count)
        let space = search.configuration.space
        let cards = (0..<shown).map { index -> String in
            let record = records[index * (records.count - 1) / (shown - 1)]
            return
                "<section class=\"card\"><h3>update \(record.update)</h3>\(Charts.probabilities(space, record.probabilities ?? []))</section>"
        }
        return """
            <p class="note">What was kept with which probability, from the first update to the last: the darker, the likelier.</p>
            <div class="cards">\(cards.joined())</div>
            """
    }

    /// The best child so far against what was paid for it, for each strategy.
    var searchBudget: String {
        let series = content.searched.enumerated().compactMap { index, search -> Charts.Series? in
            let own = Dictionary(
                search.history.updates.map { ($0.update, $0.images ?? 0) }, uniquingKeysWith: { first, _ in first })
            var (images, best, update) = (search.history.configuration.imagesBefore ?? 0, -Double.infinity, 0)
            let points = search.history.trials.compactMap { trial -> (x: Double, y: Double)? in
                guard trial.proposal.again == nil, trial.proposal.repeatOf == nil else { return nil }
                // What the strategy itself saw, it saw before it proposed.
                if trial.proposal.update != update { images += own[trial.proposal.update] ?? 0 }
                update = trial.proposal.update
                images += trial.images
                guard trial.state == .complete, let last = trial.curve.last else { return nil }
                best = max(best, last.accuracy)
                return (Double(images) / 1e3, best)
            }
            // Studies of the first version did not count images.
            guard images > 0, !points.isEmpty else { return nil }
            return Charts.Series(name: search.configuration.strategy, points: points, isLine: true, color: index)
        }
        guard !series.isEmpty else { return "" }
        return """
            <h2>What searching costs</h2>
            <p class="note">The best validated child so far against the training images that were seen by then: by the weights that children start from, by all children, by the strategy itself.</p>
            \(Charts.plot(series, x: "thousand training images", y: "best accuracy", format: { fixed($0 * 100, 1) + "%" }, xFormat: { fixed($0, 0) }))
            """
    }

    /// Accuracy against cost, with each search's Pareto front.
    var costs: String {
        var series = content.searched.enumerated().flatMap { index, search -> [Charts.Series] in
            let (front, children) = (search.history.front(), search.children.filter { $0.failure == nil })
            return [
                Charts.Series(
                    name: "children of \(search.configuration.strategy)",
                    points: children.map { (Double($0.macs) / 1e6, $0.accuracy) },
                    isLine: false, color: index,
                    titles: children.map {
                        "child \($0.number), \(percent($0.accuracy)), \(grouped($0.macs)) MACs"
                    }),
                Charts.Series(
                    name: "front of \(search.configuration.strategy)",
                    points: front.map { (Double($0.macs) / 1e6, $0.accuracy) }, isLine: true,
                    color: index, isDashed: true),
            ]
        }
        guard !series.isEmpty else { return "" }
        for (index, row) in content.rows.enumerated() {
            series.append(
                Charts.Series(
                    name: "\(row.label), trained", points: [(Double(row.macs) / 1e6, row.accuracyMean)], isLine: false,
                    color: content.searched.count + index,
                    titles: ["\(percent(row.accuracyMean)), \(grouped(row.macs)) MACs"]))
        }
        return """
            <h2>Accuracy against cost</h2>
            <p class="note">Children are trained shortly and validated; the networks trained in full are shown by their final accuracy. A front joins the children that no other is both cheaper and better than.</p>
            \(Charts.plot(series, x: "million MACs", y: "accuracy", format: { fixed($0 * 100, 1) + "%" }, xFormat: { fixed($0, 1) }))
            """
    }

    /// Every child in a table that sorts by the column that is clicked.
    var trials: String {
        let columns = [
            "search", "child", "state", "accuracy", "reward", "MACs", "parameters", "connections", "images", "seconds",
        ]
        let rows = content.searched.flatMap { search in
            search.children.map { child -> String in
                let state =
                    child.failure.map { "\(child.state.rawValue): \($0)" } ?? child.repeatOf.map { "repeats \($0)" }
                    ?? child.state.rawValue
                let cells: [(shown: String, value: Double)] = [
                    (percent(child.accuracy), child.accuracy),
                    (Self.reward(child.reward, search, digits: 2), child.reward),
                    (grouped(child.macs), Double(child.macs)),
                    (grouped(child.parameters), Double(child.parameters)),
                    ("\(child.connections)", Double(child.connections)),
                    (grouped(child.images), Double(child.images)), (fixed(child.seconds, 1), child.seconds),
                ]
                let numbers = cells.map { "<td data-v=\"\($0.value)\">\($0.shown)</td>" }.joined()
                return
                    "<tr><th scope=\"row\">\(escape(search.configuration.strategy))</th><td data-v=\"\(child.number)\">\(child.number)</td><td>\(escape(state))</td>\(numbers)</tr>"
            }
        }
        guard !rows.isEmpty else { return "" }
        return """
            <h2>Children</h2>
            <details><summary>\(rows.count) children; click a column's name to sort by it</summary>
            <div class="wide"><table class="sorts"><thead><tr>\(columns.map { "<th>\($0)</th>" }.joined())</tr></thead>
            <tbody>\(rows.joined(separator: "\n"))</tbody></table></div></details>
            """
    }

    /// Sorts a table's rows by the column whose name is clicked, again the other way round.
    static let sorting = """
        <script>
        for (const head of document.querySelectorAll("table.sorts thead th")) head.addEventListener("click", () => {
          const column = head.cellIndex, body = head.closest("table").tBodies[0], up = head.dataset.up !== "1";
          head.dataset.up = up ? "1" : "0";
          const key = row => { const c = row.cells[column]; return c.dataset.v === undefined ? c.textContent : Number(c.dataset.v); };
          const rows = [...body.rows].sort((a, b) => (key(a) > key(b) ? 1 : key(a) < key(b) ? -1 : 0) * (up ? 1 : -1));
          body.append(...rows);
        });
        </script>
        """
}
