import DenseNetModel
import ImageData
import Randomness
import Runs
import Strategies
import Torch
import Training

extension EvaluatorSettings {
    /// Trains a network in memory: one-cycle over `epochs · length` (over `length` epochs where `epochs` is 0), with
    /// the recipe's other values.
    /// - Returns: the training images seen; none at a length of 0.
    public func train(_ net: DenseNet, _ data: ChildData, seed: UInt64, length: Double) throws -> Int {
        guard length > 0 else { return 0 }
        let perEpoch = data.train.count / batchSize
        guard perEpoch > 0 else {
            throw SearchError("\(data.train.count) training images do not fill one batch of \(batchSize)")
        }
        let steps = max(1, Int((Double(perEpoch) * (epochs > 0 ? epochs : 1) * length).rounded()))
        var recipe = Recipe.oneCycle
        (recipe.learningRate, recipe.batchSize) = (learningRate, batchSize)
        recipe.augmentation = augmentation ?? .crop
        var training = RecipeSteps(
            net, try SGD(net, recipe), data.maker, data.train, recipe, total: steps,
            order: { SeededGenerator(seed: seed, stream: 0xC41, UInt64($0)) },
            augmentation: { SeededGenerator(seed: seed, stream: 0xC42, UInt64($0)) })
        for step in 0..<steps {
            try Interruption.check("interrupted; the finished children are kept")
            let loss = try training.train(step: step).loss
            guard loss.isFinite else { throw ChildDiverged("the child's loss became \(loss) in step \(step + 1)") }
        }
        return steps * batchSize
    }

    /// Validates a network whose weights were another's, its BN statistics recomputed over a fixed set of batches.
    /// - Parameters:
    ///   - images: training images that it saw.
    ///   - statistics: the images of those batches; `normBatches` of them without it.
    ///   - validation: these images, instead of all that are for validation.
    public func score(
        _ net: DenseNet, _ data: ChildData, images: Int, statistics: [Int]? = nil, validation: [Int]? = nil
    ) throws -> ChildEvaluation {
        let statistics = statistics ?? data.forNorm(normBatches * batchSize)
        try net.recomputeNormStatistics(data.maker, statistics, batchSize: batchSize)
        let validation = try net.evaluate(data.maker, validation ?? data.validation)
        return ChildEvaluation(accuracy: validation.accuracy, loss: validation.loss, images: images)
    }
}
