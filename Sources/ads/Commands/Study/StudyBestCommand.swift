import ArgumentParser
import ConnectivitySearch
import DenseNetArchitecture
import Files
import Foundation
import Reporting
import Runs
import Strategies
import Training

struct StudyBestCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "best", abstract: "The best child of a study, under any target: no new search is needed.",
        discussion: """
            EXAMPLE
              ads study best runs/ads --target-macs 0.5 --out found.json
              ads train --data cifar10 --arch densenet-40-12 --connectivity found.json \\
                --epochs 30 --out runs/found
            """)

    @Argument(help: "A search's folder, its study.sqlite, or an address: postgresql://...", completion: .file())
    var study: String

    @OptionGroup var target: TargetOptions

    @Option(
        help: "Write its matrices into this file, for --connectivity.", completion: .file(),
        transform: WrittenPath.parse)
    var out: String?

    @Flag(help: "Print one JSON object on stdout, and nothing else there.")
    var json = false

    func run() throws {
        try out.map(WrittenPath.check)
        let history = try StudyHistory(openStudy(study))
        let target = try target.chosen()
        let child =
            try target.map { try history.best($0.measure, limit: limit($0.measure, $0.value, history)) }
            ?? history.best()
        if let out {
            try AtomicFile.write(RunFolder.encoder(pretty: false).encode(child.connectivity) + Data("\n".utf8), to: out)
        }
        if json { return try printJSON(child) }
        let worth = history.worth(child)
        let dense = try Network(history.configuration.architecture).cost.macs
        print(
            """
            child \(child.number): \(worth.isEvaluatedAgain ? "validated \(percent(worth.accuracy)) when evaluated again" : "validated \(percent(worth.accuracy)), not evaluated again")
            \(grouped(child.parameters)) parameters, \(grouped(child.macs)) MACs (\(percent(Double(child.macs) / Double(dense))) of dense), \(child.connections) connections
            \(try Network(history.configuration.architecture, child.connectivity).drawing)
            """)
    }
}
