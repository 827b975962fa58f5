import ArgumentParser
import DenseNetModel
import ImageData
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

    @OptionGroup var images: AugmentationOption

    @Flag(help: "The same as --augmentation none.")
    var noAugment = false

    /// The recipe with the given values for a training on the data, starting from `base` where none was named.
    func resolve(_ base: Recipe = .oneCycle, for data: DataSet) throws -> Recipe {
        if noAugment, let typed = images.augmentation, typed != .off {
            throw UsageError("--no-augment is --augmentation none, not \(typed.rawValue); leave one of them out")
        }
        do {
            var r = try recipe.map(Recipe.named) ?? base
            r.augmentation = noAugment ? .off : images.augmentation ?? data.usualAugmentation
            if let epochs { r.epochs = epochs }
            if let batchSize { r.batchSize = batchSize }
            if let learningRate { r.learningRate = learningRate }
            if let schedule { r.schedule = schedule }
            if let momentum { r.momentum = momentum }
            if let weightDecay { r.weightDecay = weightDecay }
            if let initialization { r.initialization = initialization }
            if let dropout { r.dropout = dropout }
            try r.validate()
            return r
        } catch let error as TrainingError {
            throw UsageError("\(error)")
        }
    }
}

/// What becomes of training images.
struct AugmentationOption: ParsableArguments {
    @Option(
        help:
            "What becomes of training images each time: crop (moved by up to 4 pixels, mirrored), resized-crop (a random part at full size, mirrored) or none. (default: crop; resized-crop for images of any size)"
    )
    var augmentation: Augmentation?
}
