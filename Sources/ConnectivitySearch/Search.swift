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
/// finished. So neither the number of workers nor a crash changes what is proposed or what it is worth.
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

    private let rule: RewardRule
    let whole: Network
    /// What this search proves its writes with.
    let ownership = Ownership()
    private let heartbeat: Heartbeat

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
    /// - Parameter begin: called once this process is the study's only search, with what proves it.
    /// - Throws: `Interrupted` with all finished trials kept; `StudyError` when another process searches in the study,
    ///   or has taken it over; `SearchError` when workers vanish or machines fail again and again; `FileError` when the
    ///   study cannot be written.
    public func run(begin: (Ownership) throws -> Void = { _ in }) throws -> SearchResult {
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
        var board = Scoreboard(
            StudyHistory(configuration, try storage.trials(update: nil), try storage.updates()),
            updates: progress.update)
        observer(.start(board.status(configuration, workers: workforce.count)))
        // An update counts whole: what was paid when it began decides how many it proposes, also after a resume.
        while !progress.exhausted {
            let remaining = board.remaining(configuration)
            if remaining <= 0 { break }
            progress.update += 1
            let seen = strategy.images
            // What was recorded before an interruption decides, whatever has changed since.
            let recorded = try storage.trials(update: progress.update)
            let bet = try bet(strategy, remaining, recorded, board)
            let count = try recorded.isEmpty ? next(strategy, remaining, board) : recorded.count
            let proposals = try bet.map { [$0] } ?? strategy.propose(count)
            if proposals.isEmpty {
                progress.exhausted = true
                break
            }
            let own = try evaluate(proposals, recorded, update: progress.update, &board)
            if let bet { progress.mode = board.known[bet] }
            try learn(own, strategy, seen: seen, &progress, &board)
        }
        let mode = try configuration.top > 0 ? progress.mode ?? strategy.mode().flatMap { board.known[$0] } : nil
        let result = try conclude(exhausted: progress.exhausted, mode: mode, &board)
        // Whoever took the study over meanwhile writes the result.
        guard try storage.extend(ownership, for: configuration.lease) else {
            throw StudyError.ownershipLost(study: storage.name, owner: try storage.owner()?.owner)
        }
        return result
    }

    /// The strategy's mode, where it is an update of its own: the last child of a search, where bets are evaluated
    /// again and nobody has evaluated this one.
    private func bet(
        _ strategy: any Strategy, _ remaining: Int, _ recorded: [Trial], _ board: Scoreboard
    ) throws -> Connectivity? {
        guard recorded.isEmpty else {
            let only = recorded.count == 1 && recorded[0].proposal.repeatOf == nil ? recorded[0] : nil
            return try only.flatMap { try strategy.mode() == $0.proposal.connectivity ? $0.proposal.connectivity : nil }
        }
        guard remaining == 1 else { return nil }
        return try newMode(strategy, board)
    }

    /// The strategy's mode, where bets are evaluated again and nobody has evaluated this one.
    private func newMode(_ strategy: any Strategy, _ board: Scoreboard) throws -> Connectivity? {
        guard configuration.top > 0, let mode = try strategy.mode(), board.known[mode] == nil else { return nil }
        return mode
    }

    /// How many children the next update proposes; one is left for the strategy's mode.
    private func next(_ strategy: any Strategy, _ remaining: Int, _ board: Scoreboard) throws -> Int {
        let most = configuration.agent.childrenPerUpdate
        guard remaining > 1, remaining <= most, try newMode(strategy, board) != nil else {
            return min(most, remaining)
        }
        return remaining - 1
    }

    /// Records an update's trials and waits until all are finished.
    private func evaluate(
        _ proposals: [Connectivity], _ recorded: [Trial], update: Int, _ board: inout Scoreboard
    ) throws -> [Trial] {
        var missing: [Proposal] = []
        for (position, connectivity) in proposals.enumerated() {
            if let trial = recorded.first(where: { $0.proposal.position == position }) {
                guard trial.proposal.connectivity == connectivity else {
                    throw StudyError.placeIsTaken(study: storage.name, trial: trial.number)
                }
                continue
            }
            var proposal = try proposed(connectivity, update, position)
            proposal.repeatOf = board.known[connectivity]
            board.add(board.lastNumber + 1, proposal)
            missing.append(proposal)
        }
        if !missing.isEmpty { _ = try storage.add(missing, by: ownership) }
        try finish(update, &board)
        return try storage.trials(update: update).sorted { $0.proposal.position < $1.proposal.position }
    }

    func proposed(_ connectivity: Connectivity, _ update: Int, _ position: Int) throws -> Proposal {
        let cost = try Network(configuration.architecture, connectivity).cost
        return Proposal(
            update: update, position: position, connectivity: connectivity, macs: cost.macs,
            parameters: cost.parameters,
            connections: cost.connections, seed: configuration.seed)
    }

    /// Lets the workers work until every trial of an update is finished; decides what those that are held wait for.
    func finish(_ update: Int, _ board: inout Scoreboard) throws {
        let recorded = try storage.trials(update: update)
        var finished = Set(recorded.filter { $0.state.isFinished }.map(\.number))
        var failures = MachineFailures()
        _ = failures.look(at: recorded)
        while true {
            try Interruption.check("interrupted; the finished children are kept")
            try reclaim()
            let trials = try storage.trials(update: update)
            try tell(failures.look(at: trials), inARow: failures.inARow)
            for trial in trials where trial.state.isFinished && finished.insert(trial.number).inserted {
                try tell(trial, trials, &board)
            }
            let open = trials.filter { !$0.state.isFinished }
            if open.isEmpty { return }
            if open.allSatisfy({ $0.isHeld }) {
                try storage.decide(try decisions(open, trials), by: ownership)
            } else {
                try workforce.work()
            }
        }
    }

    /// Takes children from workers that vanished.
    /// - Throws: `SearchError` once one was lost too often: what kills its workers would kill the next, and chance
    ///   accuracy in place of its own would teach the strategy what is not so.
    private func reclaim() throws {
        let most = configuration.maxLost ?? 5
        let losses = try storage.reclaim(silent: heartbeat.mayJudgeSilence, by: ownership, isDead: { $0.isDead })
        for loss in losses {
            let (trial, times) = (loss.trial, loss.trial.lost)
            guard times > most else {
                observer(.note("\(loss.worker) vanished with child \(trial.number); the child waits for another"))
                continue
            }
            throw SearchError(
                "child \(trial.number) was lost with its worker \(times) time\(times == 1 ? "" : "s") (the last: \(trial.lostWith.joined(separator: ", "))), which --max-lost \(most) does not allow; look why they end, for instance for want of memory; finished children are kept, continue with --resume"
            )
        }
    }

    /// Says which children went back because a machine failed.
    /// - Throws: `SearchError` after too many in a row.
    private func tell(_ news: [(trial: Int, sentence: String)], inARow: Int) throws {
        for (trial, sentence) in news {
            observer(.note("the machine failed at child \(trial), which waits for another try: \(sentence)"))
        }
        guard inARow >= MachineFailures.most, let last = news.last else { return }
        throw SearchError(
            "the machine failed \(inARow) times in a row, the last time at child \(last.trial): \(last.sentence); finished children are kept, mend it and continue with --resume"
        )
    }

    /// What becomes of held trials: the best go on to the next length, the others end; repeats end as what they repeat.
    ///
    /// Successive halving (Jamieson and Talwalkar, arXiv 1502.07943) within an update.
    private func decisions(_ open: [Trial], _ trials: [Trial]) throws -> [Decision] {
        let rungs = open.filter { $0.proposal.repeatOf == nil }
        guard rungs.isEmpty else {
            let ranked = rungs.sorted {
                (rule.worth(of: $1), $0.number) < (rule.worth(of: $0), $1.number)
            }
            let factor = configuration.evaluator.halving ?? 1
            let survivors = max(1, Int((Double(ranked.count) / factor).rounded()))
            return ranked.enumerated().map {
                $0.offset < survivors ? .promote($0.element.number) : .prune($0.element.number)
            }
        }
        return open.compactMap { trial in trial.proposal.repeatOf.map { .copy(trial.number, of: $0) } }
    }

    private func learn(
        _ own: [Trial], _ strategy: any Strategy, seen: Int, _ progress: inout SearchProgress, _ board: inout Scoreboard
    ) throws {
        // A child that failed has no reward, and moves nobody else's baseline.
        let rewards = own.map { $0.state == .failed ? nil : rule.reward(of: $0) }
        let taught = zip(own, rewards).compactMap { trial, reward in reward.map { (trial.proposal.connectivity, $0) } }
        var record = UpdateRecord(update: progress.update, trials: own.map(\.number), rewards: rewards)
        if !taught.isEmpty { try strategy.learn(taught) }
        record.baseline = strategy.baseline
        record.keepRate = strategy.keepRate
        record.probabilities = try strategy.probabilities()
        if strategy.images > seen { record.images = strategy.images - seen }
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

    private func tell(_ trial: Trial, _ own: [Trial], _ board: inout Scoreboard) throws {
        let result = rule.result(of: trial)
        if let child = trial.proposal.again {
            let again = Reevaluation(
                child: child, seed: trial.proposal.seed, accuracy: result.accuracy, loss: result.loss,
                seconds: trial.seconds)
            let done = own.filter { $0.state.isFinished }
            let left =
                done.reduce(0) { $0 + $1.seconds } / Double(done.count) * Double(own.count - done.count)
                / Double(workforce.count)
            return observer(.reevaluation(again, done: done.count, of: own.count, secondsLeft: left))
        }
        let child = Child(trial, by: rule, baseline: nil)
        board.finish(child)
        observer(.child(child, board.status(configuration, workers: workforce.count)))
    }
}
