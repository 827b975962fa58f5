import ArgumentParser
import Files
import Foundation
import Reporting
import Runs
import Training

struct ReportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report", abstract: "Write one self-contained HTML file about a run and those beside it.",
        discussion: """
            RUN may be a run or a folder with runs in it; all runs below it are compared. Runs of one label are averaged over \
            their seeds.

            EXAMPLE
              ads report runs --out runs/report.html
            """)

    @Argument(help: "A run's folder, or a folder of runs; several are put together.")
    var runs: [String]

    @Option(help: "The file; RUN/report.html without it.", transform: WrittenPath.parse)
    var out: String?

    @Flag(help: "Print the comparison as a Markdown table instead.")
    var markdown = false

    @Flag(help: "Print the comparison as one JSON object instead.")
    var json = false

    func run() throws {
        guard let first = runs.first else { throw UsageError("give a run's folder, or a folder of runs") }
        for path in runs {
            var isFolder: ObjCBool = false
            guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue else {
                throw FileError("there is no folder \(path)")
            }
        }
        let content = try ReportContent(folders: runs)
        for sentence in content.leftOut { AdsCommand.tell("left out: \(sentence)") }
        if json { return try printJSON(content.rows) }
        if markdown { return print(content.markdownTable) }
        let path = out ?? RunFolder(first).report
        try WrittenPath.check(path)
        try AtomicFile.write(Data(HTMLReport(content).text.utf8), to: path)
        print(path)
    }
}
