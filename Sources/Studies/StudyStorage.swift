import Foundation

/// What remembers a study: its plan, every trial, the strategy after each update, and who works on it.
///
/// The contract, which `StorageTests` checks for every storage:
///
/// - **Durable.** What a call has returned from survives a crash of the program and, where there is a disk, of the
///   machine. A call that throws has changed nothing.
/// - **Atomic.** Any number of processes may call at once; a call is seen whole or not at all.
/// - **Numbered.** Trials are numbered from 1 in the order they were added, without gaps.
/// - **Finished is finished.** A trial that is COMPLETE, PRUNED or FAILED never changes and never disappears. What can
///   happen to the others is `TrialLife`.
/// - **One worker a trial.** `claim` gives a trial to one caller, with a lease. Only who holds its token can report or
///   extend; everyone else is answered no and nothing changes, so that the late result of a lost lease is refused.
/// - **In order.** `claim` gives the waiting trial with the lowest number that is not held.
/// - **Nothing is lost with a worker.** `reclaim` makes a RUNNING trial whose lease has run out, or whose worker is
///   known to be dead, WAITING again; the loss is counted once. What too many losses mean is the search's to say.
/// - **One search a study.** `own` is refused while another owner's lease runs and it is not known to be dead.
/// - **Fenced.** Every write of a search (`store`, `add`, `decide`, `reclaim`, `finish`) proves its ownership, in the
///   same transaction: once another search has taken the study, it throws `StudyError.ownershipLost` and changes
///   nothing. An owner whose lease ran out while nobody else came still owns.
/// - **Answers may be missed.** Tokens are made by the caller before it calls, and a call repeated with its token is
///   answered as it was: `claim` gives the same trial while it runs; `report` says yes while it is the trial's last
///   report; `own`, `store`, `add` of the same trials, `decide` and `finish` of the same update change nothing more.
/// - **Learned once.** An update is recorded together with the strategy's state after it; updates follow one another
///   from 1.
/// - **The storage's clock.** Callers give and get durations in seconds; only the storage knows what time it is.
/// - **The plan is opaque.** A storage keeps its text and does not read it.
public protocol StudyStorage: AnyObject, Sendable {
    /// What it is called in messages.
    var name: String { get }

    /// The search's plan, as JSON; `nil` for a new study.
    func plan() throws -> String?
    /// Stores the plan of a new study, or that of one that is continued with more children.
    func store(plan: String, by ownership: Ownership) throws

    /// Every trial, in order; of one update alone where it is given.
    func trials(update: Int?) throws -> [Trial]
    /// Adds trials, all or none; the numbers they have.
    /// - Throws: `StudyError.placeIsTaken` when an update's place holds another trial.
    func add(_ proposals: [Proposal], by ownership: Ownership) throws -> [Int]
    /// Lets held trials go on: to workers, or to their end. What does not apply to a trial as it is does nothing.
    func decide(_ decisions: [Decision], by ownership: Ownership) throws

    /// Gives a waiting trial to a worker for so many seconds; `nil` when none is waiting.
    func claim(_ worker: WorkerIdentity, token: String, for seconds: Double) throws -> Claim?
    /// Extends a lease to so many seconds from now; `false` when it is lost.
    func extend(_ claim: Claim, for seconds: Double) throws -> Bool
    /// Ends a lease with what the worker found; `false` when it is lost.
    func report(_ claim: Claim, _ report: Report) throws -> Bool
    /// Takes trials from workers that vanished: because `isDead` knows it, and, where the caller asks for those too,
    /// because they are silent for longer than their lease.
    func reclaim(silent: Bool, by ownership: Ownership, isDead: (WorkerIdentity) -> Bool) throws -> [Loss]
    /// Trials that are being evaluated.
    func leases() throws -> [Lease]
    /// Waits so many seconds, or until the storage says that a trial may wait for a worker or that the plan has
    /// changed: a hint, which may be missed, so that who waits looks again in any case.
    /// - Returns: whether the storage said so; `nil` at once where it could not have until now, and who waits looks
    ///   first.
    func waitForNews(atMost seconds: Double) -> Bool?

    /// Makes a process the study's only search for so many seconds.
    /// - Throws: `StudyError.isSearched` when another is.
    func own(_ ownership: Ownership, for seconds: Double, isDead: (WorkerIdentity) -> Bool) throws
    /// Extends the search's lease to so many seconds from now; `false` when it is lost.
    func extend(_ ownership: Ownership, for seconds: Double) throws -> Bool
    /// Gives a study back, where it is still the caller's.
    func disown(_ ownership: Ownership) throws
    /// Who searches, and for how many seconds its lease still runs.
    func owner() throws -> (owner: WorkerIdentity, secondsLeft: Double)?

    /// The strategy's state after the last update, and what the search itself knows; `nil` before the first.
    func strategy() throws -> (state: Data, progress: SearchProgress)?
    /// Every update's record, in order.
    func updates() throws -> [UpdateRecord]
    /// Records an update with the strategy's state after it.
    /// - Throws: `StudyError.outOfOrder` when it does not follow the last one.
    func finish(_ record: UpdateRecord, state: Data, _ progress: SearchProgress, by ownership: Ownership) throws
}

extension StudyStorage {
    /// Waits, for storages that say nothing.
    public func waitForNews(atMost seconds: Double) -> Bool? {
        Thread.sleep(forTimeInterval: seconds)
        return false
    }
}
