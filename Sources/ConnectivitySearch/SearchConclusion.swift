import DenseNetArchitecture
import Randomness
import Strategies
import Studies

// How a search ends: the best few evaluated again, and the best of them.
extension Search {
    /// Paid children, the best first: those evaluated to the end by what they are worth, then the cheaper, then the
    /// earlier; then the rest.
    static func ranked(_ children: [Child]) -> [Child] {
        func rank(_ child: Child) -> Int { child.state == .complete ? 0 : 1 }
        return children.sorted { (rank($0), $1.worth, $0.macs, $0.number) < (rank($1), $0.worth, $1.macs, $1.number) }
    }

    /// Evaluates the best few and the strategy's mode again, longer, with fresh seeds, and takes the best of them.
    /// - Parameter mode: the mode's trial.
    func conclude(exhausted: Bool, mode: Int?, _ board: inout Scoreboard) throws -> SearchResult {
        var history = StudyHistory(configuration, try storage.trials(update: nil), try storage.updates())
        let paid = history.children.filter { $0.repeatOf == nil }
        let ranked = Self.ranked(paid.filter { $0.state == .complete })
        guard let first = ranked.first else {
            throw SearchError("every child failed; the first because \(paid.first?.failure ?? "of nothing known")")
        }
        let seeds = (0..<configuration.reevaluationSeeds).map {
            SeededGenerator(seed: configuration.seed, stream: 0x2E, UInt64($0)).state
        }
        let recorded = try storage.trials(update: 0)
        var missing: [Proposal] = []
        let best = ranked.prefix(configuration.top)
        // Of a search with halving the mode may have ended early.
        let isBest = best.contains { $0.number == mode }
        let top = best + (isBest ? [] : paid.filter { $0.number == mode && $0.state != .failed })
        for child in top {
            for seed in seeds
            where !recorded.contains(where: { $0.proposal.again == child.number && $0.proposal.seed == seed }) {
                var proposal = try proposed(child.connectivity, 0, recorded.count + missing.count)
                (proposal.seed, proposal.again) = (seed, child.number)
                missing.append(proposal)
            }
        }
        if !missing.isEmpty { _ = try storage.add(missing, by: ownership) }
        // Each may take many times what a child took, in which nothing else is told.
        let open = missing.count + recorded.count { !$0.state.isFinished }
        if open > 0 {
            observer(.note("the best children are evaluated again: \(open) longer evaluation\(open == 1 ? "" : "s")"))
        }
        try finish(0...0, &board)
        history = StudyHistory(configuration, try storage.trials(update: nil), try storage.updates())
        // A search that goes on ended before: what it evaluated again then competes with what it does now.
        let again = Dictionary(grouping: history.reevaluations, by: \.child)
        let known = paid.filter { child in
            guard let own = again[child.number], child.state != .failed else { return false }
            return configuration.top > 0 && Set(own.map(\.seed)).isSuperset(of: seeds)
        }
        let others = known.filter { child in !top.contains { $0.number == child.number } }
        func rank(_ child: Child) -> (Double, Int) { (history.worth(child).rank, -child.macs) }
        let winner = (top + others).dropFirst().reduce(first) { rank($1) > rank($0) ? $1 : $0 }
        return SearchResult(of: winner, in: history, dense: whole, exhausted: exhausted)
    }
}
