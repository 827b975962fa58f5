import Foundation

/// A trial in a worker's hands.
public struct Claim: Sendable, Hashable {
    /// The trial.
    public let trial: Trial
    /// What proves it.
    public let token: String

    /// A claim.
    public init(trial: Trial, token: String) { (self.trial, self.token) = (trial, token) }

    /// A token that was never used before.
    public static func newToken() -> String { UUID().uuidString }
}

/// What a worker found.
public enum Report: Sendable, Hashable {
    /// An evaluation; `isLast` ends the trial, otherwise it is held until the search decides.
    case evaluated(CurvePoint, isLast: Bool)
    /// The trial failed by itself, and would on any machine.
    case failed(String)
    /// The machine failed, not the trial: it waits for another try, and the failure is counted with what was said.
    case machineFailed(String)
    /// The worker stops; the trial waits for another and nothing is counted.
    case returned
}

/// What becomes of a held trial.
public enum Decision: Sendable, Hashable {
    /// A worker evaluates it longer.
    case promote(Int)
    /// Its evaluations end here.
    case prune(Int)
    /// It ends as the trial it repeats did.
    case copy(Int, of: Int)

    /// The trial that is decided.
    public var number: Int {
        switch self {
        case .promote(let number), .prune(let number), .copy(let number, of: _): number
        }
    }

    /// The trial whose end is copied.
    public var original: Int? {
        if case .copy(_, let original) = self { original } else { nil }
    }
}

/// A lease as anybody may see it.
public struct Lease: Sendable, Hashable {
    /// The trial.
    public let trial: Int
    /// Who evaluates it.
    public let worker: WorkerIdentity
    /// Until the lease runs out, by the storage's clock; below 0 since it has.
    public let secondsLeft: Double

    /// A lease.
    public init(trial: Int, worker: WorkerIdentity, secondsLeft: Double) {
        (self.trial, self.worker, self.secondsLeft) = (trial, worker, secondsLeft)
    }
}

/// A trial that was taken from a worker.
public struct Loss: Sendable, Hashable {
    /// The trial, which waits again.
    public let trial: Trial
    /// Who had it.
    public let worker: WorkerIdentity

    /// A loss.
    public init(trial: Trial, worker: WorkerIdentity) { (self.trial, self.worker) = (trial, worker) }
}
