import Crypto
import DenseNetArchitecture
import DenseNetModel
import Files
import Foundation
import ImageData
import Torch
import Training

/// A search as a run in a folder: configuration, study, and at its end the best network as a value.
public struct SearchRun {
    /// The search's configuration.
    public let configuration: SearchConfiguration
    /// The folder.
    public let folder: RunFolder
    /// The data.
    public let data: DataSet
    /// Receives progress.
    public var observer: (SearchEvent) -> Void = { _ in }

    /// A search in a folder.
    public init(_ configuration: SearchConfiguration, _ data: DataSet, folder: RunFolder) {
        self.configuration = configuration
        self.data = data
        self.folder = folder
    }

    /// The search a folder holds, with its own settings.
    /// - Throws: `FileError`, `DataError`, `SearchError` when the data are no longer the same.
    public init(continuing folder: RunFolder, children: Int? = nil) throws {
        guard var configuration = try Study(path: folder.study).configuration() else {
            throw SearchError("\(folder.path) holds no search that was started; start it without --resume")
        }
        if let children { configuration.children = children }
        let data = try DataSources.load(configuration.data.name, from: configuration.data.folder)
        guard data.digest == configuration.data.digest else {
            throw SearchError("the data of \(configuration.data.name) have changed since \(folder.path) was started")
        }
        try Runtime.setThreads(configuration.machine.threads)
        self.init(configuration, data, folder: folder)
    }

    /// Runs, from the start or from the folder's last finished child.
    /// - Throws: `Interrupted` with all finished children kept; `SearchError`, `FileError`.
    public func run(resume: Bool) throws -> SearchResult {
        try configuration.validate()
        let evaluator = try makeEvaluator()
        if !(resume && folder.exists) { try folder.create() }
        let study = try Study(path: folder.study)
        if let stored = try study.configuration() {
            if let difference = configuration.difference(from: stored) {
                throw SearchError("\(folder.path) holds another search: \(difference); continue it with 'ads search --resume --out \(folder.path)'")
            }
        } else {
            try study.store(configuration)
        }
        try folder.write(configuration, to: folder.configuration)
        var search = Search(configuration, study: study, evaluator: evaluator)
        search.observer = observer
        let result: SearchResult
        do {
            result = try search.run()
        } catch is Interrupted {
            let count = try study.children().count
            throw Interrupted(description: "interrupted; \(count) finished children are kept. Continue with the same command and --resume")
        }
        let lines = try study.children().map { try RunFolder.encoder(pretty: false).encode($0) + Data("\n".utf8) }
        try AtomicFile.write(lines, to: folder.metrics)
        try folder.write(Network(configuration.architecture, result.connectivity), to: folder.architecture)
        try folder.write(result.connectivity, to: folder.path + "/connectivity.json")
        try folder.write(result, to: folder.result)
        return result
    }

    private func makeEvaluator() throws -> any Evaluator {
        let device = try Device(named: configuration.machine.device)
        let children = ChildData(
            data, seed: configuration.seed, limitTrain: configuration.limitTrain, limitValidation: configuration.limitValidation)
        guard configuration.evaluator.kind == .inherit else {
            return ScratchEvaluator(
                configuration.architecture, children, configuration.evaluator, device: device, kernels: configuration.machine.kernels)
        }
        guard let path = configuration.dense else { throw SearchError("inherited weights need a trained dense network; give its run with --dense") }
        let run = RunFolder(path)
        let dense = try run.model(device: device)
        guard try Self.digest(run) == configuration.denseDigest else {
            throw SearchError("the weights of \(path) have changed since the search was started")
        }
        guard dense.network == (try Network(configuration.architecture)) else {
            throw SearchError("\(path) holds another network than the dense one of this search")
        }
        let trained = try run.read(TrainingConfiguration.self, from: run.configuration)
        guard trained.seed == configuration.seed, !trained.allData, trained.data.digest == data.digest else {
            throw SearchError("\(path) was trained on images that this search validates on (another seed, data set or --all-data); train it with --seed \(configuration.seed)")
        }
        dense.kernels = configuration.machine.kernels
        return InheritEvaluator(dense, children, configuration.evaluator)
    }

    /// The digest of a run's weights.
    public static func digest(_ run: RunFolder) throws -> String {
        SHA256.hash(data: try AtomicFile.read(run.weights, mapped: true)).map { String(format: "%02x", $0) }.joined()
    }
}
