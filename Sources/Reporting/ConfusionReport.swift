import Foundation
import Training

/// What networks took for what, in the report.
extension HTMLReport {
    /// Classes up to which the matrix is drawn; more squares than that nobody looks at.
    private static let drawn = 40

    /// The confusions of each network, of its first seed.
    var confusions: String {
        var seen: Set<[String]> = []
        let runs = content.trained.filter {
            $0.confusion != nil && seen.insert([$0.result.label, $0.network.connectivity.key]).inserted
        }
        let cards = runs.compactMap { run -> String? in
            guard let confusion = run.confusion else { return nil }
            let matrix = confusion.matrix(most: Self.drawn).map { Self.squares($0, confusion.classNames) } ?? ""
            let pairs = Self.pairs(confusion)
            guard !matrix.isEmpty || !pairs.isEmpty else { return nil }
            return
                "<section class=\"card\"><h3>\(escape(run.result.label))</h3><p class=\"note\">\(escape(confusion.split)), seed \(run.result.seed), \(grouped(run.result.macs)) MACs</p>\(matrix)\(pairs)</section>"
        }
        guard !cards.isEmpty else { return "" }
        return
            "<h2>Confusion</h2><p class=\"note\">A row is what images are, a column what they were taken for, as dark as the share of the row; below the classes that are confused most often, with the first of their images.</p><div class=\"cards\">\(cards.joined())</div>"
    }

    /// A matrix whose squares are as dark as the share of their row.
    static func squares(_ matrix: ConfusionMatrix, _ names: [String]) -> String {
        let cell = names.count <= 12 ? 22 : 12
        var body = ""
        for (truth, row) in matrix.rows.enumerated() {
            let images = max(1, row.reduce(0, +))
            for (guess, count) in row.enumerated() {
                let place = "x=\"\(guess * cell)\" y=\"\(truth * cell)\" width=\"\(cell - 1)\" height=\"\(cell - 1)\""
                let title = "\(names[truth]) taken for \(names[guess]): \(count) of \(row.reduce(0, +))"
                let style = guess == truth ? "prob" : "wrong"
                body +=
                    "<rect class=\"off\" \(place)/><rect class=\"\(style)\" fill-opacity=\"\(String(format: "%.2f", Double(count) / Double(images)))\" \(place)><title>\(escape(title))</title></rect>"
            }
        }
        let side = names.count * cell
        return
            "<svg viewBox=\"0 0 \(side) \(side)\" width=\"\(side)\" height=\"\(side)\" role=\"img\" aria-label=\"confusion matrix\">\(body)</svg>"
    }

    /// The classes confused most often, with pictures.
    private static func pairs(_ confusion: Confusion) -> String {
        guard !confusion.pairs.isEmpty else { return "" }
        let rows = confusion.pairs.map { pair -> String in
            let (truth, guess) = (confusion.classNames[pair.truth], confusion.classNames[pair.guess])
            let pictures = pair.pictures.map {
                "<img src=\"data:image/png;base64,\($0.base64EncodedString())\" alt=\"\(escape(truth)) taken for \(escape(guess))\" width=\"48\" height=\"48\">"
            }.joined(separator: " ")
            return
                "<tr><th scope=\"row\">\(escape(truth))</th><td>\(escape(guess))</td><td>\(pair.count)</td><td>\(pictures)</td></tr>"
        }
        return
            "<table><thead><tr><th>is</th><th>taken for</th><th>images</th><th></th></tr></thead><tbody>\(rows.joined())</tbody></table>"
    }
}
