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
    /// Failed by itself: it has no result, and nothing is learned from it.
    case failed = "FAILED"

    /// Whether it will never change.
    public var isFinished: Bool { self == .complete || self == .pruned || self == .failed }
}

/// What is to be evaluated: fixed before it is handed out.
public struct Proposal: Codable, Sendable, Hashable {
    /// The update of the strategy it belongs to, from 1; longer evaluations at a search's end belong to update 0.
    public var update: Int
    /// Its place in the update, from 0.
    public var position: Int
    /// What it reads.
    public var connectivity: Connectivity
    /// Multiply-adds of one image.
    public var macs: Int
    /// Parameters, those of BN included.
    public var parameters: Int
    /// Ones in the layers' rows.
    public var connections: Int
    /// Decides weights, order and augmentation.
    public var seed: UInt64
    /// The trial with the same matrices whose result it shares, where there is one.
    public var repeatOf: Int?
    /// The trial that it evaluates again, longer, with a fresh seed.
    public var again: Int?
    /// Whether it is the strategy's mode, proposed at a search's end, not drawn; absent where it is not, and in studies
    /// of older versions.
    public var isMode: Bool?

    /// A proposal.
    public init(
        update: Int, position: Int, connectivity: Connectivity, macs: Int, parameters: Int, connections: Int,
        seed: UInt64,
        repeatOf: Int? = nil, again: Int? = nil
    ) {
        (self.update, self.position, self.connectivity) = (update, position, connectivity)
        (self.macs, self.parameters, self.connections) = (macs, parameters, connections)
        (self.seed, self.repeatOf, self.again) = (seed, repeatOf, again)
    }
}

/// One evaluation of a trial: the curve of a trial has one point for each, longer from point to point.
public struct CurvePoint: Codable, Sendable, Hashable {
    /// The length of training, as a multiple of the evaluator's.
    public var length: Double
    /// Training images seen for this point.
    public var images: Int
    /// Validated accuracy, 0 to 1.
    public var accuracy: Double
    /// Validated loss.
    public var loss: Double
    /// Seconds it took.
    public var seconds: Double
    /// Who did it.
    public var worker: String

    /// A point.
    public init(length: Double, images: Int, accuracy: Double, loss: Double, seconds: Double, worker: String) {
        (self.length, self.images, self.accuracy) = (length, images, accuracy)
        (self.loss, self.seconds, self.worker) = (loss, seconds, worker)
    }
}

/// One connectivity under evaluation, as anybody may see it; how it changes is `TrialLife`.
public struct Trial: Sendable, Hashable {
    /// Its number in the study, from 1.
    public var number: Int
    /// What is evaluated.
    public var proposal: Proposal
    /// Where it is.
    public var state: TrialState
    /// Whether it waits for the search to decide, not for a worker.
    public var isHeld: Bool
    /// Its evaluations so far.
    public var curve: [CurvePoint]
    /// Why it failed, where it did.
    public var failure: String?
    /// Times a worker vanished with it.
    public var lost: Int
    /// The workers that last vanished with it, the latest last, `keptLosses` of them at most.
    public var lostWith: [String]
    /// Times a machine, not the trial, failed while it was evaluated.
    public var machineFailures: Int
    /// What the machine said the last time.
    public var machineFailure: String?

    /// How many of the workers that vanished are remembered by name: enough to see whether it is always the same one.
    static let keptLosses = 5

    /// A trial that nobody has worked on; a repeat waits for the search.
    public init(number: Int, proposal: Proposal) {
        self.number = number
        self.proposal = proposal
        state = .waiting
        isHeld = proposal.repeatOf != nil
        (curve, lost, lostWith, machineFailures) = ([], 0, [], 0)
    }

    /// Seconds all its evaluations took.
    public var seconds: Double { curve.reduce(0) { $0 + $1.seconds } }
    /// Training images all its evaluations saw.
    public var images: Int { curve.reduce(0) { $0 + $1.images } }
}
