import DenseNetArchitecture

/// What a search keeps in mind of the study, so that a study of thousands is not read anew for every child.
struct Scoreboard {
    /// The trial of each connectivity that was paid for.
    private(set) var known: [Connectivity: Int] = [:]
    /// The last trial's number.
    private(set) var last = 0
    /// Children paid for in finished updates.
    private(set) var paid = 0
    /// Children paid for and finished.
    private(set) var finished = 0
    /// The best of them, and the seconds the last few took.
    private(set) var best: Child?
    private var recent: [Double] = []

    /// What a study holds, of which so many updates are finished.
    init(_ history: StudyHistory, updates: Int) {
        for trial in history.trials { add(trial.number, trial.proposal) }
        paid = history.trials.count { $0.proposal.again == nil && $0.proposal.repeatOf == nil && $0.proposal.update <= updates }
        for child in history.children { finish(child) }
    }

    /// A trial was recorded.
    mutating func add(_ number: Int, _ proposal: Proposal) {
        last = max(last, number)
        if proposal.again == nil, proposal.repeatOf == nil, known[proposal.connectivity] == nil { known[proposal.connectivity] = number }
    }

    /// An update was finished.
    mutating func finish(_ update: [Trial]) { paid += update.count { $0.proposal.repeatOf == nil } }

    /// A child was finished.
    mutating func finish(_ child: Child) {
        guard child.repeatOf == nil else { return }
        finished += 1
        recent = recent.suffix(9) + [child.seconds]
        best = best.map { Search.ranked([$0, child])[0] } ?? child
    }

    /// Mean seconds a child.
    var pace: Double { recent.reduce(0, +) / Double(max(1, recent.count)) }
}
