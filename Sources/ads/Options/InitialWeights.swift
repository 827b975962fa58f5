import ConnectivitySearch
import DenseNetArchitecture
import DenseNetModel
import Evaluation
import Files
import Foundation
import NetworkImport
import Runs
import Strategies
import Torch
import Training

/// The weights a training starts from, where they are a file's or those of another run; `nil` for fresh ones, and once
/// there is a checkpoint or a result.
/// - Parameter tell: told what was changed in a file's weights, a sentence each.
/// - Throws: `SearchError` when the weights are not those the run was started with; `FileError`.
func initialWeights(_ trainer: Trainer, tell: (String) -> Void = { _ in }) throws -> DenseNet? {
    let c = trainer.configuration
    guard let path = c.initialWeights, !trainer.hasCheckpoint, !trainer.isFinished else { return nil }
    guard c.startsFromRun else {
        guard try fileDigest(path) == c.initialDigest else {
            throw FileError("\(path) has changed since \(trainer.folder.path) was started; start a new run")
        }
        return try NetworkImport.start(
            of: path, for: trainer.network, seed: c.seed, device: Device(named: c.machine.device), tell: tell)
    }
    return try network(of: path, digest: c.initialDigest, for: trainer).rebuilt(trainer.network.connectivity)
}

/// The network a training learns from beside the labels; `nil` where there is none, or nothing left to learn.
/// - Throws: as above.
func teacherNetwork(_ trainer: Trainer) throws -> DenseNet? {
    guard let distillation = trainer.configuration.distillation, !trainer.isFinished else { return nil }
    return try network(of: distillation.teacher, digest: distillation.digest, for: trainer)
}

/// A run's trained network on a training's device, with the weights that the training was started with.
private func network(of path: String, digest: String?, for trainer: Trainer) throws -> DenseNet {
    let run = RunFolder(path)
    if let digest, try TrainedDense.digest(run) != digest {
        throw SearchError(
            "the weights of \(path) have changed since \(trainer.folder.path) was started; start a new run")
    }
    return try run.model(device: Device(named: trainer.configuration.machine.device))
}
