import ConnectivitySearch
import DenseNetArchitecture
import Foundation
import Strategies

/// Pictures as inline SVG; colours come from the page's style, so that they follow light and dark.
public enum Charts {
    /// A line or a cloud of points of a chart.
    struct Series {
        var name: String
        var points: [(x: Double, y: Double)]
        var isLine: Bool
        /// Index of the page's series colours.
        var color: Int
        var isDashed = false
        /// Tooltips, one per point.
        var titles: [String] = []
    }

    /// The matrices of a network, a square per possible connection.
    static func matrices(_ network: Network) -> String {
        let cell = 13.0
        var x = 0.0
        var body = ""
        var height = 0.0
        for (b, rows) in network.connectivity.blocks.enumerated() {
            let living = Set(network.blocks[b].layers.map(\.index))
            let layers = network.architecture.blocks[b]
            body += text(x, 11, "block \(b + 1)", "start")
            for (i, row) in rows.enumerated() {
                for (j, reads) in row.enumerated() {
                    let isDead = i < layers && !living.contains(i + 1)
                    let style = isDead ? "dead" : reads ? "on" : "off"
                    let who = i < layers ? "layer \(i + 1)" : "the end"
                    body +=
                        "<rect class=\"\(style)\" x=\"\(n(x + Double(j) * cell))\" y=\"\(n(18 + Double(i) * cell))\" width=\"\(n(cell - 2))\" height=\"\(n(cell - 2))\" rx=\"2\"><title>\(who) \(reads ? "reads" : "does not read") \(j == 0 ? "the block's input" : "layer \(j)")</title></rect>"
                }
            }
            height = max(height, 18 + Double(rows.count) * cell)
            x += Double(max(rows.count, 4)) * cell + 28
        }
        return
            "<svg class=\"matrix\" viewBox=\"0 0 \(n(x)) \(n(height))\" width=\"\(n(x))\" height=\"\(n(height))\" role=\"img\" aria-label=\"adjacency matrices\">\(body)</svg>"
    }

    /// Matrices whose squares are as dark as a connection's probability.
    static func probabilities(_ space: SearchSpace, _ values: [Float]) -> String {
        let cell = 9.0
        var (x, height, body) = (0.0, 0.0, "")
        for b in space.architecture.blocks.indices {
            let own = zip(space.entries, values).filter { $0.0.block == b }
            for (entry, value) in own {
                let (left, top) = (n(x + Double(entry.source) * cell), n(Double(entry.layer - 1) * cell))
                let shape = "x=\"\(left)\" y=\"\(top)\" width=\"\(n(cell - 1))\" height=\"\(n(cell - 1))\""
                let reader = entry.layer > space.architecture.blocks[b] ? "the end" : "layer \(entry.layer)"
                let who = "\(reader) reads \(entry.source == 0 ? "the block's input" : "layer \(entry.source)")"
                body +=
                    "<rect class=\"off\" \(shape)/><rect class=\"prob\" fill-opacity=\"\(String(format: "%.2f", value))\" \(shape)><title>\(who): \(percent(Double(value)))</title></rect>"
            }
            let rows = Double(own.map(\.0.layer).max() ?? 1)
            height = max(height, rows * cell)
            x += rows * cell + 10
        }
        return
            "<svg viewBox=\"0 0 \(n(x)) \(n(height))\" width=\"\(n(x))\" height=\"\(n(height))\" role=\"img\" aria-label=\"probabilities of keeping connections\">\(body)</svg>"
    }

    /// The same picture as a file of its own, for a README or a paper.
    public static func standaloneMatrices(_ network: Network) -> String {
        let style = """
            <style>text{fill:#5b6472;font:12px system-ui,sans-serif}.on{fill:#1f6feb}.off{fill:#e3e7ec}.dead{fill:none;stroke:#c9d1d9}\
            @media(prefers-color-scheme:dark){text{fill:#9aa5b3}.on{fill:#6ea8fe}.off{fill:#2b333e}.dead{stroke:#2b333e}}</style>
            """
        return matrices(network)
            .replacing("<svg class=\"matrix\"", with: "<svg xmlns=\"http://www.w3.org/2000/svg\"")
            .replacing("aria-label=\"adjacency matrices\">", with: "aria-label=\"adjacency matrices\">" + style) + "\n"
    }

