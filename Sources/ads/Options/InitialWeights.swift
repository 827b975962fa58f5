import ConnectivitySearch
import DenseNetArchitecture
import DenseNetModel
import Evaluation
import Runs
import Strategies
import Torch
import Training

/// The weights a training starts from, where they are those of another run; `nil` for fresh ones, and once there is a
/// checkpoint.
/// - Throws: `SearchError` when the weights are not those the run was started with; `FileError`.
func initialWeights(_ trainer: Trainer) throws -> DenseNet? {
    let c = trainer.configuration
    guard let path = c.initialWeights, !trainer.hasCheckpoint else { return nil }
    let run = RunFolder(path)
    if let digest = c.initialDigest, try TrainedDense.digest(run) != digest {
        throw SearchError(
            "the weights of \(path) have changed since \(trainer.folder.path) was started; start a new run")
    }
    return try run.model(device: Device(named: c.machine.device)).rebuilt(trainer.network.connectivity)
}
