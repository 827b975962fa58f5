import DenseNetArchitecture
import Evaluation
import Files
import Foundation
import ImageData
import Runs
import Strategies
import Studies
import StudyPostgres
import Torch
import Training

/// A search as a run in a folder: configuration, study, and at its end the best network as a value.
public struct SearchRun {
    /// The search's configuration; of one that goes on only what decides no child may be changed.
    public var configuration: SearchConfiguration
    /// The folder.
    public let folder: RunFolder
    /// The data.
    public let data: DataSet
    /// The database of a new search's study, in place of a file in the folder.
    public var studyAddress: PostgresAddress?
    /// Processes that evaluate children; with one, this process does. With none, other machines alone do.
    public var workers = 1
    /// The command of a worker's process, which calls `SearchRun.work`; needed for more than one.
    public var workerCommand: [String] = []
    /// Receives progress.
    public var observer: (SearchEvent) -> Void = { _ in }

    /// A search in a folder.
    public init(_ configuration: SearchConfiguration, _ data: DataSet, folder: RunFolder) {
        self.configuration = configuration
        self.data = data
        self.folder = folder
    }

    /// The search a folder holds, with its own settings.
    /// - Parameters:
    ///   - children: how many it shall have from now on, and how many images it may see.
    ///   - dataFolder: where the data lie now, where not as before.
    /// - Throws: `FileError`, `DataError`, `SearchError` when the data are no longer the same.
    public init(
        continuing folder: RunFolder, children: Int? = nil, images: Int? = nil, dataFolder: String? = nil
    ) throws {
        let study = try folder.openStudy()
        guard var configuration = try study.configuration() else {
            throw SearchError("\(folder.path) holds no search that was started; start it without --resume")
        }
        (configuration.isFinished, configuration.found) = (nil, nil)
        if try folder.address() != nil {
            // Where things lie on this machine the folder says, never a database.
            let own = try folder.read(SearchConfiguration.self, from: folder.configuration)
            (configuration.dense, configuration.shared) = (own.dense, own.shared)
            configuration.data.folder = own.data.folder
        }
        if let children {
            let known = try StudyHistory(study).children.filter { $0.repeatOf == nil }.count
            guard children >= known else {
                throw SearchError(
                    "\(folder.path) has \(known) finished children; --children \(children) is fewer, type more or leave it out"
                )
            }
            configuration.children = children
        }
        if let images { configuration.imageBudget = images }
        if let dataFolder { configuration.data.folder = DataIdentity.absolute(dataFolder) }
        let data = try configuration.data.load()
        guard data.digest == configuration.data.digest else {
            throw SearchError("the data of \(configuration.data.name) have changed since \(folder.path) was started")
        }
        self.init(configuration, data, folder: folder)
    }

