import ArgumentParser
import ConnectivitySearch
import Foundation
import Reporting
import Runs

struct WorkerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "worker", abstract: "Evaluate children of a search that runs elsewhere.",
        discussion: """
            Takes what is to be done from the study, finds its own copy of the data, fetches the weights that children start \
            from, and works until the search has ended; then it exits with 0. SIGTERM or --stop-after gives its child back to the \
            others, and it exits with 130.

            EXAMPLE
              ads worker --study "postgresql://db.example.org/ads?study=cifar" \\
                --data-dir /data
            """)

    @Option(help: "The study: an address, postgresql://user@host/database?study=name, or a search's folder.")
    var study: String

    @Option(help: "Where the data lie on this machine, where not where they are looked for.", completion: .directory)
    var dataDir: String?

    @Option(
        help: "End after so long, as 90s, 55m or 8h: before a scheduler's limit does.", transform: Duration.parse)
    var stopAfter: Double?

    @OptionGroup var cache: CacheOptions

    @Flag(help: "Say nothing while it works.")
    var quiet = false

    /// Seconds, as people and schedulers write them.
    enum Duration {
        @Sendable static func parse(_ text: String) throws -> Double {
            let units: [Character: Double] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
            let unit = text.last.flatMap { units[$0] }
            guard let number = Double(unit == nil ? text[...] : text.dropLast()), number.isFinite, number > 0,
                number * (unit ?? 1) <= 365 * 86_400
            else { throw RangeError("a duration such as 90s, 55m or 8h is needed") }
            return number * (unit ?? 1)
        }
    }

    func run() throws {
        try cache.apply()
        let console = Console(quiet: quiet)
        if let stopAfter {
            Thread {
                Thread.sleep(forTimeInterval: stopAfter)
                Interruption.request()
            }.start()
        }
        var worker = StudyWorker(study: study, dataFolder: dataDir)
        worker.observer = { console.line($0) }
        let count = try worker.run()
        let done = "\(plural(count, "evaluation")) done"
        // Schedulers replace who was stopped, and not who is done.
        if Interruption.requested { throw Interrupted(description: "\(done); stopped before the search ended") }
        console.line("\(done), the search has ended")
    }
}
