import DenseNetArchitecture
import Evaluation
import Foundation
import Runs
import Strategies
import Studies

/// An update's trials, from their proposal to the last that is finished.
extension Search {
    /// Records an update's trials and waits until all are finished.
    /// - Parameter isMode: whether it is the strategy's mode that is proposed.
    func evaluate(
        _ proposals: [Connectivity], _ recorded: [Trial], update: Int, isMode: Bool, _ board: inout Scoreboard
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
            proposal.repeatOf = board.trial(of: connectivity)
            if isMode { proposal.isMode = true }
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

    private func tell(_ trial: Trial, _ own: [Trial], _ board: inout Scoreboard) throws {
        if let again = Reevaluation(trial, by: rule) {
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
