import Evaluation
import Foundation
import Runs
import Strategies
import Studies
import Training

/// Evaluates a study's waiting trials, one after the other, under leases.
public struct Worker {
    /// What came of a look at the study.
    public enum Outcome: Sendable, Hashable {
        /// No trial waits for a worker.
        case nothingWaits
        /// A trial was evaluated; where its lease was lost meanwhile, for nothing.
        case evaluated
        /// This machine failed, and the trial went back, which the study knows with this sentence.
        case machineFailed(String)
    }

    let storage: any StudyStorage
    let evaluator: any Evaluator
    let configuration: SearchConfiguration
    let heartbeat: Heartbeat
    let identity = WorkerIdentity.current

    /// A worker in this process.
    /// - Parameter sharedThreads: threads of all workers together. Those of workers that have nothing to do, at the end
    ///   of an update, help the others: only where our kernels compute, whose results do not depend on the threads.
    public init(
        _ configuration: SearchConfiguration, _ storage: any StudyStorage, _ evaluator: any Evaluator,
        sharedThreads: Int? = nil
    ) {
        self.configuration = configuration
        self.storage = storage
        self.evaluator = evaluator
        let alone = configuration.machine.device != "cpu" || configuration.machine.kernels == .torch
        heartbeat = Heartbeat(
            storage, lease: configuration.lease,
            sharing: alone ? nil : sharedThreads.map { ($0, configuration.threads) })
    }

    /// Evaluates the next waiting trial.
    /// - Throws: `Interrupted`, after the trial went back; what the storage throws.
    public func workOnce() throws -> Outcome {
        guard let claim = try storage.claim(identity, token: Claim.newToken(), for: configuration.lease) else {
            return .nothingWaits
        }
        heartbeat.start(claim)
        defer { heartbeat.stop() }
        let report: Report
        do {
            report = try evaluate(claim.trial)
        } catch let error as Interrupted {
            // Where it cannot be given back its lease runs out.
            _ = try? storage.report(claim, .returned)
            throw error
        } catch let error as ChildDiverged {
            // It would diverge again, on any machine.
            report = .failed(error.description)
        } catch {
            // One line, as it becomes part of sentences.
            let sentence = "\(error)".split(whereSeparator: \.isNewline).joined(separator: " ")
            _ = try storage.report(claim, .machineFailed(sentence))
            return .machineFailed(sentence)
        }
        _ = try storage.report(claim, report)
        return .evaluated
    }

    private func evaluate(_ trial: Trial) throws -> Report {
        let (proposal, done) = (trial.proposal, trial.curve.count)
        let lengths = proposal.again == nil ? configuration.evaluator.lengths : [configuration.reevaluationLength]
        guard lengths.indices.contains(done) else {
            throw SearchError("child \(trial.number) waits for evaluation \(done + 1) of \(lengths.count)")
        }
        let began = ContinuousClock.now
        let found = try evaluator.evaluate(proposal.connectivity, seed: proposal.seed, length: lengths[done])
        guard found.loss.isFinite, found.accuracy.isFinite else {
            throw ChildDiverged("the child's validated loss is \(found.loss), its accuracy \(found.accuracy)")
        }
        let point = CurvePoint(
            length: lengths[done], images: found.images, accuracy: found.accuracy, loss: found.loss,
            seconds: (ContinuousClock.now - began).seconds, worker: "\(identity)")
        return .evaluated(point, isLast: done + 1 == lengths.count)
    }
}
