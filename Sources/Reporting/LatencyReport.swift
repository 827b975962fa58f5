import Foundation
import Runs

extension Latencies {
    /// Beyond its share of the MACs a network's time may be by so much before it is said why.
    static let slack = 0.03

    /// For a terminal, a line each.
    public var lines: [String] {
        func cell(_ text: String, _ width: Int) -> String {
            String(repeating: " ", count: max(1, width - text.count)) + text
        }
        let isDense = rows.allSatisfy { $0.denseMilliseconds == nil }
        let head =
            "ms a batch, median, \(plural(threads, "thread"))"
            + (isDense ? "" : "; MACs \(fixed(share, 3)) of the dense network's")
        let names = (rows.map { "\($0.program) \($0.version)".count }.max() ?? 0) + 2
        let titles =
            "".padding(toLength: names, withPad: " ", startingAt: 0) + cell("batch", 7) + cell("this", 10)
            + (isDense ? "" : cell("dense", 10) + cell("ratio", 8))
        return [head, titles]
            + rows.map { row in
                "\(row.program) \(row.version)".padding(toLength: names, withPad: " ", startingAt: 0)
                    + cell("\(row.batch)", 7) + cell(fixed(row.milliseconds, 2), 10)
                    + (row.denseMilliseconds.map { cell(fixed($0, 2), 10) } ?? "")
                    + (row.ratio.map { cell(fixed($0, 3), 8) } ?? "")
            } + (reason.map { [$0] } ?? [])
    }

    /// Why times are more than the share of MACs, where one is; `nil` where none is.
    var reason: String? {
        let slow = rows.filter { ($0.ratio ?? 0) > share + Self.slack }
        guard !slow.isEmpty else { return nil }
        let which = slow.map { "\($0.program) at batch \($0.batch) (\(fixed($0.ratio ?? 0, 2)))" }
        let more = slow.compactMap { row in
            row.work.flatMap { $0 > share ? "\(fixed($0, 2)) at batch \(row.batch)" : nil }
        }
        let kernels =
            more.isEmpty
            ? ""
            : "our kernels do \(more.joined(separator: " and ")) of the dense network's multiply-adds, as what was pruned costs them less than its MACs say (Winograd's convolution of large maps); and "
        return
            "Of \(which.joined(separator: ", ")) the time is more than the share of MACs: \(kernels)MACs leave out what BN, pooling and each layer by itself take."
    }
}

/// What networks take on the clock, in the report.
extension HTMLReport {
    /// A table of each network that was timed, of its first seed.
    var latencies: String {
        var seen: Set<[String]> = []
        let runs = content.trained.filter {
            $0.latencies != nil && seen.insert([$0.result.label, $0.network.connectivity.key]).inserted
        }
        let tables = runs.compactMap { run -> String? in
            guard let latencies = run.latencies, !latencies.rows.isEmpty else { return nil }
            let body = latencies.rows.map { row in
                "<tr><th scope=\"row\">\(escape(row.program)) <small>\(escape(row.version))</small></th><td>\(row.batch)</td><td>\(fixed(row.milliseconds, 2))</td><td>\(row.denseMilliseconds.map { fixed($0, 2) } ?? "–")</td><td>\(row.ratio.map { fixed($0, 3) } ?? "–")</td></tr>"
            }.joined()
            let reason = latencies.reason.map { "<p class=\"note\">\(escape($0))</p>" } ?? ""
            return """
                <h3>\(escape(run.result.label))</h3>
                <p class="note">\(fixed(latencies.share, 3)) of the dense network's MACs; \(plural(latencies.threads, "thread")) of \(escape(latencies.machine)).</p>
                <div class="wide"><table><thead><tr><th>program</th><th>batch</th><th>ms</th><th>dense, ms</th><th>ratio</th></tr></thead><tbody>\(body)</tbody></table></div>\(reason)
                """
        }
        guard !tables.isEmpty else { return "" }
        return
            "<h2>On the clock</h2><p class=\"note\">Milliseconds a batch, medians of rounds in which both networks ran in turn; the ratio is the median over rounds. Measured by ads evaluate --latency.</p>\(tables.joined())"
    }
}
