import ArgumentParser
import ConnectivitySearch
import DenseNetArchitecture
import Files
import Foundation
import Reporting
import Training

struct StudyBestCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "best", abstract: "The best child of a study, under any target: no new search is needed.",
        discussion: """
            EXAMPLE
              ads study best runs/ads --target-macs 0.5 --out found.json
              ads train --data cifar10 --arch densenet-40-12 --connectivity found.json --epochs 30 --out runs/found
            """)

    @Argument(help: "A search's folder, or its study.sqlite.")
    var study: String

    @Option(help: "The most MACs it may have: a share of the dense network's up to 1, else a number.")
    var targetMacs: Double?

    @Option(help: "The most parameters, in the same way.")
    var targetParameters: Double?

    @Option(help: "The most milliseconds for one image, by the table of a search with a latency target.")
    var targetLatency: Double?

    @Option(help: "Write its matrices into this file, for --connectivity.")
    var out: String?

    @Flag(help: "Print one JSON object on stdout, and nothing else there.")
    var json = false

    func run() throws {
        let history = try StudyHistory(openStudy(study))
        let child: Child
        let targets: [(CostMeasure, Double)] = [
            targetMacs.map { (.macs, $0) }, targetParameters.map { (.parameters, $0) }, targetLatency.map { (.latency, $0) },
        ].compactMap { $0 }
        switch targets.count {
        case 0: child = try history.best()
        case 1: child = try history.best(targets[0].0, limit: limit(targets[0].0, targets[0].1, history))
        default: throw UsageError("one target at a time: --target-macs, --target-parameters or --target-latency")
        }
        if let out { try AtomicFile.write(RunFolder.encoder(pretty: false).encode(child.connectivity) + Data("\n".utf8), to: out) }
        if json { return try printJSON(child) }
        let worth = history.worth(child)
        let dense = try Network(history.configuration.architecture).cost.macs
        print(
            """
            child \(child.number): \(worth.isEvaluatedAgain ? "validated \(percent(worth.accuracy)) when evaluated again" : "reward \(percent(worth.accuracy)), not evaluated again")
            \(grouped(child.parameters)) parameters, \(grouped(child.macs)) MACs (\(percent(Double(child.macs) / Double(dense))) of dense), \(child.connections) connections
            \(try Network(history.configuration.architecture, child.connectivity).drawing)
            """)
    }
}
