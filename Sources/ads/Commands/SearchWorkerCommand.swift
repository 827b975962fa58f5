import ArgumentParser
import ConnectivitySearch
import Runs
import Training

/// What `ads search` starts for each of its workers.
struct SearchWorkerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "search-worker", abstract: "Evaluates children for a search that runs; ads search starts it.",
        shouldDisplay: false)

    @Argument(help: "The search's folder.")
    var folder: String

    @Argument(help: "How many workers there are.", transform: Whole.threads.parse)
    var workers: Int

    func run() throws { try SearchRun.work(in: RunFolder(folder), workers: workers) }
}
