import DenseNetArchitecture
import Foundation
import Runs
import Training

// Imports stand by themselves: what they were trained on is not known, so that nothing is compared with them.

extension ReportContent {
    /// An import: weights that somebody else trained.
    public struct Imported {
        /// What was asked for.
        public let configuration: ImportConfiguration
        /// Its network.
        public let network: Network
        /// Uses of the test set; `nil` for one whose line is damaged.
        public let testUses: [TestUse?]
        /// Its folder.
        public let path: String
    }

    /// The imports for a document.
    var importTable: String {
        let head = """
            | imported | file | data | parameters | MACs | accuracies, test |
            |---|---|---|---|---|---|
            """
        let body = imported.map { run in
            "| \(Self.cell(run.configuration.label)) | \(Self.cell(run.configuration.file)) (SHA-256 \(run.configuration.digest.prefix(8))) | \(run.configuration.data?.name ?? "–") | \(grouped(run.network.cost.parameters)) | \(grouped(run.network.cost.macs)) | \(run.accuracies) |"
        }
        return ([head] + body).joined(separator: "\n")
    }
}

extension ReportContent.Imported {
    /// What the test set said of it, each time.
    fileprivate var accuracies: String {
        testUses.isEmpty ? "–" : testUses.map { $0.map { percent($0.accuracy) } ?? "unknown" }.joined(separator: ", ")
    }
}

extension HTMLReport {
    /// The imports.
    var imports: String {
        guard !content.imported.isEmpty else { return "" }
        let body = content.imported.map { run -> String in
            let (c, cost) = (run.configuration, run.network.cost)
            let changes = c.changes.map { "<li>\(escape($0))</li>" }.joined()
            return """
                <tr><th scope="row">\(escape(c.label))</th><td>\(escape(c.file)) <small>SHA-256 \(escape(String(c.digest.prefix(8))))</small></td><td>\(escape(c.data?.name ?? "–"))</td><td>\(grouped(cost.parameters))</td><td>\(grouped(cost.macs))</td><td>\(cost.connections)</td><td>\(run.accuracies)</td></tr>
                <tr><td colspan="7" class="words"><ul>\(changes)</ul></td></tr>
                """
        }.joined(separator: "\n")
        return """
            <h2>Imported</h2>
            <div class="wide"><table>
            <thead><tr><th>network</th><th>file</th><th>data</th><th>parameters</th><th>MACs</th><th>connections</th><th>accuracies, test</th></tr></thead>
            <tbody>\(body)</tbody></table></div>
            <p class="note">Somebody else trained these; on which images and how is not known here.</p>
            """
    }
}
