import DenseNetModel
import ImageData
import Randomness
import Torch

/// The steps of a training by a recipe, one after the other: the one loop that all trainings go through.
///
/// Which images a step sees follows from the seed and the step alone, so that a training can begin at any step.
package struct RecipeSteps {
    /// What is trained, and by what.
    let net: DenseNet
    let optimizer: SGD
    /// The images.
    let maker: BatchMaker
    let images: [Int]
    /// How.
    let recipe: Recipe
    /// Steps of the whole training; the recipe's schedule ends with them.
    let total: Int
    /// What is learned from beside the labels.
    let teacher: Teacher?
    /// Draws each epoch's order and each step's augmentation.
    let order: (_ epoch: Int) -> SeededGenerator
    let augmentation: (_ step: Int) -> SeededGenerator
    private var shuffled: (epoch: Int, images: [Int]) = (-1, [])
    /// The batches of the steps to come, and the first step that none was asked for.
    private let batches: BatchQueue
    private var next = 0

    /// Steps in an epoch; images that do not fill a batch are left for another epoch.
    private var perEpoch: Int { images.count / recipe.batchSize }

    /// The steps of training a network on the images at `images`, which fill one batch at least.
    package init(
        _ net: DenseNet, _ optimizer: SGD, _ maker: BatchMaker, _ images: [Int], _ recipe: Recipe, total: Int,
        teacher: Teacher? = nil, order: @escaping (_ epoch: Int) -> SeededGenerator,
        augmentation: @escaping (_ step: Int) -> SeededGenerator
    ) {
        (self.net, self.optimizer, self.maker, self.images, self.recipe, self.total) = (
            net, optimizer, maker, images, recipe, total
        )
        (self.teacher, self.order, self.augmentation) = (teacher, order, augmentation)
        batches = BatchQueue(maker)
    }

    /// Trains one step, from 0.
    /// - Parameter part: the part of the network that the step goes through; the whole without it.
    /// - Returns: the loss, with which nothing was trained where it is no number; how many images were right, of how
    ///   many; and the seconds for which there was nothing to train on, as they were not there yet.
    package mutating func train(
        step: Int, through part: SharedPart? = nil
    ) throws -> (loss: Double, correct: Int, of: Int, waited: Double) {
        (optimizer.rate, optimizer.momentum) = recipe.rate(step: step, of: total)
        let began = ContinuousClock.now
        let batch = try batch(of: step)
        let waited = (ContinuousClock.now - began).seconds
        let (loss, correct) = try trainStep(net, optimizer, batch, through: part, teacher: teacher)
        return (loss, correct, recipe.batchSize, waited)
    }

    /// The batch of a step; those of the steps after it are made while it is trained on.
    private mutating func batch(of step: Int) throws -> Batch {
        if next - batches.count != step {
            // Not the step after the last one.
            batches.drop()
            next = step
        }
        while next <= step || (next < total && next <= step + BatchQueue.ahead) {
            batches.ask(images(of: next), augmentation: augmentation(next), by: recipe.augmentation)
            next += 1
        }
        return try batches.take()
    }

    /// The images of a step's batch.
    private mutating func images(of step: Int) -> ArraySlice<Int> {
        let epoch = step / perEpoch
        if shuffled.epoch != epoch {
            var random = order(epoch)
            shuffled = (epoch, random.permutation(images.count).map { images[$0] })
        }
        let start = step % perEpoch * recipe.batchSize
        return shuffled.images[start..<start + recipe.batchSize]
    }
}

extension SGD {
    /// Stochastic gradient descent as a recipe asks for it.
    /// - Throws: `TorchError`.
    package convenience init(_ net: DenseNet, _ recipe: Recipe) throws {
        try self.init(
            net.parameters, rate: recipe.learningRate, momentum: recipe.momentum, weightDecay: recipe.weightDecay,
            nesterov: recipe.nesterov)
    }
}
