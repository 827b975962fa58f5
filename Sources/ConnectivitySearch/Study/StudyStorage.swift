import Foundation

/// What remembers a study: its configuration, every trial, the strategy after each update, and who works on it.
///
/// The contract, which `StorageTests` checks for every storage:
///
/// - **Durable.** What a call has returned from survives a crash of the program and of the machine. A call that throws has
///   changed nothing.
/// - **Atomic.** Any number of processes may call at once; a call is seen whole or not at all.
/// - **Numbered.** Trials are numbered from 1 in the order they were added, without gaps.
/// - **Finished is finished.** A trial that is COMPLETE, PRUNED or FAILED never changes and never disappears.
/// - **One worker a trial.** `claim` gives a trial to one caller, with a lease under a token that was never used before.
///   Only who holds the token can report, return or extend; everyone else is answered `false` and nothing changes, so that
///   the late result of a lost lease is refused.
/// - **Nothing is lost with a worker.** `reclaim` makes a RUNNING trial whose lease has run out, or whose worker is known to be
///   dead, WAITING again; the loss is counted, and after too many it is FAILED.
/// - **In order.** `claim` gives the waiting trial with the lowest number that is not held.
/// - **One search a study.** `own` is refused while another owner's lease runs and it is not known to be dead.
/// - **Learned once.** An update is recorded together with the strategy's state after it; updates follow one another from 1.
///
/// Times are seconds since 1970 of the caller's clock.
public protocol StudyStorage: AnyObject, Sendable {
    /// What it is called in messages.
    var name: String { get }

    /// The search's configuration; `nil` for a new study.
    func configuration() throws -> SearchConfiguration?
    /// Stores the configuration of a new study, or that of one that is continued with more children.
    func store(_ configuration: SearchConfiguration) throws

    /// Every trial, in order; of one update alone where it is given.
    func trials(update: Int?) throws -> [Trial]
    /// Adds trials, all or none; the numbers they got.
    func add(_ proposals: [Proposal]) throws -> [Int]
    /// Lets held trials go on: to workers, or to their end.
    func decide(_ decisions: [Decision]) throws

    /// Gives a waiting trial to a worker until a time; `nil` when none is waiting.
    func claim(_ worker: WorkerIdentity, until: Double) throws -> Claim?
    /// Extends a lease; `false` when it is lost.
    func extend(_ claim: Claim, until: Double) throws -> Bool
    /// Ends a lease with what the worker found; `false` when it is lost.
    func report(_ claim: Claim, _ report: Report) throws -> Bool
    /// Takes trials from workers that vanished, by lease or because `isDead` knows it.
    /// - Returns: the trials taken.
    func reclaim(now: Double, maxLost: Int, isDead: (WorkerIdentity) -> Bool) throws -> [Int]
    /// Trials that are being evaluated, and until when.
    func leases() throws -> [(trial: Int, worker: WorkerIdentity, until: Double)]

    /// Makes a process the study's only search until a time.
    /// - Throws: `SearchError` that names the owner when there is another.
    func own(_ owner: WorkerIdentity, now: Double, until: Double, isDead: (WorkerIdentity) -> Bool) throws
    /// Gives a study back.
    func disown(_ owner: WorkerIdentity) throws
    /// Who searches, and until when.
    func owner() throws -> (owner: WorkerIdentity, until: Double)?

    /// The strategy's state after the last update, and what the search itself knows; `nil` before the first.
    func strategy() throws -> (state: Data, progress: SearchProgress)?
    /// Every update's record, in order.
    func updates() throws -> [UpdateRecord]
    /// Records an update with the strategy's state after it.
    func finish(_ record: UpdateRecord, state: Data, _ progress: SearchProgress) throws
}

/// A trial in a worker's hands.
public struct Claim: Sendable, Hashable {
    /// The trial.
    public let trial: Trial
    /// What proves it.
    public let token: String
}

/// What a worker found.
public enum Report: Sendable {
    /// An evaluation; `isLast` ends the trial, otherwise it is held until the search decides.
    case evaluated(CurvePoint, isLast: Bool)
    /// The trial failed by itself.
    case failed(String)
    /// The worker stops; the trial waits for another and no loss is counted.
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
}

/// What a search itself knows between updates.
public struct SearchProgress: Codable, Sendable, Hashable {
    /// The last finished update.
    public var update = 0
    /// Updates in a row whose children were all known.
    public var repeatedUpdates = 0
    /// Whether the entropy was raised for that reason.
    public var exploredMore = false
    /// Whether the search ended because of it.
    public var exhausted = false

    /// Before the first update.
    public init() {}
}
