import Foundation

extension ReportContent {
    /// A text that stays within its cell.
    static func cell(_ text: String) -> String {
        text.inSentence(upTo: 1000).replacing("\\", with: "\\\\").replacing("|", with: "\\|")
    }

    /// The comparison for a document.
    public var markdownTable: String {
        let head = """
            | network | accuracy | trained | seeds | parameters | MACs | connections | training, s | training images/s | inference images/s |
            |---|---|---|---|---|---|---|---|---|---|
            """
        let body = rows.map { row -> String in
            let deviation = row.accuracyDeviation.map { " ± \(fixed($0 * 100, 2))" } ?? ""
            return
                "| \(Self.cell(row.label)) | \(percent(row.accuracyMean))\(deviation) (\(row.split)) | \(row.trained) | \(row.seeds.map(String.init).joined(separator: ", ")) | \(grouped(row.parameters)) | \(grouped(row.macs)) | \(row.connections) | \(fixed(row.secondsMean.rounded(.down), 0)) | \(fixed(row.imagesPerSecond.rounded(.down), 0)) | \(row.inferenceImagesPerSecond.map { fixed($0.rounded(.down), 0) } ?? "–") |"
        }
        let table = rows.isEmpty ? [] : [head] + body
        return (table + (imported.isEmpty ? [] : [importTable])).joined(separator: "\n")
    }
}
