import ImageData
import Strategies
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
        /// The trained dense network's weights as they are, BN statistics recomputed.
        public static let masked = Kind(rawValue: MaskedEvaluator.name)
        /// The weights of one network that was trained through sampled connectivities; no training of its own.
        public static let shared = Kind(rawValue: SharedEvaluator.name)

        /// What this library has; `Evaluators` knows of more where a package registered them.
        public static let builtIn = [scratch, inherit, masked, shared]
    }
    /// What of an evaluation rewards a child.
    public enum Reward: String, Codable, Sendable, Hashable, CaseIterable {
        /// Validated accuracy.
        case accuracy
        /// Minus the validated loss, which tells children apart that get as many images right.
        case loss
    }
    /// Where the weights come from.
    public var kind: Kind
    /// What rewards a child; accuracy without it.
    public var reward: Reward?
    /// Times a child goes through the training images; parts of one are possible. With 0 inherited weights are scored
    /// as they are, and longer evaluations are counted in epochs. Masked children are tuned so long
    /// where they are tuned at all: with halving, and when the best are evaluated again.
    public var epochs: Double
    /// Times the network of shared weights goes through the training images; absent where there is none.
    public var sharedEpochs: Int?
    /// Images a step.
    public var batchSize: Int
    /// The highest learning rate of the child's one-cycle training.
    public var learningRate: Double
    /// What becomes of the images children are trained on; `crop` without it, as in searches of older versions.
    public var augmentation: Augmentation?
    /// Batches that BN statistics are recomputed over, for inherited weights.
    public var normBatches: Int
    /// Validation images that a masked child is scored on while it is not tuned, and batches that its BN statistics are
    /// recomputed over. Absent in searches of older versions: all images, and `normBatches`. The defaults are ours;
    /// `ads calibrate` says what more of them are worth.
    public var scoreImages: Int?
    /// See `scoreImages`.
    public var scoreBatches: Int?
    /// With successive halving: this many times fewer children of an update are evaluated this many times longer; of
    /// masked children they are tuned for `epochs`.
    public var halving: Double?

    /// The lengths of a child's evaluations, one after the other, as multiples of `epochs`.
    public var lengths: [Double] {
        if kind == .masked { return halving == nil ? [0] : [0, 1] }
        return kind == .shared || epochs == 0 ? [0] : halving.map { [1, $0] } ?? [1]
    }

    /// Whether any child is trained by itself: of masked ones those are that halving or a search's end tunes, of shared
    /// weights' the latter.
    /// - Parameter top: how many of the best are evaluated again.
    public func trainsChildren(top: Int) -> Bool {
        switch kind {
        case .masked: epochs > 0 && (halving != nil || top > 0)
        case .shared: top > 0
        default: true
        }
    }

    /// Whether children have the trained dense network's weights.
    public var inherits: Bool { kind == .inherit || kind == .masked }

    /// Refuses values that evaluate nothing.
    /// - Throws: `SearchError`.
    package func validate() throws {
        func need(_ condition: Bool, _ reason: String) throws { if !condition { throw SearchError(reason) } }
        let most = 1_000_000
        try need(
            epochs > 0 || (epochs == 0 && kind != .scratch && kind != .shared),
            "\(epochs) epochs a child; it must be over 0, or 0 with inherited weights")
        try need(epochs <= Double(most), "\(epochs) epochs a child; up to \(most) are possible")
        try need(2...most ~= batchSize, "batch size \(batchSize); 2 images, which BN needs, to \(most) are possible")
        try need(1...most ~= normBatches, "\(normBatches) batches for BN's statistics; 1 to \(most) are possible")
        try need(
            learningRate > 0 && learningRate.isFinite, "learning rate \(learningRate); it must be over 0")
        if let scoreImages {
            try need(kind == .masked, "--score-images is for --evaluator masked")
            try need(1...1_000_000_000_000 ~= scoreImages, "\(scoreImages) images to score on; 1 at least are needed")
        }
        if let scoreBatches {
            try need(
                1...most ~= scoreBatches, "\(scoreBatches) batches for a score's statistics; 1 to \(most) are possible")
        }
        if let sharedEpochs {
            try need(1...most ~= sharedEpochs, "\(sharedEpochs) epochs of shared weights; 1 to \(most) are possible")
        }
        if let halving {
            try need(halving > 1 && halving <= Double(most), "halving by \(halving); it must be over 1, up to \(most)")
            try need(epochs > 0, "halving of children that are not trained; give them --child-epochs over 0")
            try need(
                kind != .shared, "--halving with shared weights; children that are not trained cannot be trained longer"
            )
        }
    }

    /// Epochs of shared weights where nothing else is asked for; ours.
    public static let sharedEpochs = 8

    /// Validation images a masked child is scored on where nothing else is asked for; ours.
    public static let scoreImages = 300

    /// The defaults: the one-cycle recipe, and a quarter of its learning rate for inherited weights (ours).
    public init(_ kind: Kind) {
        self.kind = kind
        epochs = 1
        batchSize = Recipe.oneCycle.batchSize
        learningRate =
            kind == .inherit || kind == .masked ? Recipe.oneCycle.learningRate / 4 : Recipe.oneCycle.learningRate
        normBatches = 8
        sharedEpochs = kind == .shared ? Self.sharedEpochs : nil
        if kind == .masked { (scoreImages, scoreBatches) = (Self.scoreImages, 2) }
    }
}
