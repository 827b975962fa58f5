import Foundation
import Studies
import Synchronization
import Torch

/// Extends this process' leases while its main thread computes.
final class Heartbeat: Sendable {
    private struct State {
        var claim: Claim?
        var ownership: Ownership?
        var isRunning = false
        var ends = false
        var contact: Contact
    }
    private let state: Mutex<State>
    private let storage: any StudyStorage
    private let lease: Double
    let sharing: (all: Int, own: Int)?
    private let useThreads: @Sendable (Int) -> Void

    /// - Parameters:
    ///   - lease: seconds that leases are extended to; a sixth of that lies between two beats.
    ///   - sharing: threads of all workers, of which those that work have a share, and those each has in any case.
    ///   - useThreads: takes this worker's share.
    init(
        _ storage: any StudyStorage, lease: Double, sharing: (all: Int, own: Int)? = nil,
        useThreads: @escaping @Sendable (Int) -> Void = { Runtime.setKernelThreads($0) }
    ) {
        state = Mutex(State(contact: Contact(lease: lease)))
        self.storage = storage
        self.lease = lease
        self.sharing = sharing
        self.useThreads = useThreads
    }

    /// From now on a trial's lease is extended.
    func start(_ claim: Claim) {
        change { $0.claim = claim }
        share()
    }

    /// From now on the ownership of the study is extended.
    func start(_ ownership: Ownership) {
        change { state in
            state.ownership = ownership
            state.contact.begin(at: .now)
        }
    }

    /// The trial's lease is not extended any more.
    func stop() { state.withLock { $0.claim = nil } }

    /// Nothing is extended any more.
    func end() { state.withLock { $0.ends = true } }

    /// Whether the storage was reached without a break for a whole lease. Before that the silence of others proves
    /// nothing: after a suspended laptop's sleep or a storage's outage every lease has run out, and every worker lives.
    var mayJudgeSilence: Bool { state.withLock { $0.contact.isUnbroken(at: .now) } }

    private func change(_ body: (inout State) -> Void) {
        let starts = state.withLock { state in
            body(&state)
            defer { state.isRunning = true }
            return !state.isRunning
        }
        guard starts else { return }
        let interval = lease / 6
        Thread { [weak self] in
            var beat = ContinuousClock.now + .seconds(interval)
            while true {
                Thread.sleep(forTimeInterval: min(0.2, interval / 2))
                guard let self, !self.state.withLock({ $0.ends }) else { return }
                self.share()
                if ContinuousClock.now < beat { continue }
                beat = .now + .seconds(interval)
                self.beat()
            }
        }.start()
    }

    private func share() {
        guard let sharing, state.withLock({ $0.claim != nil }), let working = try? storage.leases().count else {
            return
        }
        useThreads(max(sharing.own, sharing.all / max(1, working)))
    }

    /// Extends what is held.
    func beat() {
        let now = state.withLock { $0 }
        // A beat that fails is made up by the next; if none succeeds, the lease runs out as it should.
        if let claim = now.claim { _ = try? storage.extend(claim, for: lease) }
        guard let ownership = now.ownership else { return }
        let reached = (try? storage.extend(ownership, for: lease)) != nil
        state.withLock { $0.contact.beat(reached: reached, at: .now) }
    }
}

/// Since when every beat reached a storage, and when the last one did.
struct Contact: Sendable {
    private let lease: Double
    private var since: ContinuousClock.Instant?
    private var last: ContinuousClock.Instant?

    /// Before the first beat.
    init(lease: Double) { self.lease = lease }

    /// Who beats as a heart does has five sixths of its lease left at the least when a break begins.
    private var longestBreak: Double { lease * 2 / 3 }

    /// The storage is reached for the first time.
    mutating func begin(at now: ContinuousClock.Instant) { (since, last) = (now, now) }

    /// A beat reached the storage, or did not.
    mutating func beat(reached: Bool, at now: ContinuousClock.Instant) {
        let isUnbroken = reached && (last.map { $0.duration(to: now).seconds < longestBreak } ?? false)
        if !isUnbroken { since = reached ? now : nil }
        last = reached ? now : nil
    }

    /// Whether there was no break for a whole lease.
    func isUnbroken(at now: ContinuousClock.Instant) -> Bool {
        guard let since, let last else { return false }
        return last.duration(to: now).seconds < longestBreak && since.duration(to: now).seconds >= lease
    }
}
