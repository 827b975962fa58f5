import DenseNetArchitecture
import DenseNetModel
import Foundation
import ImageData
import Randomness
import Runs
import Strategies
import Torch
import Training

/// The training of one network whose weights all children share: a run of its own, in the search's folder.
///
/// Each step trains the part of the dense network that a sampled connectivity keeps. A keep rate between 0 and 1 is
/// drawn first, then every free connection by it, so that cheap and dear children are trained alike; fair coins alone
/// would train the middle of the range only.
package struct SharedWeights {
    let plan: EvaluationPlan
    package let folder: RunFolder
    let data: DataSet

    /// The shared weights of a search in a folder.
    package init(_ plan: EvaluationPlan, _ search: RunFolder, _ data: DataSet) {
        self.plan = plan
        folder = RunFolder((plan.shared ?? search.path) + "/shared")
        self.data = data
    }

    /// The run they come from.
    package var training: TrainingConfiguration {
        var training = plan.training("shared", epochs: plan.settings.sharedEpochs ?? EvaluatorSettings.sharedEpochs)
        let layers = plan.space.dropsLayers ? " and whole layers" : ""
        let ends = plan.space.searchesBlockEnds ? ", blocks' ends\(layers) included" : ""
        training.sampling = "connectivities by a keep rate drawn for each step\(ends)"
        return training
    }

    /// Refuses another search's weights where they are not what this search would train.
    /// - Throws: `SearchError`, `FileError`.
    package func check() throws {
        guard let shared = plan.shared else { return }
        guard FileManager.default.fileExists(atPath: folder.result) else {
            throw SearchError("\(shared) holds no search with trained shared weights")
        }
        if let difference = try training.difference(
            from: folder.read(TrainingConfiguration.self, from: folder.configuration))
        {
            throw SearchError("the shared weights of \(shared) are not those of this search: \(difference)")
        }
        guard try folder.network() == Network(plan.space.architecture) else {
            throw SearchError("the shared weights of \(shared) are those of another network")
        }
    }

    /// Trains them, or goes on where that was interrupted, or does nothing where it is done.
    /// - Throws: `Interrupted` after saving; `TrainingError`, `FileError`.
    package func train(_ observer: @escaping (TrainingEvent) -> Void) throws {
        guard plan.shared == nil else { return }
        var trainer = Trainer(training, try Network(plan.space.architecture), data, folder: folder)
        let (space, seed) = (plan.space, plan.seed)
        trainer.sampler = { Self.sample(space, seed: seed, step: $0) }
        try trainer.start(resume: true)
        guard !trainer.isFinished else { return }
        try plan.useAllThreads()
        defer { Runtime.setKernelThreads(plan.threads) }
        trainer.observer = observer
        _ = try trainer.run(resume: true)
    }

    /// The connectivity that a step trains.
    package static func sample(_ space: SearchSpace, seed: UInt64, step: Int) -> Connectivity {
        var random = SeededGenerator(seed: seed, stream: 0x54A, UInt64(step))
        let rate = random.uniform()
        return space.connectivity(space.entries.map { _ in random.uniform() < rate })
    }

    /// The trained weights.
    /// - Throws: `SearchError` when they are not those the study was searched with; `FileError`.
    package func load() throws -> DenseNet {
        if let digest = plan.sharedDigest, try TrainedDense.digest(folder) != digest {
            throw SearchError("the weights of \(folder.path) have changed since the search was started")
        }
        let net = try folder.model(device: Device(named: plan.machine.device))
        net.kernels = plan.machine.kernels
        return net
    }
}
