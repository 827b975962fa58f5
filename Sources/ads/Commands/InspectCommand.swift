import ArgumentParser
import DenseNetArchitecture
import Files
import Foundation
import Reporting
import Runs
import Training

struct InspectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect", abstract: "What a network is and costs, its matrices drawn.",
        discussion: """
            Rows are layers, columns what they read: first the block's input, then each layer. MACs are multiply-adds of \
            convolutions and classifier for one image; parameters include BN's.

            EXAMPLES
              ads inspect runs/ads
              ads inspect --arch densenet-40-12 --connectivity log --json
            """)

    @Argument(help: ArgumentHelp("A run's folder; or use --arch.", valueName: "run"), completion: .directory)
    var path: String?

    @OptionGroup var network: NetworkOptions

    @Flag(help: "Print one JSON object.")
    var json = false

    @Option(help: "Write the matrices as an SVG picture too.", completion: .file(), transform: WrittenPath.parse)
    var svg: String?

    @Option(help: "Decides the connections of random:P.", transform: Seed.parse)
    var seed: UInt64 = 0

    /// What `--json` prints.
    struct Result: Encodable {
        var parameters: Int
        var macs: Int
        var connections: Int
        var activationTraffic: Int
        var parametersShare: Double
        var macsShare: Double
        var connectionsShare: Double
        var architecture: Architecture
        var connectivity: Connectivity
    }

    func run() throws {
        try svg.map(WrittenPath.check)
        let value: Network
        switch (path, try network.network(seed: seed)) {
        case (let run?, nil):
            let folder = RunFolder(run)
            guard folder.exists else { throw FileError("\(run) holds no run: there is no \(folder.configuration)") }
            value = try folder.network()
        case (nil, let given?): value = given
        case (nil, nil): throw UsageError("give a run's folder, or a network with --arch")
        case (_?, _?): throw UsageError("give a run's folder or --arch, not both")
        }
        let cost = value.cost
        let dense = try Network(value.architecture).cost
        func share(_ a: Int, _ b: Int) -> Double { Double(a) / Double(b) }
        let result = Result(
            parameters: cost.parameters, macs: cost.macs, connections: cost.connections,
            activationTraffic: cost.activationTraffic,
            parametersShare: share(cost.parameters, dense.parameters), macsShare: share(cost.macs, dense.macs),
            connectionsShare: share(cost.connections, dense.connections), architecture: value.architecture,
            connectivity: value.connectivity)
        if let svg { try AtomicFile.write(Data(Charts.standaloneMatrices(value).utf8), to: svg) }
        if json { return try printJSON(result) }
        print(
            """
            \(value.architecture)
            parameters   \(grouped(cost.parameters))  (\(percent(result.parametersShare)) of dense; BN included)
            MACs         \(grouped(cost.macs))  (\(percent(result.macsShare)) of dense)
            connections  \(cost.connections)  (\(percent(result.connectionsShare)) of dense)
            traffic      \(grouped(cost.activationTraffic)) elements read and written by convolutions
            \(value.drawing)
            """)
    }
}
