import DenseNetArchitecture
import Evaluation
import Foundation
import Runs
import Strategies
import Studies

/// An update's trials, from their proposal to the last that is finished.
extension Search {
    func proposed(_ connectivity: Connectivity, _ update: Int, _ position: Int) throws -> Proposal {
        let cost = try Network(configuration.architecture, connectivity).cost
        return Proposal(
            update: update, position: position, connectivity: connectivity, macs: cost.macs,
            parameters: cost.parameters,
            connections: cost.connections, seed: configuration.seed)
    }

    /// Lets the workers work until every trial of the first of some updates is finished, and decides what those that
    /// are held wait for, of the other updates, too.
    /// - Returns: the first update's trials, in order of position.
    @discardableResult
    func finish(_ updates: ClosedRange<Int>, _ board: inout Scoreboard) throws -> [Trial] {
        while true {
            try Interruption.check("interrupted; the finished children are kept")
            try reclaim()
            let open = try updates.map { try storage.trials(update: $0) }
            let trials = open.flatMap(\.self)
            try tell(board.failures.look(at: trials), inARow: board.failures.inARow)
            for own in open {
                for trial in own where trial.state.isFinished && board.isNews(trial) { try tell(trial, own, &board) }
            }
            let unfinished = Set(trials.filter { !$0.state.isFinished }.map(\.number))
            if open[0].allSatisfy(\.state.isFinished) {
                return open[0].sorted { $0.proposal.position < $1.proposal.position }
            }
            let due = try open.flatMap { try decisions($0, unfinished) }
            if due.isEmpty {
                try workforce.work()
            } else {
                try storage.decide(due, by: ownership)
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

    /// What becomes of an update's trials once all that go on are held: the best go on to the next length, the others
    /// end; repeats end as what they repeat.
    ///
    /// Successive halving (Jamieson and Talwalkar, arXiv 1502.07943) within an update.
    /// - Parameter unfinished: trials that no repeat can end as.
    private func decisions(_ trials: [Trial], _ unfinished: Set<Int>) throws -> [Decision] {
        let open = trials.filter { !$0.state.isFinished }
        guard open.allSatisfy(\.isHeld) else { return [] }
        let rungs = open.filter { $0.proposal.repeatOf == nil }
        guard rungs.isEmpty else {
            let ranked = rungs.sorted {
                (rule.rank(of: $1), $0.number) < (rule.rank(of: $0), $1.number)
            }
            let factor = configuration.evaluator.halving ?? 1
            let survivors = max(1, Int((Double(ranked.count) / factor).rounded()))
            return ranked.enumerated().map {
                $0.offset < survivors ? .promote($0.element.number) : .prune($0.element.number)
            }
        }
        return open.compactMap { trial in
            trial.proposal.repeatOf.flatMap { unfinished.contains($0) ? nil : .copy(trial.number, of: $0) }
        }
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
