import DenseNetArchitecture
import DenseNetModel
import Files
import Foundation
import ImageData
import Randomness
import Runs
import Torch

/// Trains one network: a linear loop of learning rate, forward, backward, step; validation; checkpoint; log.
public struct Trainer {
    /// What is trained and how.
    public private(set) var configuration: TrainingConfiguration
    /// The network as a value.
    public let network: Network
    /// The data.
    public let data: DataSet
    /// Where everything is written.
    public let folder: RunFolder
    /// Receives progress.
    public var observer: (TrainingEvent) -> Void = { _ in }
    /// The connectivity that a step trains, from step 0 on, where it is not the whole network.
    public var sampler: ((Int) throws -> Connectivity)?
    /// Seconds between checkpoints within an epoch.
    public var checkpointSeconds = 60.0
    /// Interrupts after so many steps, as Ctrl-C would; tests use it.
    var stopAfter: Int?

    /// A training.
    public init(_ configuration: TrainingConfiguration, _ network: Network, _ data: DataSet, folder: RunFolder) {
        self.configuration = configuration
        self.network = network
        self.data = data
        self.folder = folder
        self.configuration.normalization = normalization
    }

    /// What the images are normalised with: the statistics of the images trained on, `limitTrain` aside.
    public var normalization: Normalization {
        configuration.normalization
            ?? Normalization(
                of: data.train,
                indices: Split(of: data, seed: configuration.seed, holdOut: !configuration.allData).train)
    }

    /// Refuses what cannot be trained, before anything is written.
    /// - Throws: `TrainingError`.
    func validate() throws {
        let recipe = configuration.recipe
        guard configuration.sampling == nil || sampler != nil else {
            throw TrainingError(
                "\(folder.path) holds weights that a search's children share, of which each step trains a part; the search goes on with them: ads search --resume --out \(ShellText.word(folder.parent))"
            )
        }
        try configuration.validate()
        let split = configuration.split(of: data)
        guard split.train.count >= recipe.batchSize else {
            throw TrainingError(
                "\(split.train.count) training images do not fill one batch of \(recipe.batchSize); lower --batch-size")
        }
        try network.architecture.check(fits: data)
        try BatchMaker(data.train, normalization).check()
    }

    /// Trains, from the start or from the folder's checkpoint; the result is the same bits on CPU.
    /// - Parameters:
    ///   - initial: weights to start from instead of fresh ones.
    ///   - teacher: the network that the configuration's distillation learns from; it stays as it is.
    /// - Throws: `Interrupted` after saving; `TrainingError` when the loss is no number; `FileError`, also where
    ///   another process trains in the folder.
    public func run(resume: Bool, initial: DenseNet? = nil, teacher: DenseNet? = nil) throws -> TrainingResult {
        try validate()
        // The test set is used once: what is finished stays as it ended, whatever became of its checkpoints.
        if resume, isFinished { return try finished() }
        return try folder.whileNobodyElseTrains {
            // Who trained until now may have ended it.
            if resume, isFinished { return try finished() }
            return try train(resume: resume, initial: initial, teacher: teacher)
        }
    }

    private func train(resume: Bool, initial: DenseNet?, teacher: DenseNet?) throws -> TrainingResult {
        let recipe = configuration.recipe
        let device = try Device(named: configuration.machine.device)
        let split = configuration.split(of: data)
        let steps = split.train.count / recipe.batchSize
        let maker = BatchMaker(data.train, normalization)
        try Runtime.beDeterministic()
        // Nothing but dropout draws from libtorch's own generator, which the whole process shares.
        if recipe.dropout > 0 { try Runtime.seed(SeededGenerator(seed: configuration.seed, stream: 1).state) }
        if configuration.initialWeights != nil, initial == nil, !(resume && hasCheckpoint) {
            throw TrainingError(
                "\(folder.path) starts from the weights of \(configuration.initialWeights ?? ""), which were not given")
        }
        let teacher = try teaching(teacher)
        let net =
            try initial
            ?? DenseNet(
                network, generator: Generator(seed: SeededGenerator(seed: configuration.seed, stream: 2).state),
                initialization: recipe.initialization, device: device)
        net.kernels = configuration.machine.kernels
        net.dropout = recipe.dropout
        let optimizer = try SGD(net, recipe)
        let checkpoint = Checkpoint(folder: folder)
        var state = TrainingState()
        if resume,
            let saved = try checkpoint.load(
                into: net, optimizer, epochs: recipe.epochs, steps: steps, note: { observer(.note($0)) })
        {
            state = saved
            try tellOfAnotherMachine()
        } else if resume, FileManager.default.fileExists(atPath: folder.metrics) {
            observer(.note("there is no checkpoint in \(folder.checkpoints) any more; it is trained from its start"))
        }

        let (total, seed) = (steps * recipe.epochs, configuration.seed)
        var training = RecipeSteps(
            net, optimizer, maker, split.train, recipe, total: total, teacher: teacher,
            order: { SeededGenerator(seed: seed, stream: 3, UInt64($0)) },
            augmentation: { SeededGenerator(seed: seed, stream: 4, UInt64($0)) })
        var lastSaved = ContinuousClock.now
        while state.epoch < recipe.epochs {
            while state.step < steps {
                let steppedEnough = stopAfter.map { state.epoch * steps + state.step >= $0 } ?? false
                if Interruption.requested || steppedEnough {
                    try checkpoint.save(state, net, optimizer)
                    throw Interrupted(
                        description:
                            "interrupted in epoch \(state.epoch + 1) at step \(state.step) of \(steps); saved. Continue with the same command and --resume"
                    )
                }
                let began = ContinuousClock.now
                let now = state.epoch * steps + state.step
                let (value, correct, count, waited) = try training.train(
                    step: now, through: sampler.map { try net.sharing($0(now)) })
                guard value.isFinite else {
                    throw diverged("the loss became \(value) in epoch \(state.epoch + 1), step \(state.step + 1)")
                }
                state.correct += correct
                state.lossSum += value * Double(count)
                state.seen += count
                state.imagesTrained += count
                state.step += 1
                let seconds = (ContinuousClock.now - began).seconds
                state.epochSeconds += seconds
                state.epochWaited = (state.epochWaited ?? 0) + waited
                state.seconds += seconds
                let speed = Double(state.imagesTrained) / max(state.seconds, 1e-9)
                observer(
                    .step(
                        epoch: state.epoch + 1, epochs: recipe.epochs, step: state.step, steps: steps,
                        loss: state.lossSum / Double(state.seen), accuracy: Double(state.correct) / Double(state.seen),
                        imagesPerSecond: speed, secondsLeft: Double((total - now - 1) * recipe.batchSize) / speed))
                if (ContinuousClock.now - lastSaved).seconds > checkpointSeconds {
                    try checkpoint.save(state, net, optimizer)
                    lastSaved = .now
                }
            }
            try finishEpoch(&state, net, optimizer, maker, split, checkpoint)
            lastSaved = .now
        }
        return try finish(state, maker, split, device)
    }

