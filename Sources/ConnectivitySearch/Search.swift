import DenseNetArchitecture
import Evaluation
import Foundation
import Runs
import Strategies
import Studies
import Training

/// What a search tells while it works.
public enum SearchEvent {
    /// A child was finished.
    case child(Child, SearchStatus)
    /// One of the best children was evaluated again, `done` of `of`; the seconds until all are.
    case reevaluation(Reevaluation, done: Int, of: Int, secondsLeft: Double)
    /// Where the search is before its first child.
    case start(SearchStatus)
    /// The strategy learned from an update.
    case update(UpdateRecord, SearchStatus)
    /// The training of the weights that all children share.
    case training(TrainingEvent)
    /// A sentence for who watches.
    case note(String)
}

/// The search: a strategy proposes, workers evaluate, the study remembers.
///
/// An update's trials are all recorded before the first is handed out, and the strategy learns when the last is
/// finished. So neither the number of workers nor a crash changes what is proposed or what it is worth. With a lag of L
/// updates, update k is proposed after update k − 1 − L is learned from, whatever else is finished by then: what the
/// strategy does follows one order, and workers have L more updates to do.
public struct Search {
    /// Everything that decides it.
    public let configuration: SearchConfiguration
    /// What it remembers.
    public let storage: any StudyStorage
    let workforce: any Workforce
    /// Receives progress.
    public var observer: (SearchEvent) -> Void = { _ in }
    /// Updates of repeats alone before more is explored, and again before the search ends; ours.
    static let patience = 5
    /// How often more is explored without a child that is new before the search ends; ours.
    static let explorations = 4

    /// The trained dense network, for strategies that look into it.
    var dense: TrainedDense?

    let rule: RewardRule
    let whole: Network
    /// What this search proves its writes with.
    let ownership = Ownership()
    let heartbeat: Heartbeat

    /// A search, new or continued.
    public init(_ configuration: SearchConfiguration, _ storage: any StudyStorage, _ workforce: any Workforce) throws {
        self.configuration = configuration
        self.storage = storage
        self.workforce = workforce
        rule = RewardRule(configuration)
        heartbeat = Heartbeat(storage, lease: configuration.lease)
        whole = try Network(configuration.architecture)
    }

    /// Runs to the end, from wherever the study is; once only.
    /// - Parameters:
    ///   - begin: called once this process is the study's only search, with what proves it.
    ///   - end: called once the result is known, while it still is, with it.
    /// - Throws: `Interrupted` with all finished trials kept; `StudyError` when another process searches in the study,
    ///   or has taken it over; `SearchError` when workers vanish or machines fail again and again; `FileError` when the
    ///   study cannot be written.
    public func run(
        begin: (Ownership) throws -> Void = { _ in }, end: (Ownership, SearchResult) throws -> Void = { _, _ in }
    ) throws -> SearchResult {
        try configuration.validate()
        try storage.own(ownership, for: configuration.lease, isDead: { $0.isDead })
        heartbeat.start(ownership)
        defer {
            workforce.end()
            heartbeat.end()
            // Where this fails the lease runs out.
            try? storage.disown(ownership)
        }
        try begin(ownership)
        let strategy = try Strategies.named(configuration.strategy).init(
            configuration.context(dense: dense) { [observer] in observer(.note($0)) })
        var progress = SearchProgress()
        if let stored = try storage.strategy() {
            try strategy.restore(stored.state)
            progress = stored.progress
        }
        let history = StudyHistory(configuration, try storage.trials(update: nil), try storage.updates())
        var pipeline = Pipeline(after: progress, images: strategy.images)
        guard history.isNumbered, pipeline.isRecorded(history, progress, lag: configuration.lag ?? 0) else {
            throw SearchError("\(storage.name) lacks trials that it had; look at it with 'ads study doctor'")
        }
        // Strategies learn of matrices by their places.
        if let misfit = history.trials.first(where: { history.network(of: $0) == nil }) {
            throw SearchError(
                "\(storage.name) is damaged: trial \(misfit.number)'s matrices do not fit the network; look at it with 'ads study doctor'"
            )
        }
        var board = Scoreboard(history, updates: progress.update)
        observer(.start(board.status(configuration, workers: workforce.count)))
        while true {
            while pipeline.ahead(of: progress) <= configuration.lag ?? 0,
                try propose(strategy, &progress, &pipeline, &board)
            {}
            guard pipeline.ahead(of: progress) > 0 else { break }
            progress.update += 1
            let own = try finish(progress.update...pipeline.proposed, &board)
            // It is the mode no longer once more is learned.
            progress.mode = own.first { $0.proposal.isMode == true }?.number
            progress.proposed = configuration.lag == nil ? nil : pipeline.proposed
            try learn(own, strategy, &progress, &pipeline, &board)
        }
        let mode = try configuration.top > 0 ? progress.mode ?? strategy.mode().flatMap(board.trial) : nil
        let result = try conclude(exhausted: progress.exhausted, mode: mode, &board)
        // Whoever took the study over meanwhile writes the result.
        guard try storage.extend(ownership, for: configuration.lease) else {
            throw StudyError.ownershipLost(study: storage.name, owner: try storage.owner()?.owner)
        }
        try end(ownership, result)
        return result
    }

    private func learn(
        _ own: [Trial], _ strategy: any Strategy, _ progress: inout SearchProgress, _ pipeline: inout Pipeline,
        _ board: inout Scoreboard
    ) throws {
        // A child that failed has no reward, and moves nobody else's baseline.
        let rewards = own.map { $0.state == .failed ? nil : rule.reward(of: $0) }
        let taught = zip(own, rewards).compactMap { trial, reward in reward.map { (trial.proposal.connectivity, $0) } }
        var record = UpdateRecord(update: progress.update, trials: own.map(\.number), rewards: rewards)
        if !taught.isEmpty { try strategy.learn(taught) }
        record.baseline = strategy.baseline
        record.keepRate = strategy.keepRate
        record.probabilities = try strategy.probabilities()
        if strategy.images > pipeline.images { record.images = strategy.images - pipeline.images }
        pipeline.images = strategy.images
        progress.repeatedUpdates = own.allSatisfy { $0.proposal.repeatOf != nil } ? progress.repeatedUpdates + 1 : 0
        if progress.repeatedUpdates > 0, progress.repeatedUpdates % Self.patience == 0 {
            if progress.repeatedUpdates <= Self.explorations * Self.patience, try strategy.exploreMore() {
                if progress.repeatedUpdates == Self.patience {
                    observer(.note("the strategy only repeats itself; it explores more from here on"))
                }
            } else {
                progress.exhausted = true
                observer(.note("the strategy only repeats itself; the search ends here"))
            }
        }
        try storage.finish(record, state: strategy.state(), progress, by: ownership)
        board.finish(own, images: record.images ?? 0)
        board.learned(record)
        observer(.update(record, board.status(configuration, workers: workforce.count)))
    }
}
