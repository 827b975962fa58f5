import DenseNetArchitecture
import Foundation
import Runs
import Training

/// What a search tells while it works.
public enum SearchEvent {
    case child(Child, SearchStatus)
    case reevaluation(Reevaluation, done: Int, of: Int, secondsLeft: Double)
    /// Where the search is before its first child.
    case start(SearchStatus)
    case update(UpdateRecord, SearchStatus)
    /// The training of the weights that all children share.
    case training(TrainingEvent)
    case note(String)
}

/// The search: a strategy proposes, workers evaluate, the study remembers.
///
/// An update's trials are all recorded before the first is handed out, and the strategy learns when the last is finished. So
/// neither the number of workers nor a crash changes what is proposed or what it is worth.
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

    /// The trained dense network, for strategies that look into it.
    var dense: TrainedDense?

    private let rule: RewardRule
    let whole: Network
    private let identity = WorkerIdentity.current

    /// A search, new or continued.
    public init(_ configuration: SearchConfiguration, _ storage: any StudyStorage, _ workforce: any Workforce) throws {
        self.configuration = configuration
        self.storage = storage
        self.workforce = workforce
        rule = RewardRule(configuration)
        whole = try Network(configuration.architecture)
    }

    /// Runs to the end, from wherever the study is.
    /// - Parameter begin: called once this process is the study's only search.
    /// - Throws: `Interrupted` with all finished trials kept; `SearchError` when another process searches in the study;
    ///   `FileError` when the study cannot be written.
    public func run(begin: () throws -> Void = {}) throws -> SearchResult {
        try configuration.validate()
        let heartbeat = Heartbeat(storage)
        try storage.own(identity, now: Lease.now(), until: Lease.end(), isDead: { $0.isDead })
        heartbeat.start(identity)
        defer {
            workforce.end()
            heartbeat.end()
            // Where this fails the lease runs out.
            try? storage.disown(identity)
        }
        try begin()
        let strategy = try Strategies.named(configuration.strategy).init(
            configuration.context(dense: dense) { [observer] in observer(.note($0)) })
        var progress = SearchProgress()
        if let stored = try storage.strategy() {
            try strategy.restore(stored.state)
            progress = stored.progress
        }
        var board = Scoreboard(
            StudyHistory(configuration, try storage.trials(update: nil), try storage.updates()), updates: progress.update)
        observer(.start(board.status(configuration, workers: workforce.count)))
        // An update counts whole: what was paid when it began decides how many it proposes, also after a resume.
        while !progress.exhausted {
            let remaining = board.remaining(configuration)
            if remaining <= 0 { break }
            progress.update += 1
            let seen = strategy.images
            let proposals = try strategy.propose(min(configuration.agent.childrenPerUpdate, remaining))
            if proposals.isEmpty {
                progress.exhausted = true
                break
            }
            let own = try evaluate(proposals, update: progress.update, &board)
            try learn(own, strategy, seen: seen, &progress, &board)
        }
        return try conclude(exhausted: progress.exhausted, &board)
    }

    /// Records an update's trials and waits until all are finished.
    private func evaluate(_ proposals: [Connectivity], update: Int, _ board: inout Scoreboard) throws -> [Trial] {
        let recorded = try storage.trials(update: update)
        var missing: [Proposal] = []
        for (position, connectivity) in proposals.enumerated() {
            if let trial = recorded.first(where: { $0.proposal.position == position }) {
                guard trial.proposal.connectivity == connectivity else {
                    throw SearchError("\(storage.name) was made by a program that proposes other children: child \(trial.number) differs")
                }
                continue
            }
            var proposal = try proposed(connectivity, update, position)
            proposal.repeatOf = board.known[connectivity]
            board.add(board.lastNumber + 1, proposal)
            missing.append(proposal)
        }
        if !missing.isEmpty { _ = try storage.add(missing) }
        try finish(update, &board)
        return try storage.trials(update: update).sorted { $0.proposal.position < $1.proposal.position }
    }

    func proposed(_ connectivity: Connectivity, _ update: Int, _ position: Int) throws -> Proposal {
        let cost = try Network(configuration.architecture, connectivity).cost
        return Proposal(
            update: update, position: position, connectivity: connectivity, macs: cost.macs, parameters: cost.parameters,
            connections: cost.connections, seed: configuration.seed)
    }

    /// Lets the workers work until every trial of an update is finished; decides what those that are held wait for.
    func finish(_ update: Int, _ board: inout Scoreboard) throws {
        var finished = Set(try storage.trials(update: update).filter { $0.state.isFinished }.map(\.number))
        while true {
            try Interruption.check("interrupted; the finished children are kept")
            let taken = try storage.reclaim(now: Lease.now(), maxLost: configuration.maxLost ?? 5, isDead: { $0.isDead })
            for number in taken { observer(.note("the worker of child \(number) vanished; the child waits for another")) }
            let trials = try storage.trials(update: update)
            for trial in trials where trial.state.isFinished && finished.insert(trial.number).inserted { try tell(trial, trials, &board) }
            let open = trials.filter { !$0.state.isFinished }
            if open.isEmpty { return }
            if open.allSatisfy({ $0.isHeld }) {
                try storage.decide(try decisions(open, trials))
            } else {
                try workforce.work()
            }
        }
    }

    /// What becomes of held trials: the best go on to the next length, the others end; repeats end as what they repeat.
    ///
    /// Successive halving (Jamieson and Talwalkar, arXiv 1502.07943) within an update.
    private func decisions(_ open: [Trial], _ trials: [Trial]) throws -> [Decision] {
        let rungs = open.filter { $0.proposal.repeatOf == nil }
        guard rungs.isEmpty else {
            let ranked = rungs.sorted { (rule.result(of: $1).accuracy, $0.number) < (rule.result(of: $0).accuracy, $1.number) }
            let factor = configuration.evaluator.halving ?? 1
            let survivors = max(1, Int((Double(ranked.count) / factor).rounded()))
            return ranked.enumerated().map { $0.offset < survivors ? .promote($0.element.number) : .prune($0.element.number) }
        }
        return open.compactMap { trial in trial.proposal.repeatOf.map { .copy(trial.number, of: $0) } }
    }

    private func learn(
        _ own: [Trial], _ strategy: any Strategy, seen: Int, _ progress: inout SearchProgress, _ board: inout Scoreboard
    ) throws {
        let rewards = try rule.rewards(of: own)
        var record = UpdateRecord(update: progress.update, trials: own.map(\.number), rewards: rewards, baseline: strategy.baseline)
        try strategy.learn(zip(own, rewards).map { ($0.proposal.connectivity, $1) })
        record.keepRate = strategy.keepRate
        record.probabilities = try strategy.probabilities()
        if strategy.images > seen { record.images = strategy.images - seen }
        progress.repeatedUpdates = own.allSatisfy { $0.proposal.repeatOf != nil } ? progress.repeatedUpdates + 1 : 0
        if progress.repeatedUpdates >= Self.patience {
            progress.repeatedUpdates = 0
            if !progress.exploredMore && strategy.exploreMore() {
                progress.exploredMore = true
                observer(.note("the strategy only repeats itself; its entropy bonus is raised"))
            } else {
                progress.exhausted = true
                observer(.note("the strategy only repeats itself; the search ends here"))
            }
        }
        try storage.finish(record, state: strategy.state(), progress)
        board.finish(own, images: record.images ?? 0)
        board.learned(record)
        observer(.update(record, board.status(configuration, workers: workforce.count)))
    }

    private func tell(_ trial: Trial, _ own: [Trial], _ board: inout Scoreboard) throws {
        let result = rule.result(of: trial)
        if let child = trial.proposal.again {
            let again = Reevaluation(
                child: child, seed: trial.proposal.seed, accuracy: result.accuracy, loss: result.loss, seconds: trial.seconds)
            let done = own.filter { $0.state.isFinished }
            let left = done.reduce(0) { $0 + $1.seconds } / Double(done.count) * Double(own.count - done.count) / Double(workforce.count)
            return observer(.reevaluation(again, done: done.count, of: own.count, secondsLeft: left))
        }
        // What it is worth by itself; what a short evaluation is worth is known when the update is finished.
        let child = Child(trial, result, reward: try rule.rewards(of: [trial])[0], baseline: nil)
        board.finish(child)
        observer(.child(child, board.status(configuration, workers: workforce.count)))
    }
}
