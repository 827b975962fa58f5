import Training

/// How a child becomes an accuracy.
public struct EvaluatorSettings: Codable, Sendable, Hashable {
    /// Where a child's weights come from: the name of an evaluator, of this library's or of another package's.
    public struct Kind: RawRepresentable, Codable, Sendable, Hashable {
        /// The evaluator's name.
        public var rawValue: String
        /// An evaluator by name, which `Evaluators.named` knows or refuses.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// Fresh weights and a short training, as the papers' budget implies.
        public static let scratch = Kind(rawValue: ScratchEvaluator.name)
        /// The trained dense network's weights, a short tuning, BN statistics recomputed.
        public static let inherit = Kind(rawValue: InheritEvaluator.name)
        /// The weights of one network that was trained through sampled connectivities; no training of its own.
        public static let shared = Kind(rawValue: SharedEvaluator.name)

        /// What this library has; `Evaluators` knows of more where a package registered them.
        public static let builtIn = [scratch, inherit, shared]
    }
    /// Where the weights come from.
    public var kind: Kind
    /// Times a child goes through the training images; parts of one are possible. With 0 inherited weights are scored
    /// as they are, and longer evaluations are counted in epochs.
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
