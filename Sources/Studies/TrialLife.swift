import Files

/// A trial's life: every event that can happen to it, in every state. A storage reads a life, tells it what happened,
/// and writes it back where that changed something; it decides nothing itself.
///
///     held ──promoted──► waiting ──claimed──► running ──evaluated──► complete
///      ▲ │                  ▲                  │ │ │
///      │ ├─pruned──► pruned └─returned,────────┘ │ └─failed──► failed
///      │ └─copied──► as the original             │
///      └────────────evaluated, not the last──────┘    returned: also a machine's failure, a lost worker
public struct TrialLife: Sendable, Hashable {
    /// What a storage does after an event.
    public enum Answer: Sendable, Hashable {
        /// Writes the life back; the caller is answered yes.
        case changed
        /// Writes nothing: the caller did the same before and missed the answer; it is answered yes again.
        case repeated
        /// Writes nothing; the caller is answered no.
        case refused
    }

    /// Who works on a running trial, and until when.
    public struct Holder: Sendable, Hashable {
        /// The process.
        public var worker: WorkerIdentity
        /// What proves it.
        public var token: String
        /// The lease's end, in seconds of the storage's clock.
        public var until: Double

        /// A holder.
        public init(worker: WorkerIdentity, token: String, until: Double) {
            (self.worker, self.token, self.until) = (worker, token, until)
        }
    }

    private enum State: Hashable {
        case waiting
        case held
        case running(Holder)
        case complete
        case pruned
        case failed(String)
    }

    /// The most that an architecture lets its networks cost.
    private static let mostCost = 1_000_000_000_000_000

    /// Many more evaluations than a trial has, one after the other.
    private static let mostPoints = 64

    private var state: State
    /// What never changes, and what is counted; where it is stands in `state` alone.
    private var facts: Trial
    /// The token of the last report that was accepted.
    public private(set) var reportedWith: String?

    /// A life that begins.
    public init(number: Int, proposal: Proposal) {
        facts = Trial(number: number, proposal: proposal)
        state = facts.isHeld ? .held : .waiting
        facts.isHeld = false
    }

    /// A life as a storage wrote it.
    /// - Throws: `Damage` where the parts do not belong together.
    package init(_ trial: Trial, holder: Holder?, reportedWith: String?) throws {
        let counts = [
            trial.number, trial.lost, trial.machineFailures, trial.proposal.update, trial.proposal.position,
        ]
        let costs = [trial.proposal.macs, trial.proposal.parameters, trial.proposal.connections]
        // Of the images the sum is a count, too: those of a million trials are added up.
        guard trial.curve.count <= Self.mostPoints,
            (counts + trial.curve.map(\.images)).allSatisfy(CanonicalJSON.isCount),
            CanonicalJSON.isCount(trial.images),
            costs.allSatisfy({ 0...Self.mostCost ~= $0 }), trial.curve.allSatisfy(Self.isPossible)
        else {
            throw Damage(what: "trial \(trial.number)")
        }
        switch (trial.state, trial.isHeld, holder, trial.failure) {
        case (.waiting, true, nil, nil): state = .held
        case (.waiting, false, nil, nil): state = .waiting
        case (.running, false, let holder?, nil): state = .running(holder)
        case (.complete, false, nil, nil): state = .complete
        case (.pruned, false, nil, nil): state = .pruned
        case (.failed, false, nil, let reason?): state = .failed(reason)
        default: throw Damage(what: "trial \(trial.number)")
        }
        (facts, self.reportedWith) = (trial, reportedWith)
        (facts.state, facts.isHeld, facts.failure) = (.waiting, false, nil)
    }

    /// Whether an evaluation can have come to a point.
    private static func isPossible(_ point: CurvePoint) -> Bool {
        // Ten thousand years.
        0...1 ~= point.accuracy && 0...3e11 ~= point.seconds && point.length.isFinite && !point.loss.isNaN
    }

    /// The trial as it is now.
    public var trial: Trial {
        var trial = facts
        switch state {
        case .waiting: break
        case .held: trial.isHeld = true
        case .running: trial.state = .running
        case .complete: trial.state = .complete
        case .pruned: trial.state = .pruned
        case .failed(let reason): (trial.state, trial.failure) = (.failed, reason)
        }
        return trial
    }

    /// Who works on it.
    public var holder: Holder? {
        if case .running(let holder) = state { holder } else { nil }
    }

    // MARK: Workers

    /// A worker wants it, under a token of its own making that it never used before.
    public mutating func claimed(by holder: Holder) -> Answer {
        switch state {
        case .waiting where holder.token != reportedWith:
            state = .running(holder)
            return .changed
        case .running(let present) where present.token == holder.token: return .repeated
        case .waiting, .held, .running, .complete, .pruned, .failed: return .refused
        }
    }

    /// Its worker lives.
    public mutating func extended(token: String, until: Double) -> Answer {
        guard case .running(var holder) = state, holder.token == token else { return .refused }
        holder.until = until
        state = .running(holder)
        return .changed
    }

    /// A worker tells what it found.
    public mutating func reported(_ report: Report, token: String) -> Answer {
        guard case .running(let holder) = state, holder.token == token else {
            return token == reportedWith ? .repeated : .refused
        }
        reportedWith = token
        switch report {
        case .evaluated(let point, let isLast):
            facts.curve.append(point)
            state = isLast ? .complete : .held
        case .failed(let reason): state = .failed(reason)
        case .returned: state = .waiting
        case .machineFailed(let reason):
            facts.machineFailures += 1
            facts.machineFailure = reason
            state = .waiting
        }
        return .changed
    }

    /// Time passed.
    public mutating func leaseChecked(at now: Double) -> Answer {
        guard case .running(let holder) = state, holder.until < now else { return .refused }
        return lost(holder)
    }

    /// A process is known to have ended.
    public mutating func workerDied(_ worker: WorkerIdentity) -> Answer {
        guard case .running(let holder) = state, holder.worker == worker else { return .refused }
        return lost(holder)
    }

    private mutating func lost(_ holder: Holder) -> Answer {
        facts.lost += 1
        facts.lostWith = (facts.lostWith + ["\(holder.worker)"]).suffix(Trial.keptLosses)
        state = .waiting
        return .changed
    }

    // MARK: The search

    /// The search wants it evaluated longer.
    public mutating func promoted() -> Answer {
        guard state == .held, facts.proposal.repeatOf == nil else { return .refused }
        state = .waiting
        return .changed
    }

    /// The search wants no more of it.
    public mutating func pruned() -> Answer {
        guard state == .held, !facts.curve.isEmpty else { return .refused }
        state = .pruned
        return .changed
    }

    /// The trial it repeats is finished, and so is it; nothing was paid for it.
    public mutating func copied(_ original: Trial) -> Answer {
        guard state == .held, facts.proposal.repeatOf == original.number else { return .refused }
        switch (original.state, original.failure) {
        case (.complete, _): state = .complete
        case (.pruned, _): state = .pruned
        case (.failed, let reason): state = .failed(reason ?? "")
        case (.waiting, _), (.running, _): return .refused
        }
        facts.curve = original.curve.map {
            CurvePoint(length: $0.length, images: 0, accuracy: $0.accuracy, loss: $0.loss, seconds: 0, worker: "")
        }
        return .changed
    }

    /// The search decided; `original` is the trial that the decision copies.
    public mutating func decided(_ decision: Decision, original: Trial?) -> Answer {
        switch decision {
        case .promote: promoted()
        case .prune: pruned()
        case .copy(_, let number): original.map { $0.number == number ? copied($0) : .refused } ?? .refused
        }
    }
}
