import ArgumentParser
import ConnectivitySearch
import Evaluation
import Runs
import Strategies
import Training

/// How a search's children are evaluated.
struct ChildOptions: ParsableArguments {
    @Option(
        help:
            "scratch (short training from fresh weights), inherit (a trained dense network's weights, tuned), masked (the same weights as they are, no training) or shared (one network's shared weights, no training); inherit where --dense is given."
    )
    var evaluator: EvaluatorSettings.Kind?

    @Option(
        help:
            "The run of the trained dense network that children inherit from, or that is pruned by magnitude; it must have this --seed. Without --arch the network is its.",
        completion: .directory)
    var dense: String?

    @Option(
        help:
            "Times a child goes through its training images. Masked children are tuned so with --halving; with this option alone the best are when they are evaluated again. (default: 1; 0 for masked children without --halving)",
        transform: Real.weight.parse)
    var childEpochs: Double?

    @Option(help: "What rewards a child: its validated accuracy, or minus its validated loss. (default: accuracy)")
    var reward: EvaluatorSettings.Reward?

    @Option(
        help: "Times the network of shared weights goes through the training images. (default: 8)",
        transform: Whole.count.parse)
    var sharedEpochs: Int?

    @Option(
        help: "Use the shared weights of this search, which has the same settings, instead of training them anew.",
        completion: .directory)
    var shared: String?

    @Option(
        help: "Images a step of a child's training.",
        transform: Whole.batch.parse)
    var batchSize: Int?

    @Option(
        help: "The highest learning rate of a child's training.",
        transform: Real.rate.parse)
    var learningRate: Double?

    @OptionGroup var trainingImages: AugmentationOption

    @Option(
        help: "Train children on N of the training images only.",
        transform: Whole.images.parse)
    var limitTrain: Int?

    @Option(
        help: "Validate children on N of the validation images only.",
        transform: Whole.images.parse)
    var limitValidation: Int?

    @Option(
        help: "Validation images a masked child is scored on; tuned ones are validated on all. (default: 300)",
        transform: Whole.images.parse)
    var scoreImages: Int?

    @Option(
        help:
            "Successive halving: N times fewer children of each update are trained N times longer, of masked ones are tuned for --child-epochs; the others no further.",
        transform: Real(over: 1, upTo: 1e6).parse)
    var halving: Double?

    /// Where children's weights come from.
    var kind: EvaluatorSettings.Kind { evaluator ?? (dense == nil ? .scratch : .inherit) }

    /// What these options say in a plan whose strategy is known.
    func set(_ plan: inout SearchPlan) throws {
        plan.evaluator = EvaluatorSettings(kind)
        if let sharedEpochs { plan.evaluator.sharedEpochs = sharedEpochs }
        if let batchSize { plan.evaluator.batchSize = batchSize }
        if let learningRate { plan.evaluator.learningRate = learningRate }
        plan.evaluator.augmentation = trainingImages.augmentation
        plan.evaluator.halving = halving
        if let scoreImages { plan.evaluator.scoreImages = scoreImages }
        // Absent is accuracy, as in studies of older versions.
        plan.evaluator.reward = reward == .loss ? .loss : nil
        if let childEpochs {
            plan.evaluator.epochs = childEpochs
        } else if kind == .masked, halving == nil, try !Strategies.named(plan.strategy).needsDense {
            // Masked children take seconds: their best are tuned where somebody asks for it, else scored on all images,
            // which takes seconds, too. Strategies that prune a dense network tune it between.
            plan.evaluator.epochs = 0
        }
        (plan.limitTrain, plan.limitValidation) = (limitTrain, limitValidation)
        (plan.dense, plan.shared) = (dense.map { RunFolder($0) }, shared.map { RunFolder($0) })
    }

    /// Refuses what trains children where the plan trains none.
    func checkTraining(_ plan: SearchPlan) throws {
        guard !plan.evaluator.trainsChildren(top: plan.top), try !Strategies.named(plan.strategy).needsDense else {
            return
        }
        let reason =
            plan.top == 0
            ? "with --evaluator \(kind.rawValue) and --top 0 none is; leave it out"
            : "masked children are tuned with --halving or --child-epochs alone"
        // Shared weights are trained themselves.
        let isIdle = [
            (name: "--child-epochs", isTyped: childEpochs ?? 0 > 0),
            (name: "--augmentation", isTyped: trainingImages.augmentation != nil && kind != .shared),
            (name: "--learning-rate", isTyped: learningRate != nil && kind != .shared),
        ]
        guard let name = isIdle.first(where: \.isTyped)?.name else { return }
        throw SearchError("\(name) is for children that are trained, and \(reason)")
    }
}

extension Resumed {
    /// How children are evaluated.
    func keeps(_ options: ChildOptions, _ c: SearchConfiguration) throws {
        let evaluator = c.evaluator
        try keeps("--evaluator", options.evaluator?.rawValue, evaluator.kind.rawValue)
        try keeps("--reward", options.reward?.rawValue, (evaluator.reward ?? .accuracy).rawValue)
        try keeps("--dense", options.dense.map { RunFolder($0).absolutePath }, c.dense)
        try keeps("--shared", options.shared.map { RunFolder($0).absolutePath }, c.shared)
        try keeps("--child-epochs", options.childEpochs, evaluator.epochs)
        try keeps("--shared-epochs", options.sharedEpochs, evaluator.sharedEpochs)
        try keeps("--batch-size", options.batchSize, evaluator.batchSize)
        try keeps("--learning-rate", options.learningRate, evaluator.learningRate)
        try keeps(
            "--augmentation", options.trainingImages.augmentation?.rawValue,
            (evaluator.augmentation ?? .crop).rawValue)
        try keeps("--halving", options.halving, evaluator.halving)
        try keeps("--limit-train", options.limitTrain, c.limitTrain)
        try keeps("--limit-validation", options.limitValidation, c.limitValidation)
        try keeps("--score-images", options.scoreImages, evaluator.scoreImages)
    }
}
