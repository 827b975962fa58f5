import DenseNetArchitecture
import Evaluation
import Studies

/// How well each evaluator orders connectivities as full training does: `calibration.json`.
public struct Calibration: Codable, Sendable {
    /// What was asked for.
    public var configuration: CalibrationConfiguration
    /// The connectivities, in the order in which they were proposed.
    public var points: [Point]
    /// Connectivities that are none of them, as a full training of theirs failed and so says nothing of how they order;
    /// absent where there are none, and in calibrations of older versions, which took chance for its accuracy.
    public var failed: Int?
    /// What full training cost, and how well one seed of it orders as another; the first seed as if it were an
    /// evaluator.
    public var full: Row
    /// How far full trainings of one connectivity lie apart, and how far connectivities do beyond that; absent with one
    /// seed.
    public var spread: Spread?
    /// The evaluators, each by accuracy and by minus loss, and the MACs alone: what needs no evaluation at all.
    public var rows: [Row]
    /// The bands of equal cost, where there are such: then only connectivities of one band are compared.
    public var bands: [Band]?
    /// What masked scores of fewer and of more images are worth, and what they take; absent in calibrations of older
    /// versions.
    public var readings: [Reading]?

    /// A connectivity.
    public struct Point: Codable, Sendable {
        /// The matrices.
        public var connectivity: Connectivity
        /// Multiply-adds of one image.
        public var macs: Int
        /// Validated accuracy of its full trainings, a seed each, 0 to 1.
        public var full: [Double]
        /// Their validated losses; absent in calibrations of older versions.
        public var losses: [Double]?
        /// Its band of equal cost, from 0, where there are such.
        public var band: Int?

        /// Their mean.
        public var mean: Double { full.reduce(0, +) / Double(full.count) }
    }

    /// Connectivities of equal cost.
    public struct Band: Codable, Sendable, Hashable {
        /// The most MACs, as a share of the dense network's.
        public var share: Double
        /// The most MACs.
        public var limit: Int
        /// Connectivities in it.
        public var points: Int
        /// The fewest MACs of one of them; absent where there is none.
        public var low: Int?
        /// The most MACs of one of them; absent where there is none.
        public var high: Int?
    }

    /// An order of the connectivities, and its price.
    public struct Row: Codable, Sendable {
        /// The evaluator's name, and what of it.
        public var name: String
        /// What of an evaluation orders them; accuracy without it.
        public var reward: EvaluatorSettings.Reward?
        /// Kendall's rank correlation with full training (τ-b), within bands where there are such; absent where nothing
        /// differs.
        public var tau: Double?
        /// The lower end of the correlation's 95% interval; absent where nothing differs.
        public var low: Double?
        /// The upper end.
        public var high: Double?
        /// The correlation with the MACs held fixed: what is known beyond dear and cheap; absent where they tell
        /// everything.
        public var partialTau: Double?
        /// The correlation with each seed of full training, in order; absent with one seed.
        public var tauBySeed: [Double?]?
        /// The correlation in each band, in order; absent without bands.
        public var tauByBand: [Double?]?
        /// Seconds of a child.
        public var secondsPerChild: Double
        /// Training images a child saw.
        public var imagesPerChild: Double
        /// Seconds before the first child.
        public var secondsBefore: Double
        /// Training images that were seen before the first child.
        public var imagesBefore: Int
        /// What it gave each point.
        public var values: [Double]

        init(
            _ name: String, _ values: [Double], against full: [Double], macs: [Double], within bands: [Int]? = nil,
            seed: UInt64
        ) {
            self.name = name
            self.values = values
            tau = RankCorrelation.kendall(values, full, within: bands)
            let interval = RankCorrelation.interval(values, full, within: bands, seed: seed)
            (low, high) = (interval?.lowerBound, interval?.upperBound)
            partialTau = RankCorrelation.partial(values, full, given: macs, within: bands)
            (secondsPerChild, imagesPerChild, secondsBefore, imagesBefore) = (0, 0, 0, 0)
        }

        mutating func pays(_ trials: [Trial]) {
            let count = Double(max(1, trials.count))
            secondsPerChild = trials.reduce(0) { $0 + $1.seconds } / count
            imagesPerChild = Double(trials.reduce(0) { $0 + $1.images }) / count
        }
    }

    /// Masked scores with so many images.
    public struct Reading: Codable, Sendable {
        /// Training images that BN statistics are recomputed over.
        public var statisticsImages: Int
        /// Validation images that are scored.
        public var validationImages: Int
        /// Seconds of a child, by one process with a child's threads and nothing of ours beside it.
        public var secondsPerChild: Double
        /// How well accuracies order as full training does.
        public var byAccuracy: Agreement
        /// How well minus losses do.
        public var byLoss: Agreement
    }

    /// A rank correlation with full training.
    public struct Agreement: Codable, Sendable {
        /// Kendall's τ-b, within bands where there are such; absent where nothing differs.
        public var tau: Double?
        /// The lower end of its 95% interval; absent where nothing differs.
        public var low: Double?
        /// The upper end.
        public var high: Double?
    }
}
