import Files
import Foundation
import Runs
import Training

/// Evaluates a study's waiting trials, one after the other, under leases.
public struct Worker {
    let storage: any StudyStorage
    let evaluator: any Evaluator
    let configuration: SearchConfiguration
    let heartbeat: Heartbeat
    let identity = WorkerIdentity.current

    /// A worker in this process.
    /// - Parameter sharedThreads: threads of all workers together. Those of workers that have nothing to do, at the end of an update,
    ///   help the others: only where our kernels compute, whose results do not depend on the threads.
    public init(
        _ configuration: SearchConfiguration, _ storage: any StudyStorage, _ evaluator: any Evaluator, sharedThreads: Int? = nil
    ) {
        self.configuration = configuration
        self.storage = storage
        self.evaluator = evaluator
        let alone = configuration.machine.device != "cpu" || configuration.machine.kernels == .torch
        heartbeat = Heartbeat(storage, sharing: alone ? nil : sharedThreads.map { ($0, configuration.threads) })
    }

    /// Evaluates the next waiting trial; `false` when none is waiting.
    /// - Throws: `Interrupted`, `FileError`; the trial then waits for another worker.
    public func workOnce() throws -> Bool {
        guard let claim = try storage.claim(identity, until: Lease.end()) else { return false }
        heartbeat.start(claim)
        defer { heartbeat.stop() }
        let (proposal, done) = (claim.trial.proposal, claim.trial.curve.count)
        let lengths = proposal.again == nil ? configuration.evaluator.lengths : [configuration.reevaluationLength]
        let began = ContinuousClock.now
        do {
            let found = try evaluator.evaluate(proposal.connectivity, seed: proposal.seed, length: lengths[done])
            let point = CurvePoint(
                length: lengths[done], images: found.images, accuracy: found.accuracy, loss: found.loss,
                seconds: (ContinuousClock.now - began).seconds, worker: "\(identity)")
            _ = try storage.report(claim, .evaluated(point, isLast: done + 1 == lengths.count))
        } catch let error where error is Interrupted || error is FileError {
            _ = try storage.report(claim, .returned)
            throw error
        } catch {
            // A child that fails by itself would fail again.
            _ = try storage.report(claim, .failed("\(error)"))
        }
        return true
    }
}

/// How long a worker may be silent.
enum Lease {
    /// Seconds until a silent worker's trial is given to another; workers that are known to be dead lose it at once.
    static let seconds = 30.0
    /// Seconds between signs of life.
    static let interval = 5.0

    static func now() -> Double { Date().timeIntervalSince1970 }
    static func end() -> Double { now() + seconds }
}
