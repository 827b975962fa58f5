import DenseNetArchitecture
import DenseNetModel
import ImageData
import Randomness
import Runs
import Torch
import Training

/// How a child becomes an accuracy.
public struct EvaluatorSettings: Codable, Sendable, Hashable {
    /// Where a child's weights come from.
    public enum Kind: String, Codable, Sendable, CaseIterable {
        /// Fresh weights and a short training, as the papers' budget implies.
        case scratch
        /// The trained dense network's weights, a short tuning, BN statistics recomputed.
        case inherit
        /// The weights of one network that was trained through sampled connectivities; no training of its own.
        case shared
    }
    /// Where the weights come from.
    public var kind: Kind
    /// Times a child goes through the training images; parts of one are possible. With 0 inherited weights are scored as they are, and
    /// longer evaluations are counted in epochs.
    public var epochs: Double
    /// Times the network of shared weights goes through the training images; absent where there is none.
    public var sharedEpochs: Int?
    /// Images a step.
    public var batchSize: Int
    /// The highest learning rate of the child's one-cycle training.
    public var learningRate: Double
    /// Batches that BN statistics are recomputed over, for inherited weights.
    public var normBatches: Int
    /// With successive halving: this many times fewer children of an update are evaluated this many times longer.
    public var halving: Double?

    /// The lengths of a child's evaluations, one after the other, as multiples of `epochs`.
    public var lengths: [Double] { kind == .shared || epochs == 0 ? [0] : halving.map { [1, $0] } ?? [1] }

    /// Epochs of shared weights where nothing else is asked for; ours.
    public static let sharedEpochs = 8

    /// The defaults: the one-cycle recipe, and a quarter of its learning rate for inherited weights (ours).
    public init(_ kind: Kind) {
        self.kind = kind
        epochs = 1
        batchSize = Recipe.oneCycle.batchSize
        learningRate = kind == .inherit ? Recipe.oneCycle.learningRate / 4 : Recipe.oneCycle.learningRate
        normBatches = 8
        sharedEpochs = kind == .shared ? Self.sharedEpochs : nil
    }
}

/// Trains a child shortly and validates it. The seed fixes everything, so that children are compared under the same
/// weights, order and augmentation (common random numbers).
public protocol Evaluator {
    /// Trains and validates a connectivity.
    /// - Parameter length: multiplies the length of training; 0 for none.
    /// - Throws: `ChildDiverged` where the child failed by itself; `Interrupted`; any other error is the machine's, and the child is
    ///   tried again.
    func evaluate(_ connectivity: Connectivity, seed: UInt64, length: Double) throws -> ChildEvaluation
}

/// What an evaluation found.
public struct ChildEvaluation: Sendable, Hashable {
    /// Validated accuracy, 0 to 1, and loss.
    public var accuracy: Double
    public var loss: Double
    /// Training images seen.
    public var images: Int

    /// An evaluation.
    public init(accuracy: Double, loss: Double, images: Int) {
        self.accuracy = accuracy
        self.loss = loss
        self.images = images
    }
}

/// The data children are trained and validated on.
public struct ChildData {
    private(set) var maker: BatchMaker
    let train: [Int]
    let validation: [Int]
    private let split: Split
    private let seed: UInt64

    /// A data set's training images, split by `seed`; both parts may be limited.
    public init(_ data: DataSet, seed: UInt64, limitTrain: Int?, limitValidation: Int?) {
        let split = Split(count: data.train.count, seed: seed, limit: limitTrain, limitValidation: limitValidation)
        // As in the final training: statistics of what is trained on.
        maker = BatchMaker(data.train, Normalization(of: data.train, indices: Split(count: data.train.count, seed: seed).train))
        (train, validation) = (split.train, split.validation)
        (self.split, self.seed) = (split, seed)
    }

    /// The same images, normalised as a network was trained on them.
    func normalized(as normalization: Normalization?) -> ChildData {
        var data = self
        if let normalization { data.maker = BatchMaker(maker.set, normalization) }
        return data
    }

    /// The fixed training images that BN statistics are recomputed over, of all classes.
    func forNorm(_ count: Int) -> [Int] { split.sample(count, seed: seed) }
}

extension EvaluatorSettings {
    /// Trains a network in memory: one-cycle over `epochs · length` (over `length` epochs where `epochs` is 0), with the recipe's other values.
    /// - Returns: the training images seen; none at a length of 0.
    func train(_ net: DenseNet, _ data: ChildData, seed: UInt64, length: Double) throws -> Int {
        guard length > 0 else { return 0 }
        let perEpoch = data.train.count / batchSize
        guard perEpoch > 0 else { throw SearchError("\(data.train.count) training images do not fill one batch of \(batchSize)") }
        let steps = max(1, Int((Double(perEpoch) * (epochs > 0 ? epochs : 1) * length).rounded()))
        var recipe = Recipe.oneCycle
        recipe.learningRate = learningRate
        let optimizer = try SGD(
            net.parameters, rate: learningRate, momentum: recipe.momentum, weightDecay: recipe.weightDecay, nesterov: recipe.nesterov)
        var order: [Int] = []
        for step in 0..<steps {
            try Interruption.check("interrupted; the finished children are kept")
            if step % perEpoch == 0 {
                var random = SeededGenerator(seed: seed, stream: 0xC41, UInt64(step / perEpoch))
                order = random.permutation(data.train.count).map { data.train[$0] }
            }
            (optimizer.rate, optimizer.momentum) = recipe.rate(step: step, of: steps)
            let start = step % perEpoch * batchSize
            let chosen = order[start..<start + batchSize]
            let outcome = try trainStep(net, optimizer, data.maker, chosen, SeededGenerator(seed: seed, stream: 0xC42, UInt64(step)))
            guard outcome.loss.isFinite else { throw ChildDiverged("the child's loss became \(outcome.loss) in step \(step + 1)") }
        }
        return steps * batchSize
    }

    /// Validates a network whose weights were another's, its BN statistics recomputed over a fixed set of batches.
    func score(_ net: DenseNet, _ data: ChildData, images: Int) throws -> ChildEvaluation {
        try net.recomputeNormStatistics(data.maker, data.forNorm(normBatches * batchSize), batchSize: batchSize)
        let validation = try net.evaluate(data.maker, data.validation)
        return ChildEvaluation(accuracy: validation.accuracy, loss: validation.loss, images: images)
    }
}
