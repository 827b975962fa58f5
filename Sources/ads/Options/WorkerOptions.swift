import ArgumentParser
import ConnectivitySearch
import Foundation
import Runs
import Training

/// Who evaluates a search's children.
struct WorkerOptions: ParsableArguments {
    @Option(
        help:
            "Processes that evaluate children side by side; without it as many as the cores allow. Rewards do not depend on it. 0 leaves all of a search with --study to other machines.",
        transform: Whole(0...1024).parse)
    var workers: Int?

    @Option(help: "Threads that compute one child. (default: 1)", transform: Whole.threads.parse)
    var childThreads: Int?

    @Option(
        help: "Times a child may be lost with its process before the search stops and says so. (default: 5)",
        transform: Whole.countOrNone.parse)
    var maxLost: Int?

    /// What these options say in a plan.
    func set(_ plan: inout SearchPlan) {
        if let childThreads { plan.childThreads = childThreads }
        if let maxLost { plan.maxLost = maxLost }
        plan.lease = lease
    }

    @Option(
        help:
            "Seconds a worker or the search may be silent, suspended say, before others take what it had. (default: 30; 90 with --study)",
        transform: Real(from: 1, upTo: 86_400).parse)
    var lease: Double?

    /// How many processes a search in a folder gets, and the command that starts one.
    func processes(for c: SearchConfiguration, in folder: RunFolder, threads: Int?) -> (Int, [String]) {
        let count = workers ?? Self.fitting(c, threads: threads)
        return (count, Self.command(folder, workers: count))
    }

    /// As many workers as the cores, or fewer threads, allow.
    static func fitting(_ c: SearchConfiguration, threads: Int?) -> Int {
        // A GPU is not shared; more workers than open updates have children would wait.
        guard c.machine.device == "cpu" else { return 1 }
        return max(
            1, min((threads ?? ProcessInfo.processInfo.activeProcessorCount) / c.threads, c.childrenAtOnce))
    }

    /// What starts a worker.
    static func command(_ folder: RunFolder, workers: Int) -> [String] {
        let program = Bundle.main.executablePath ?? CommandLine.arguments[0]
        return [
            program, SearchWorkerCommand._commandName, folder.absolutePath,
            "\(workers)",
        ]
    }
}