    /// A chart with axes, a legend and tooltips.
    static func plot(
        _ series: [Series], x xLabel: String, y yLabel: String, format: (Double) -> String, xFormat: (Double) -> String,
        wholeX: Bool = false
    ) -> String {
        let points = series.flatMap(\.points).filter { $0.x.isFinite && $0.y.isFinite }
        guard !points.isEmpty else { return "<p class=\"note\">Nothing to draw yet.</p>" }
        let (width, height, left, right, top, bottom) = (640.0, 300.0, 62.0, 14.0, 12.0, 44.0)
        func range(_ values: [Double]) -> (Double, Double) {
            let (low, high) = (values.min() ?? 0, values.max() ?? 1)
            let pad = high > low ? (high - low) * 0.06 : max(abs(high) * 0.05, 0.01)
            return (low - pad, high + pad)
        }
        let (x0, x1) = range(points.map(\.x))
        let (y0, y1) = range(points.map(\.y))
        func px(_ v: Double) -> Double { left + (v - x0) / (x1 - x0) * (width - left - right) }
        func py(_ v: Double) -> Double { height - bottom - (v - y0) / (y1 - y0) * (height - top - bottom) }
        var body = ""
        for tick in ticks(y0, y1) {
            body +=
                "<line class=\"grid\" x1=\"\(n(left))\" x2=\"\(n(width - right))\" y1=\"\(n(py(tick)))\" y2=\"\(n(py(tick)))\"/>"
            body += text(left - 8, py(tick) + 4, format(tick), "end")
        }
        for tick in ticks(x0, x1, least: wholeX ? 1 : 0) {
            body += text(px(tick), height - bottom + 18, xFormat(tick), "middle")
        }
        body += text((left + width - right) / 2, height - 6, xLabel, "middle")
        body +=
            "<text x=\"14\" y=\"\(n((top + height - bottom) / 2))\" text-anchor=\"middle\" transform=\"rotate(-90 14 \(n((top + height - bottom) / 2)))\">\(escape(yLabel))</text>"
        for s in series {
            // A title is the point's of its number, whatever points before it cannot be drawn.
            let own = s.points.enumerated().filter { $0.element.x.isFinite && $0.element.y.isFinite }
            if s.isLine {
                let path = own.map { "\(n(px($0.element.x))),\(n(py($0.element.y)))" }.joined(separator: " ")
                body += "<polyline class=\"line s\(s.color % 6)\(s.isDashed ? " dashed" : "")\" points=\"\(path)\"/>"
            } else {
                for (i, p) in own {
                    let title = i < s.titles.count ? s.titles[i] : "\(xFormat(p.x)), \(format(p.y))"
                    body +=
                        "<circle class=\"dot s\(s.color % 6)\" cx=\"\(n(px(p.x)))\" cy=\"\(n(py(p.y)))\" r=\"4\"><title>\(escape(s.name)): \(escape(title))</title></circle>"
                }
            }
        }
        let legend = series.map {
            "<span><i class=\"k\(s($0))\($0.isDashed ? " dashed" : "")\"></i>\(escape($0.name))</span>"
        }.joined()
        return
            "<figure><svg viewBox=\"0 0 \(n(width)) \(n(height))\" role=\"img\" aria-label=\"\(escape(yLabel)) against \(escape(xLabel))\">\(body)</svg><figcaption class=\"legend\">\(legend)</figcaption></figure>"
    }

    private static func s(_ series: Series) -> Int { series.color % 6 }

    /// About five round numbers in a range.
    private static func ticks(_ low: Double, _ high: Double, least: Double = 0) -> [Double] {
        let raw = (high - low) / 5
        let power = pow(10, floor(log10(raw)))
        let step = max(least, ([1, 2, 5, 10].first { $0 * power >= raw } ?? 10) * power)
        // Of numbers too far apart for a difference there are none.
        guard step.isFinite, step > 0 else { return [] }
        return stride(from: (low / step).rounded(.up) * step, through: high, by: step).map { $0 }
    }

    private static func text(_ x: Double, _ y: Double, _ content: String, _ anchor: String) -> String {
        "<text x=\"\(n(x))\" y=\"\(n(y))\" text-anchor=\"\(anchor)\">\(escape(content))</text>"
    }

    private static func n(_ value: Double) -> String {
        let text = String(format: "%.1f", value)
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }
}

/// Text as HTML.
func escape(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;").replacing(
        "\"", with: "&quot;")
}
