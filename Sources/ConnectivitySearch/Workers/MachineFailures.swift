import Studies

/// Counts the failures of machines that follow one another, with no evaluation that succeeds between them.
struct MachineFailures {
    /// So many in a row end the search: one may be another program's memory or a disk that was full for a moment; three
    /// tries at a child that all fail mean that the next will, too.
    static let most = 3

    /// Failures in a row.
    private(set) var inARow = 0
    /// What was counted of each trial.
    private var seen: [Int: (failures: Int, points: Int, isFinished: Bool)] = [:]

    /// What happened since the last look; trials seen for the first time bring no news.
    /// - Returns: the trials that went back, each with what the machine said.
    mutating func look(at trials: [Trial]) -> [(trial: Int, sentence: String)] {
        var news: [(trial: Int, sentence: String)] = []
        var (failed, evaluated) = (0, false)
        for trial in trials {
            if let before = seen[trial.number] {
                if trial.machineFailures > before.failures {
                    failed += trial.machineFailures - before.failures
                    news.append((trial.number, trial.machineFailure ?? "it did not say why"))
                }
                // A child that diverged was evaluated, too.
                let diverged = trial.state == .failed && !before.isFinished
                evaluated = evaluated || diverged || trial.curve.count > before.points
            }
            seen[trial.number] = (trial.machineFailures, trial.curve.count, trial.state.isFinished)
        }
        // What came first is not known; a machine that evaluates anything works.
        inARow = evaluated ? 0 : inARow + failed
        return news
    }
}
