import Foundation
import Synchronization

/// A study in memory: gone with the process, for searches that need no resuming, and for tests.
public final class MemoryStudy: StudyStorage {
    private struct Contents {
        var plan: String?
        /// The life of trial n at n − 1.
        var lives: [TrialLife] = []
        var owner = OwnerLife()
        var strategy: (state: Data, progress: SearchProgress)?
        var updates: [UpdateRecord] = []
    }
    private let contents = Mutex(Contents())
    private let clock: @Sendable () -> Double
    public let name: String

    /// An empty study.
    /// - Parameter clock: seconds since a moment that does not change.
    public init(name: String = "the study", clock: @escaping @Sendable () -> Double = { Date().timeIntervalSince1970 })
    {
        (self.name, self.clock) = (name, clock)
    }

    /// A write of the search: on a copy, so that one that throws has changed nothing.
    private func write<Result: Sendable>(
        by ownership: Ownership, _ body: (inout Contents) throws -> Result
    ) throws -> Result {
        try contents.withLock { contents in
            guard contents.owner.proves(ownership) else {
                throw StudyError.ownershipLost(study: name, owner: contents.owner.lease?.ownership.owner)
            }
            var changed = contents
            let result = try body(&changed)
            contents = changed
            return result
        }
    }

    // MARK: Plan

    public func plan() -> String? { contents.withLock { $0.plan } }

    public func store(plan: String, by ownership: Ownership) throws { try write(by: ownership) { $0.plan = plan } }

    // MARK: Trials

    public func trials(update: Int?) -> [Trial] {
        contents.withLock { $0.lives.map(\.trial) }.filter { update == nil || $0.proposal.update == update }
    }

    public func add(_ proposals: [Proposal], by ownership: Ownership) throws -> [Int] {
        try write(by: ownership) { contents in
            try proposals.map { proposal in
                let place = contents.lives.first { life in
                    let there = life.trial.proposal
                    return (there.update, there.position) == (proposal.update, proposal.position)
                }
                guard let there = place?.trial else {
                    let number = contents.lives.count + 1
                    contents.lives.append(TrialLife(number: number, proposal: proposal))
                    return number
                }
                guard there.proposal == proposal else {
                    throw StudyError.placeIsTaken(study: name, trial: there.number)
                }
                return there.number
            }
        }
    }

    public func decide(_ decisions: [Decision], by ownership: Ownership) throws {
        try write(by: ownership) { contents in
            let known = contents.lives.indices
            for decision in decisions where known.contains(decision.number - 1) {
                let original = decision.original.flatMap { known.contains($0 - 1) ? contents.lives[$0 - 1].trial : nil }
                _ = contents.lives[decision.number - 1].decided(decision, original: original)
            }
        }
    }

    // MARK: Leases

    public func claim(_ worker: WorkerIdentity, token: String, for seconds: Double) -> Claim? {
        let holder = TrialLife.Holder(worker: worker, token: token, until: clock() + seconds)
        return contents.withLock { contents in
            // Its own before any other.
            let own = contents.lives.indices.filter { contents.lives[$0].holder?.token == token }
            for index in own + Array(contents.lives.indices) where contents.lives[index].claimed(by: holder) != .refused
            {
                return Claim(trial: contents.lives[index].trial, token: token)
            }
            return nil
        }
    }

    public func extend(_ claim: Claim, for seconds: Double) -> Bool {
        let until = clock() + seconds
        return change(claim) { $0.extended(token: claim.token, until: until) }
    }

    public func report(_ claim: Claim, _ report: Report) -> Bool {
        change(claim) { $0.reported(report, token: claim.token) }
    }

    private func change(_ claim: Claim, _ event: (inout TrialLife) -> TrialLife.Answer) -> Bool {
        contents.withLock { contents in
            guard contents.lives.indices.contains(claim.trial.number - 1) else { return false }
            return event(&contents.lives[claim.trial.number - 1]) != .refused
        }
    }

    public func reclaim(silent: Bool, by ownership: Ownership, isDead: (WorkerIdentity) -> Bool) throws -> [Loss] {
        let now = clock()
        return try write(by: ownership) { contents in
            contents.lives.indices.compactMap { index in
                guard let worker = contents.lives[index].holder?.worker else { return nil }
                let answer =
                    isDead(worker)
                    ? contents.lives[index].workerDied(worker)
                    : silent ? contents.lives[index].leaseChecked(at: now) : .refused
                return answer == .changed ? Loss(trial: contents.lives[index].trial, worker: worker) : nil
            }
        }
    }

    public func leases() -> [Lease] {
        let now = clock()
        return contents.withLock(\.lives).compactMap { life in
            life.holder.map { Lease(trial: life.trial.number, worker: $0.worker, secondsLeft: $0.until - now) }
        }
    }

    // MARK: Owner

    public func own(_ ownership: Ownership, for seconds: Double, isDead: (WorkerIdentity) -> Bool) throws {
        let now = clock()
        try contents.withLock { contents in
            let other = contents.owner.lease?.ownership.owner
            if contents.owner.owned(by: ownership, at: now, until: now + seconds, isDead: isDead) == .refused {
                throw StudyError.isSearched(study: name, owner: other ?? ownership.owner)
            }
        }
    }

    public func extend(_ ownership: Ownership, for seconds: Double) -> Bool {
        let until = clock() + seconds
        return contents.withLock { $0.owner.extended(ownership, until: until) != .refused }
    }

    public func disown(_ ownership: Ownership) { contents.withLock { _ = $0.owner.disowned(ownership) } }

    public func owner() -> (owner: WorkerIdentity, secondsLeft: Double)? {
        let now = clock()
        return contents.withLock { $0.owner.lease }.map { ($0.ownership.owner, $0.until - now) }
    }

    // MARK: Strategy

    public func strategy() -> (state: Data, progress: SearchProgress)? { contents.withLock { $0.strategy } }

    public func updates() -> [UpdateRecord] { contents.withLock { $0.updates } }

    public func finish(_ record: UpdateRecord, state: Data, _ progress: SearchProgress, by ownership: Ownership) throws
    {
        try write(by: ownership) { contents in
            let last = contents.updates.last?.update ?? 0
            if contents.updates.last == record, contents.strategy?.state == state,
                contents.strategy?.progress == progress
            {
                return
            }
            guard record.update == last + 1 else {
                throw StudyError.outOfOrder(study: name, update: record.update, last: last)
            }
            contents.updates.append(record)
            contents.strategy = (state, progress)
        }
    }
}
