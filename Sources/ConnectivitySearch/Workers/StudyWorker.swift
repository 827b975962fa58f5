import Evaluation
import Files
import Foundation
import Runs
import Strategies
import Studies
import StudyPostgres
import Torch
import Training

/// A worker of a study on any machine: it takes the plan from the study, finds its own copy of the data, fetches the
/// weights that children start from, and evaluates until the search ends.
///
/// No path of the search's machine is used: data are known by their digest, weights by theirs.
public struct StudyWorker {
    /// An address of PostgreSQL, or a run's folder.
    public var study: String
    /// Where the data lie on this machine, where not where they are looked for.
    public var dataFolder: String?
    /// The folder that fetched weights are kept in.
    public var cache: String
    /// Receives sentences for who watches.
    public var observer: (String) -> Void = { _ in }

    /// A worker.
    public init(study: String, dataFolder: String? = nil, cache: String = Self.usualCache) {
        (self.study, self.dataFolder, self.cache) = (study, dataFolder, cache)
    }

    /// `studies` in `$ADS_CACHE`, else in `~/.cache/densenet-ads`.
    public static var usualCache: String {
        let environment = ProcessInfo.processInfo.environment
        let home = environment["HOME"] ?? NSHomeDirectory()
        return (environment["ADS_CACHE"] ?? home + "/.cache/densenet-ads") + "/studies"
    }

    /// Works until the search has ended, or until somebody wants this program to end: its trial then waits for another.
    /// - Returns: how many evaluations it did.
    /// - Throws: `SearchError` where it may not work for this study, or where this machine fails; `FileError`.
    public func run() throws -> Int {
        guard let (storage, known) = try plan() else { return 0 }
        var configuration = known
        if configuration.isFinished == true { return 0 }
        try Self.check(configuration)
        // A folder of this machine knows where its data are; a database does not.
        if storage is any FileSharing || dataFolder != nil { configuration.data.folder = dataFolder }
        let data = try configuration.data.load()
        guard data.digest == configuration.data.digest else {
            throw SearchError(
                "the data of \(configuration.data.name) here are others than those of \(storage.name); give their folder with --data-dir"
            )
        }
        if let storage = storage as? any FileSharing {
            try SharedFiles.place(&configuration, storage, cache: cache)
        }
        try configuration.validate()
        try configuration.architecture.check(fits: data)
        let context = EvaluationContext(configuration.evaluation, data, folder: RunFolder(study))
        try Runtime.setThreads(configuration.threads)
        let evaluator = try Evaluators.named(configuration.evaluator.kind).init(context)
        observer("working for \(storage.name): \(configuration.evaluator.kind.rawValue) on \(configuration.data.name)")
        return try work(Worker(configuration, storage, evaluator), storage)
    }

    private func work(_ worker: Worker, _ storage: any StudyStorage) throws -> Int {
        var (evaluated, idle) = (0, IdleWait(isTold: storage is any FileSharing))
        // Whether the search has ended is looked for once a second.
        var looked = ContinuousClock.now - .seconds(1)
        do {
            while !Interruption.requested {
                switch try worker.workOnce() {
                case .evaluated:
                    evaluated += 1
                    idle.found()
                case .machineFailed(let sentence):
                    throw SearchError("this machine failed, and its child waits for another worker: \(sentence)")
                case .nothingWaits:
                    if looked.duration(to: .now) >= .seconds(1) {
                        if try storage.configuration()?.isFinished == true { return evaluated }
                        looked = .now
                    }
                    if idle.wait(for: storage) { looked = .now - .seconds(1) }
                }
            }
        } catch is Interrupted {}
        return evaluated
    }

    /// The study and its plan, once there are both with all that children start from: schedulers start workers when it
    /// suits them. `nil` when this program shall end first.
    private func plan() throws -> (any StudyStorage, SearchConfiguration)? {
        var (idle, told) = (IdleWait(isTold: PostgresAddress.isOne(study)), false)
        var storage: (any StudyStorage)?
        while !Interruption.requested {
            do {
                storage = try storage ?? StudyPlace.open(study, waits: true)
            } catch StudyError.missing {}
            if let storage, let known = try storage.configuration(),
                known.evaluator.kind != .shared || known.sharedDigest != nil || known.isFinished == true
            {
                return (storage, known)
            }
            if !told { observer("waiting for a search to begin in \(study): ads search --study ...") }
            told = true
            idle.wait(for: storage)
        }
        return nil
    }

    /// Refuses a machine that would compute other bits: a study's children are the same only within one class.
    static func check(_ configuration: SearchConfiguration) throws {
        guard configuration.mixed != true else { return }
        let there = configuration.machine
        let here = Machine.current(device: try Device(named: there.device), kernels: there.kernels)
        guard let (what, its, own) = here.difference(from: there) else { return }
        throw SearchError(
            "this machine computes other bits than the study's (its \(what) is \(its.inSentence), here \(own)); use the same, or start the search with --mixed"
        )
    }
}