    /// Validates, keeps the best weights, saves, and only then says that the epoch is done.
    private func finishEpoch(
        _ state: inout TrainingState, _ net: DenseNet, _ optimizer: SGD, _ maker: BatchMaker, _ split: Split,
        _ checkpoint: Checkpoint
    ) throws {
        var validation: Evaluation?
        do {
            if sampler != nil {
                // Steps through parts of the network leave no running statistics of the whole.
                let batches = split.sample(8 * configuration.recipe.batchSize, seed: configuration.seed)
                try net.recomputeNormStatistics(maker, batches, batchSize: configuration.recipe.batchSize)
            }
            validation = split.validation.isEmpty ? nil : try net.evaluate(maker, split.validation)
            // The last step's loss was that of the weights before it.
            let batch = Array(split.train.prefix(configuration.recipe.batchSize))
            guard try (validation ?? net.evaluate(maker, batch)).loss.isFinite else {
                throw diverged("the weights came to no numbers in epoch \(state.epoch + 1)")
            }
        } catch is Interrupted {
            // The epoch's steps are all done; validating them is repeated on resume.
            try checkpoint.save(state, net, optimizer)
            throw Interrupted(
                description:
                    "interrupted while validating epoch \(state.epoch + 1); saved. Continue with the same command and --resume"
            )
        }
        // The last step's; an optimizer that was restored behind that step has not heard of it.
        let (recipe, steps) = (configuration.recipe, split.train.count / configuration.recipe.batchSize)
        let rate = recipe.rate(step: (state.epoch + 1) * steps - 1, of: recipe.epochs * steps).rate
        state.history.append(
            EpochMetrics(
                epoch: state.epoch + 1, trainLoss: state.lossSum / Double(max(1, state.seen)),
                trainAccuracy: Double(state.correct) / Double(max(1, state.seen)), validationLoss: validation?.loss,
                validationAccuracy: validation?.accuracy, learningRate: rate, seconds: state.epochSeconds,
                waitedSeconds: state.epochWaited,
                imagesPerSecond: Double(state.seen) / max(state.epochSeconds, 1e-9)))
        // Weights trained in parts are for all parts; how the whole network does says little of them.
        let isBest = sampler != nil || validation.map { $0.accuracy > (state.bestAccuracy ?? -1) } ?? true
        if isBest {
            state.bestAccuracy = validation?.accuracy
            try folder.writeWeights(of: net)
        }
        state.epoch += 1
        state.step = 0
        (state.lossSum, state.correct, state.seen, state.epochSeconds) = (0, 0, 0, 0)
        state.epochWaited = nil
        try checkpoint.save(state, net, optimizer)
        try writeMetrics(state)
        if let metrics = state.history.last {
            observer(
                .epoch(
                    metrics, epochs: configuration.recipe.epochs, isBest: isBest && validation != nil && sampler == nil)
            )
        }
    }

    /// - Parameter what: what happened, as a clause.
    private func diverged(_ what: String) -> TrainingError {
        let kept = hasCheckpoint ? "; the last checkpoint is kept in \(folder.checkpoints)" : ""
        return TrainingError("\(what)\(kept). Start a new run with a lower --learning-rate")
    }
}
