import ArgumentParser
import DenseNetModel
import Training

/// How to train: a recipe by name, each of its values an option.
struct RecipeOptions: ParsableArguments {
    @Option(help: "one-cycle (4 epochs, short) or paper (the DenseNet paper's 300 epochs).")
    var recipe: String?

    @Option(help: "Times the training images are gone through.")
    var epochs: Int?

    @Option(help: "Images a step.")
    var batchSize: Int?

    @Option(help: "The (highest) learning rate.")
    var learningRate: Double?

    @Option(help: "How the learning rate moves: step, one-cycle or constant.")
    var schedule: String?

    @Option(help: "SGD's momentum.")
    var momentum: Double?

    @Option(help: "Weight decay.")
    var weightDecay: Double?

    @Option(help: "How convolutions start: fan-out (He, the paper's) or fan-in (PyTorch's default).")
    var initialization: String?

    @Option(help: "Dropout.")
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
            if let schedule {
                guard let known = Recipe.Schedule(rawValue: schedule) else {
                    throw TrainingError("unknown schedule '\(schedule)'; known are \(Recipe.Schedule.allCases.map(\.rawValue).joined(separator: ", "))")
                }
                r.schedule = known
            }
            if let momentum { r.momentum = momentum }
            if let weightDecay { r.weightDecay = weightDecay }
            if let initialization {
                guard let known = Initialization(rawValue: initialization) else {
                    throw TrainingError("unknown initialization '\(initialization)'; known are fan-out, fan-in")
                }
                r.initialization = known
            }
            if let dropout { r.dropout = dropout }
            if noAugment { r.augment = false }
            try r.validate()
            return r
        } catch let error as TrainingError {
            throw UsageError("\(error)")
        }
    }
}
