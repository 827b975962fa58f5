import Foundation
import Synchronization

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

    init(_ storage: any StudyStorage) { self.storage = storage }

    /// From now on a trial's lease is extended.
    func start(_ claim: Claim) { change { $0.claim = claim } }

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
                if Lease.now() < beat { continue }
                beat = Lease.now() + Lease.interval
                self.beat()
            }
        }.start()
    }

    private func beat() {
        let now = state.withLock { $0 }
        // A beat that fails is made up by the next; if none succeeds, the lease runs out as it should.
        if let claim = now.claim { _ = try? storage.extend(claim, until: Lease.end()) }
        if let owner = now.owner { try? storage.own(owner, now: Lease.now(), until: Lease.end(), isDead: { $0.isDead }) }
    }
}
