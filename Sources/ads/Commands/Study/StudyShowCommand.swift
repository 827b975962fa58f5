import ArgumentParser
import ConnectivitySearch
import Evaluation
import Foundation
import Reporting
import Strategies
import Studies
import Training

struct StudyShowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "What a study holds, and the children no other is cheaper and better than.",
        discussion: """
            EXAMPLE
              ads study show runs/ads
            """)

    @Argument(help: "A search's folder, its study.sqlite, or an address: postgresql://...", completion: .file())
    var study: String

    @Flag(help: "Print one JSON object on stdout, and nothing else there.")
    var json = false

    /// What `--json` prints.
    private struct Summary: Encodable {
        var strategy: String
        var data: String
        var children: Int
        var repeats: Int
        var states: [String: Int]
        var updates: Int
        var images: Int
        var seconds: Double
        var digest: String
        var front: [Child]
    }

    func run() throws {
        let storage = try openStudy(study)
        let history = try StudyHistory(storage)
        let (c, children) = (history.configuration, history.children)
        let states = Dictionary(grouping: history.trials, by: \.state.rawValue).mapValues(\.count)
        let paid = children.count { $0.repeatOf == nil }
        let summary = Summary(
            strategy: c.strategy, data: c.data.name, children: paid, repeats: children.count - paid, states: states,
            updates: history.updates.count, images: history.images,
            seconds: history.trials.reduce(0) { $0 + $1.seconds },
            digest: try history.digest(strategy: storage.strategy()?.state),
            front: history.front())
        if json { return try printJSON(summary) }
        print(
            """
            \(c.strategy) on \(c.data.name), seed \(c.seed), \(c.evaluator.kind.rawValue), \(c.target.map { "at most \(grouped($0.limit)) \($0.measure.noun)" } ?? "no target")
            \(c.progress(paid)), \(summary.repeats) repeats, \(summary.updates) updates
            trials: \(TrialState.allCases.compactMap { state in states[state.rawValue].map { "\($0) \(state.rawValue)" } }.joined(separator: ", "))
            \(grouped(summary.images)) training images seen, \(duration(summary.seconds)) of evaluations
            digest \(summary.digest)
            """)
        for child in summary.front {
            print(
                "front: child \(child.number), validation \(percent(child.accuracy)), \(grouped(child.macs)) MACs, \(grouped(child.parameters)) parameters"
            )
        }
    }
}
