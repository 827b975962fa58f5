import Files

/// A trial's life as the columns of a row, alike in every storage that has rows.
///
/// The checksum covers everything but the lease and whether the trial waits or runs, so that a claim is one statement;
/// `ended` says again, under the checksum, how a finished trial ended.
package struct StoredTrial: Sendable, Hashable {
    private struct Outcome: Codable {
        var curve: [CurvePoint]
        var failure: String?
        var lostWith: [String]?
        var machineFailures: Int?
        var machineFailure: String?
    }

    /// The trial's number, update and place in it, by which it is found.
    package var number, update, position: Int
    /// A `TrialState`.
    package var state: String
    /// Whether it waits for the search.
    package var held: Bool
    /// Times a worker vanished with it.
    package var lost: Int
    /// The state, of a finished trial.
    package var ended: String?
    /// JSON of what never changes, and of what was found.
    package var proposal, outcome: String
    /// See above.
    package var checksum: String
    /// Who works on it, as JSON, what proves it, and the lease's end in seconds of the storage's clock.
    package var worker, token: String?, until: Double?
    /// The token of the last report that was accepted.
    package var reported: String?

    /// A row as it was read.
    package init(
        number: Int, update: Int, position: Int, state: String, held: Bool, lost: Int, ended: String?, proposal: String,
        outcome: String, checksum: String, worker: String?, token: String?, until: Double?, reported: String?
    ) {
        (self.number, self.update, self.position, self.state, self.held) = (number, update, position, state, held)
        (self.lost, self.ended, self.proposal, self.outcome, self.checksum) = (lost, ended, proposal, outcome, checksum)
        (self.worker, self.token, self.until, self.reported) = (worker, token, until, reported)
    }

    /// A life as the row that is written.
    package init(_ life: TrialLife) throws {
        let (trial, holder) = (life.trial, life.holder)
        let outcome = Outcome(
            curve: trial.curve, failure: trial.failure, lostWith: trial.lostWith.isEmpty ? nil : trial.lostWith,
            machineFailures: trial.machineFailures == 0 ? nil : trial.machineFailures,
            machineFailure: trial.machineFailure)
        self.init(
            number: trial.number, update: trial.proposal.update, position: trial.proposal.position,
            state: trial.state.rawValue, held: trial.isHeld, lost: trial.lost,
            ended: trial.state.isFinished ? trial.state.rawValue : nil,
            proposal: try CanonicalJSON.text(trial.proposal), outcome: try CanonicalJSON.text(outcome), checksum: "",
            worker: try holder.map { try Self.text(of: $0.worker) }, token: holder?.token, until: holder?.until,
            reported: life.reportedWith)
        checksum = expected
    }

    private var expected: String { StudyChecksum.of("\(number)", ended ?? "", "\(held)", "\(lost)", proposal, outcome) }

    /// The life.
    /// - Throws: `Damage` where the row is not what was written.
    package func life() throws -> TrialLife {
        let what = "trial \(number)"
        guard checksum == expected, let state = TrialState(rawValue: state),
            ended == (state.isFinished ? state.rawValue : nil)
        else { throw Damage(what: what) }
        var trial = Trial(number: number, proposal: try CanonicalJSON.value(Proposal.self, proposal, what))
        guard update == trial.proposal.update, position == trial.proposal.position else { throw Damage(what: what) }
        let found = try CanonicalJSON.value(Outcome.self, outcome, what)
        (trial.state, trial.isHeld, trial.lost, trial.curve) = (state, held, lost, found.curve)
        (trial.failure, trial.lostWith) = (found.failure, found.lostWith ?? [])
        (trial.machineFailures, trial.machineFailure) = (found.machineFailures ?? 0, found.machineFailure)
        let holder = try Self.holder(number, worker: worker, token: token, until: until)
        return try TrialLife(trial, holder: holder, reportedWith: reported)
    }

    /// A worker as a row has it.
    package static func text(of worker: WorkerIdentity) throws -> String { try CanonicalJSON.text(worker) }

    /// Who works on a row's trial.
    package static func holder(
        _ number: Int, worker: String?, token: String?, until: Double?
    ) throws -> TrialLife.Holder? {
        guard let token else { return nil }
        let what = "the lease of trial \(number)"
        guard let worker, let until, until.isFinite else { throw Damage(what: what) }
        return TrialLife.Holder(
            worker: try CanonicalJSON.value(WorkerIdentity.self, worker, what), token: token, until: until)
    }
}
