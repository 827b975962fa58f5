import ArgumentParser
import DenseNetModel
import Training

/// How to train: a recipe by name, each of its values an option.
struct RecipeOptions: ParsableArguments {
    @Option(
        help: "one-cycle (4 epochs, short) or paper (the DenseNet paper's 300 epochs).",
        completion: .list(Recipe.all.map { $0.name }))
    var recipe: String?

    @Option(help: "Times the training images are gone through.", transform: Whole.count.parse)
    var epochs: Int?

    @Option(help: "Images a step.", transform: Whole.batch.parse)
    var batchSize: Int?

    @Option(help: "The (highest) learning rate.", transform: Real.rate.parse)
    var learningRate: Double?

    @Option(help: "How the learning rate moves: step, one-cycle or constant.")
    var schedule: Recipe.Schedule?

    @Option(help: "SGD's momentum.", transform: Real.share.parse)
    var momentum: Double?

    @Option(help: "Weight decay.", transform: Real.weight.parse)
    var weightDecay: Double?

    @Option(help: "How convolutions start: fan-out (He, the paper's) or fan-in (PyTorch's default).")
    var initialization: Initialization?

    @Option(help: "Dropout.", transform: Real.share.parse)
    var dropout: Double?

    @Flag(help: "Do not shift and flip training images.")
    var noAugment = false

    /// The recipe with the given values, starting from `base` where none was named.
    func resolve(_ base: Recipe = .oneCycle) throws -> Recipe {
        do {
            var r = try recipe.map(Recipe.named) ?? base
            if let epochs { r.epochs = epochs }
            if let batchSize { r.batchSize = batchSize }
            if let learningRate { r.learningRate = learningRate }
            if let schedule { r.schedule = schedule }
            if let momentum { r.momentum = momentum }
            if let weightDecay { r.weightDecay = weightDecay }
            if let initialization { r.initialization = initialization }
            if let dropout { r.dropout = dropout }
            if noAugment { r.augment = false }
            try r.validate()
            return r
        } catch let error as TrainingError {
            throw UsageError("\(error)")
        }
    }
}
