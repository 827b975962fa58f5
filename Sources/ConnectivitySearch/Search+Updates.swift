import DenseNetArchitecture
import Strategies
import Studies

/// What is proposed next, and how many updates are proposed before one is learned from.
extension Search {
    /// Where proposing is, which a lag puts ahead of learning.
    struct Pipeline {
        /// The last update whose children the strategy has proposed.
        private(set) var proposed: Int
        /// Training images that the strategy had seen when it last learned.
        var images: Int

        /// Where a study is: what was proposed before the last update was learned from needs no proposal again.
        init(after progress: SearchProgress, images: Int) {
            (proposed, self.images) = (progress.proposed ?? progress.update, images)
        }

        /// Updates that are proposed and not learned from.
        func ahead(of progress: SearchProgress) -> Int { proposed - progress.update }

        /// Whether a study has trials of everything that is proposed and not learned from.
        func isRecorded(_ history: StudyHistory, _ progress: SearchProgress, lag: Int) -> Bool {
            guard 0...lag ~= ahead(of: progress) else { return false }
            let recorded = Set(history.trials.map(\.proposal.update))
            return (progress.update..<proposed).allSatisfy { recorded.contains($0 + 1) }
        }

        fileprivate mutating func advance() { proposed += 1 }
    }

    /// Proposes the next update and records its trials; `false` where there is none, or none before more is learned.
    ///
    /// An update counts whole: what was paid when it began decides how many it proposes, also after a resume.
    func propose(
        _ strategy: any Strategy, _ progress: inout SearchProgress, _ pipeline: inout Pipeline,
        _ board: inout Scoreboard
    ) throws -> Bool {
        let update = pipeline.proposed + 1
        // What was recorded before an interruption decides, whatever has changed since.
        let recorded = try storage.trials(update: update)
        let remaining = board.remaining(configuration) - board.promised(from: progress.update + 1)
        // Who only repeats itself bets once more, on what it has come to.
        let isLast = remaining == 1 || progress.exhausted && progress.mode == nil
        // A bet is on all that can be learned.
        if recorded.isEmpty, isLast || progress.exhausted, pipeline.ahead(of: progress) > 0 { return false }
        let bet =
            try recorded.isEmpty
            ? remaining > 0 && isLast ? newMode(strategy, board) : nil
            : recorded.first { $0.proposal.isMode == true }?.proposal.connectivity
        if recorded.isEmpty && bet == nil && (remaining <= 0 || progress.exhausted) { return false }
        let count = try recorded.isEmpty ? next(strategy, remaining, board) : recorded.count
        let proposals = try bet.map { [$0] } ?? strategy.propose(count)
        if proposals.isEmpty {
            progress.exhausted = true
            return false
        }
        try record(proposals, recorded, update: update, isMode: bet != nil, &board)
        pipeline.advance()
        return true
    }

    /// The strategy's mode, a bet, where bets are evaluated again and nobody has evaluated this one.
    private func newMode(_ strategy: any Strategy, _ board: Scoreboard) throws -> Connectivity? {
        guard configuration.top > 0, let mode = try strategy.mode(), board.trial(of: mode) == nil else { return nil }
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

    /// Records an update's trials, those that are not recorded yet.
    private func record(
        _ proposals: [Connectivity], _ recorded: [Trial], update: Int, isMode: Bool, _ board: inout Scoreboard
    ) throws {
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
    }
}
