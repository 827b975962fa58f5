import DenseNetArchitecture
import ImageData
import Runs
import Strategies
import Torch
import Training

/// What decides the evaluations of a search's children.
public struct EvaluationPlan: Sendable, Hashable {
    /// What is decided; its architecture is what is pruned.
    public var space: SearchSpace
    /// The data.
    public var data: DataIdentity
    /// Decides the split, and what evaluators train before the first child.
    public var seed: UInt64
    /// How a child becomes an accuracy.
    public var settings: EvaluatorSettings
    /// So many images children are trained on, drawn by the seed; all without it.
    public var limitTrain: Int?
    /// So many images children are validated on, drawn by the seed; all without it.
    public var limitValidation: Int?
    /// The run of the trained dense network.
    public var dense: String?
    /// The digest of the dense network's weights.
    public var denseDigest: String?
    /// The search whose shared weights are used; its own without it.
    public var shared: String?
    /// The digest of the shared weights, once they are trained.
    public var sharedDigest: String?
    /// Threads that compute a child.
    public var threads: Int
    /// The machine's part.
    public var machine: Machine

    /// A plan with nothing trained before.
    public init(
        _ space: SearchSpace, _ data: DataIdentity, seed: UInt64, _ settings: EvaluatorSettings, threads: Int,
        machine: Machine
    ) {
        (self.space, self.data, self.seed, self.settings) = (space, data, seed, settings)
        (self.threads, self.machine) = (threads, machine)
    }

    /// A training of the dense network on what children are trained on, with their one-cycle recipe.
    package func training(_ label: String, epochs: Int) -> TrainingConfiguration {
        var recipe = Recipe.oneCycle
        (recipe.epochs, recipe.batchSize, recipe.learningRate) = (epochs, settings.batchSize, settings.learningRate)
        recipe.augmentation = settings.augmentation ?? .crop
        var machine = machine
        machine.threads = threads
        return TrainingConfiguration(
            label: label, data: data, recipe: recipe, seed: seed, limitTrain: limitTrain, machine: machine)
    }

    /// Threads of our kernels, whose results do not depend on them, where there is nothing but one training to compute.
    package var allThreads: Int { machine.kernels == .torch ? threads : max(threads, machine.threads) }

    /// Computes with a child's threads; our kernels with all there are.
    package func useAllThreads() throws {
        try Runtime.setThreads(threads)
        Runtime.setKernelThreads(allThreads)
    }
}
