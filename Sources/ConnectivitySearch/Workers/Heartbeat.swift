import Foundation
import Synchronization
import Torch

/// Extends this process' leases while its main thread computes.
final class Heartbeat: Sendable {
    private struct State {
        var claim: Claim?
        var owner: WorkerIdentity?
        var isRunning = false
        var ends = false
    }
    private let state = Mutex(State())
    private let storage: any StudyStorage
    private let sharing: (all: Int, own: Int)?

    /// - Parameter sharing: threads of all workers, of which those that work have a share, and those each has in any case.
    init(_ storage: any StudyStorage, sharing: (all: Int, own: Int)? = nil) {
        self.storage = storage
        self.sharing = sharing
    }

    /// From now on a trial's lease is extended.
    func start(_ claim: Claim) {
        change { $0.claim = claim }
        share()
    }

    /// From now on the ownership of the study is extended.
    func start(_ owner: WorkerIdentity) { change { $0.owner = owner } }

    /// The trial's lease is not extended any more.
    func stop() { state.withLock { $0.claim = nil } }

    /// Nothing is extended any more.
    func end() { state.withLock { $0.ends = true } }

    private func change(_ body: (inout State) -> Void) {
        let starts = state.withLock { state in
            body(&state)
            defer { state.isRunning = true }
            return !state.isRunning
        }
        guard starts else { return }
        Thread { [weak self] in
            var beat = Lease.now() + Lease.interval
            while true {
                Thread.sleep(forTimeInterval: 0.2)
                guard let self, !self.state.withLock({ $0.ends }) else { return }
                self.share()
                if Lease.now() < beat { continue }
                beat = Lease.now() + Lease.interval
                self.beat()
            }
        }.start()
    }

    private func share() {
        guard let sharing, state.withLock({ $0.claim != nil }), let working = try? storage.leases().count else { return }
        Runtime.setKernelThreads(max(sharing.own, sharing.all / max(1, working)))
    }

    private func beat() {
        let now = state.withLock { $0 }
        // A beat that fails is made up by the next; if none succeeds, the lease runs out as it should.
        if let claim = now.claim { _ = try? storage.extend(claim, until: Lease.end()) }
        if let owner = now.owner { try? storage.own(owner, now: Lease.now(), until: Lease.end(), isDead: { $0.isDead }) }
    }
}