    /// Runs, from the start or from the folder's last finished child.
    /// - Throws: `Interrupted` with all finished children kept; `SearchError`, `FileError`.
    public func run(resume: Bool) throws -> SearchResult {
        // Before anything is written: what cannot be evaluated is refused here, whoever evaluates.
        let context = try context()
        let evaluator = try Evaluators.named(configuration.evaluator.kind).init(context)
        let type = try Strategies.named(configuration.strategy)
        let looks = type.needsDense || type.usesDense && configuration.dense != nil
        let dense = try looks ? TrainedDense(of: context, for: "\(type.name) prunes") : nil
        let storage = try study(resume: resume)
        if let stored = try storage.configuration() {
            if let difference = configuration.difference(from: stored) {
                throw SearchError(
                    "\(folder.path) holds another search: \(difference); continue it with 'ads search --resume --out \(ShellText.word(folder.path))'"
                )
            }
        }
        // The agent's bits depend on the threads as children's do.
        try Runtime.setThreads(configuration.threads)
        let workforce: any Workforce =
            switch workers {
            case 0: OtherMachines()
            case 1: OwnProcess(Worker(configuration, storage, evaluator))
            default: WorkerProcesses(workers, command: workerCommand)
            }
        var search = try Search(configuration, storage, workforce)
        search.observer = observer
        search.dense = dense
        var result: SearchResult
        do {
            result = try search.run { ownership in
                var known = configuration
                try storage.share(dense: known.dense, by: ownership)
                known.sharedDigest = try storage.configuration()?.sharedDigest
                try storage.store(known, by: ownership)
                try folder.write(known, to: folder.configuration)
                guard configuration.evaluator.kind == .shared else { return }
                try prepareSharedWeights(&known)
                try storage.share(weights: SharedWeights(known.evaluation, folder, data).folder, by: ownership)
                try storage.store(known, by: ownership)
                try folder.write(known, to: folder.configuration)
            } end: { ownership, result in
                guard var known = try storage.configuration() else { return }
                // Workers of other terminals and machines look whether anything is left to do, reports what was found.
                known.isFinished = true
                known.found = .init(child: result.child, exhausted: result.exhausted)
                try storage.store(known, by: ownership)
            }
        } catch  where error is Interrupted || error is FileError && Interruption.requested {
            // A database that is away must not keep anybody.
            let count = (try? StudyHistory(storage).children.count).map { "\($0)" } ?? "all"
            throw Interrupted(
                description:
                    "interrupted; \(count) finished children are kept. Continue with the same command and --resume")
        }
        result.latency = try latency(result.connectivity)
        let lines = try StudyHistory(storage).children.map {
            try RunFolder.encoder(pretty: false).encode($0) + Data("\n".utf8)
        }
        try AtomicFile.write(lines, to: folder.metrics)
        try folder.write(Network(configuration.architecture, result.connectivity), to: folder.architecture)
        try folder.write(result.connectivity, to: folder.connectivity)
        try folder.write(result, to: folder.result)
        return result
    }

    /// What children are evaluated by, once nothing of the search is impossible.
    private func context() throws -> EvaluationContext {
        try configuration.validate()
        try configuration.architecture.check(fits: data)
        let context = EvaluationContext(configuration.evaluation, data, folder: folder)
        let (settings, images) = (configuration.evaluator, context.children.train.count)
        let trains =
            settings.kind == .shared || settings.epochs > 0 && settings.trainsChildren(top: configuration.top)
        guard !trains || images >= settings.batchSize else {
            throw SearchError(
                "\(images) training images do not fill one batch of \(settings.batchSize); lower --batch-size or raise --limit-train"
            )
        }
        return context
    }

    /// What a worker's process does: evaluates the trials of the search in a folder until that search ends.
    /// - Parameter workers: how many there are.
    /// - Throws: `FileError`, `DataError`, `SearchError`.
    public static func work(in folder: RunFolder, workers: Int) throws {
        let run = try SearchRun(continuing: folder)
        let configuration = run.configuration
        let context = try run.context()
        try Runtime.setThreads(configuration.threads)
        try WorkerProcesses.serve(
            Worker(
                configuration, folder.openStudy(waits: true),
                Evaluators.named(configuration.evaluator.kind).init(context),
                sharedThreads: workers * configuration.threads))
    }

    /// Training images that were seen by the weights children start from.
    /// - Throws: `FileError` when the dense network's run cannot be read.
    public static func imagesBefore(_ configuration: SearchConfiguration, _ data: DataSet) throws -> Int {
        let dense = try configuration.dense.map { try RunFolder($0).weightOrigin().images(of: data) }
        let shared =
            configuration.evaluator.kind == .shared
            ? try SharedWeights(configuration.evaluation, RunFolder(""), data).training.images(of: data) : 0
        return (dense ?? 0) + shared
    }

    /// Trains the shared weights where they are not trained yet, and notes or checks which they are.
    private func prepareSharedWeights(_ known: inout SearchConfiguration) throws {
        let weights = SharedWeights(known.evaluation, folder, data)
        try weights.train { [observer] in observer(.training($0)) }
        let digest = try TrainedDense.digest(weights.folder)
        guard digest == known.sharedDigest ?? digest else {
            throw SearchError("the weights of \(weights.folder.path) have changed since the search was started")
        }
        known.sharedDigest = digest
    }
}
