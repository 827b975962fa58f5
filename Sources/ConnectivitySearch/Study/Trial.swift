import DenseNetArchitecture

/// Where a trial is in its life. A trial never changes once it is finished.
public enum TrialState: String, Codable, Sendable, CaseIterable {
    /// Nobody works on it.
    case waiting = "WAITING"
    /// A worker holds a lease on it.
    case running = "RUNNING"
    /// Evaluated to the end.
    case complete = "COMPLETE"
    /// Evaluated shortly and not worth more.
    case pruned = "PRUNED"
    /// Failed by itself, or lost too often; its accuracy is chance.
    case failed = "FAILED"

    /// Whether it will never change.
    public var isFinished: Bool { self == .complete || self == .pruned || self == .failed }
}

/// What is to be evaluated: fixed before it is handed out.
public struct Proposal: Codable, Sendable, Hashable {
    /// The update of the strategy it belongs to, from 1, and its place in it, from 0. Longer evaluations at a search's end
    /// belong to update 0.
    public var update: Int
    public var position: Int
    /// What it reads.
    public var connectivity: Connectivity
    /// What it costs.
    public var macs: Int
    public var parameters: Int
    public var connections: Int
    /// Decides weights, order and augmentation.
    public var seed: UInt64
    /// The trial with the same matrices whose result it shares, where there is one.
    public var repeatOf: Int?
    /// The trial that it evaluates again, longer, with a fresh seed.
    public var again: Int?
}

/// One evaluation of a trial: the curve of a trial has one point for each, longer from point to point.
public struct CurvePoint: Codable, Sendable, Hashable {
    /// The length of training, as a multiple of the evaluator's.
    public var length: Double
    /// Training images seen for this point.
    public var images: Int
    /// Validated accuracy, 0 to 1, and loss.
    public var accuracy: Double
    public var loss: Double
    /// Seconds it took.
    public var seconds: Double
    /// Who did it.
    public var worker: String
}

/// One connectivity under evaluation.
public struct Trial: Sendable, Hashable {
    /// Its number in the study, from 1.
    public var number: Int
    /// What is evaluated.
    public var proposal: Proposal
    /// Where it is.
    public var state: TrialState
    /// Whether it waits for the search to decide, not for a worker.
    public var isHeld: Bool
    /// Times a worker vanished with it.
    public var lost: Int
    /// Its evaluations so far.
    public var curve: [CurvePoint]
    /// Why it failed, where it did.
    public var failure: String?

    /// A trial that nobody has worked on.
    public init(number: Int, proposal: Proposal) {
        self.number = number
        self.proposal = proposal
        state = .waiting
        isHeld = proposal.repeatOf != nil
        lost = 0
        curve = []
    }

    /// Seconds all its evaluations took.
    public var seconds: Double { curve.reduce(0) { $0 + $1.seconds } }
    /// Training images all its evaluations saw.
    public var images: Int { curve.reduce(0) { $0 + $1.images } }
}

/// What a strategy made of an update's trials, recorded with its state after it.
public struct UpdateRecord: Codable, Sendable, Hashable {
    /// The update, from 1.
    public var update: Int
    /// Its trials' numbers and rewards, in order of position.
    public var trials: [Int]
    public var rewards: [Double]
    /// The baseline they were compared with, where the strategy has one.
    public var baseline: Double?
    /// The mean probability of keeping a free connection, where it is known.
    public var keepRate: Double?
    /// The probability of keeping each entry of the space after the update, where the strategy has one.
    public var probabilities: [Float]?
    /// Training images the strategy itself saw for it; absent where it saw none.
    public var images: Int?
}
