import DenseNetArchitecture
import Studies

// What a doctor looks at.
extension StudyHistory {
    /// Whether the trials are numbered from 1 on: none is missing.
    var isNumbered: Bool { trials.map(\.number) == Array(1..<trials.count + 1) }

    /// The network that a trial's matrices make, where they fit the architecture.
    func network(of trial: Trial) -> Network? {
        try? Network(configuration.architecture, trial.proposal.connectivity)
    }

    /// What is wrong with a study or worth knowing; damaged rows were found when it was read.
    public func findings(_ storage: any StudyStorage) throws -> (troubles: [String], notes: [String]) {
        var (troubles, notes): ([String], [String]) = ([], [])
        if !isNumbered {
            troubles.append("the trials are not numbered from 1 to \(trials.count)")
        }
        for trial in trials {
            guard let network = network(of: trial) else {
                troubles.append("trial \(trial.number)'s matrices do not fit the network")
                continue
            }
            if network.cost.macs != trial.proposal.macs {
                troubles.append("trial \(trial.number) costs \(network.cost.macs) MACs, not \(trial.proposal.macs)")
            }
            if trial.state == .complete, trial.curve.isEmpty {
                troubles.append("trial \(trial.number) is COMPLETE without a result")
            }
        }
        if updates.map(\.update) != Array(0..<updates.count).map({ $0 + 1 }) {
            troubles.append("the updates do not follow one another")
        }
        for record in updates {
            let own = trials.filter { $0.proposal.update == record.update }
            if own.map(\.number).sorted() != record.trials.sorted() || own.contains(where: { !$0.state.isFinished }) {
                troubles.append("update \(record.update) was learned from other trials than it has")
            }
        }
        if (try storage.strategy()?.progress.update ?? 0) != updates.count {
            troubles.append("the strategy's state is not that of update \(updates.count)")
        }
        for lease in try storage.leases() {
            if lease.worker.isDead {
                notes.append(
                    "trial \(lease.trial) was left by \(lease.worker), which has ended; the next search takes it")
            } else if lease.secondsLeft < 0 {
                notes.append(
                    "trial \(lease.trial) is held by \(lease.worker), which is silent; the next search takes it")
            } else {
                notes.append("trial \(lease.trial) is being evaluated by \(lease.worker)")
            }
        }
        if let owner = try storage.owner() {
            let gone = owner.owner.isDead || owner.secondsLeft < 0
            notes.append(
                gone
                    ? "the search of \(owner.owner) ended without a word; continue it with --resume"
                    : "\(owner.owner) is searching")
        }
        let lost = trials.reduce(0) { $0 + $1.lost }
        if lost > 0 { notes.append("workers vanished \(lost) time\(lost == 1 ? "" : "s")") }
        for trial in trials where trial.machineFailures > 0 {
            let times = "\(trial.machineFailures) time\(trial.machineFailures == 1 ? "" : "s")"
            notes.append(
                "the machine failed \(times) at trial \(trial.number), the last time with: \(trial.machineFailure ?? "nothing said")"
            )
        }
        return (troubles, notes)
    }
}
