import ArgumentParser
import Files
import Foundation
import Reporting
import Runs
import StudyPostgres
import Training

struct ReportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report", abstract: "Write one self-contained HTML file about a run and those beside it.",
        discussion: """
            RUN may be a run or a folder with runs in it; all runs below it are compared. It may also be the address of a study \
            in PostgreSQL. Runs of one label are averaged over their seeds. With --watch the page is written again whenever something changed, until all runs have ended; an open \
            page reloads itself.

            EXAMPLES
              ads report runs --out runs/report.html
              ads report runs/ads --watch
            """)

    @Argument(
        help: "A run's folder, a folder of runs, or a study's address: postgresql://...; several are put together.",
        completion: .directory)
    var runs: [String]

    @Option(
        help: "The file; RUN/report.html without it. An address needs it.", completion: .file(),
        transform: WrittenPath.parse)
    var out: String?

    @Flag(help: "Write the page again while its runs go on; the folder need not exist yet.")
    var watch = false

    @Flag(help: "Print the comparison as a Markdown table instead.")
    var markdown = false

    @Flag(help: "Print the comparison as one JSON object instead.")
    var json = false

    func run() throws {
        guard let first = runs.first else { throw UsageError("give a run's folder, or a folder of runs") }
        for run in runs where PostgresAddress.isOne(run) { try StudyAddress.check(run) }
        // A table goes to stdout.
        guard out != nil || json || markdown || !PostgresAddress.isOne(first) else {
            throw UsageError("an address is no folder that the page could be written into; give its file with --out")
        }
        let path = out ?? RunFolder(first).report
        try checkOptions()
        try checkFolders()
        if watch { return try watchRuns(writing: path) }
        let content = try content()
        if json { return try printJSON(content.rows) }
        if markdown { return print(content.markdownTable) }
        try write(content, to: path)
        print(path)
    }

    /// - Throws: `UsageError` for options of which one would do nothing.
    private func checkOptions() throws {
        guard json || markdown else { return }
        let table = json ? "--json" : "--markdown"
        if watch { throw UsageError("--watch writes the page; leave \(table) out") }
        if json, markdown {
            throw UsageError("--json and --markdown both say how to print the comparison; leave one out")
        }
        if out != nil {
            throw UsageError("\(table) prints the comparison, and --out names the page's file; leave one out")
        }
    }

    /// - Throws: `FileError` for what is no folder; with --watch one may not exist yet.
    private func checkFolders() throws {
        for path in runs where !PostgresAddress.isOne(path) {
            var isFolder: ObjCBool = false
            let exists = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
            guard exists ? isFolder.boolValue : watch && !path.isEmpty else {
                throw FileError("there is no folder \(path)")
            }
        }
    }

    /// What the report is made of; what is damaged is told.
    private func content() throws -> ReportContent {
        let content = try ReportContent(folders: runs)
        for sentence in content.leftOut { AdsCommand.tell("left out: \(sentence)") }
        return content
    }

    private func write(_ content: ReportContent, to path: String) throws {
        try WrittenPath.check(path)
        try AtomicFile.write(Data(HTMLReport(content).text.utf8), to: path)
    }
}
