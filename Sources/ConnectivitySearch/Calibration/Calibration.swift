import DenseNetArchitecture
import Evaluation
import Strategies
import Studies

/// How well each evaluator orders connectivities as full training does: `calibration.json`.
public struct Calibration: Codable, Sendable {
    /// What was asked for.
    public var configuration: CalibrationConfiguration
    /// The connectivities, in the order in which they were proposed.
    public var points: [Point]
    /// What full training cost, and how well one seed of it orders as another; the first seed as if it were an
    /// evaluator.
    public var full: Row
    /// How far full trainings of one connectivity lie apart, and how far connectivities do beyond that; absent with one
    /// seed.
    public var spread: Spread?
    /// The evaluators, and the MACs alone: what needs no evaluation at all.
    public var rows: [Row]

    /// A connectivity.
    public struct Point: Codable, Sendable {
        /// The matrices.
        public var connectivity: Connectivity
        /// Multiply-adds of one image.
        public var macs: Int
        /// Validated accuracy of its full trainings, a seed each, 0 to 1.
        public var full: [Double]

        /// Their mean.
        public var mean: Double { full.reduce(0, +) / Double(full.count) }
    }

    /// Where the differences of full trainings come from (one-way analysis of variance), as deviations of an accuracy
    /// of 0 to 1.
    public struct Spread: Codable, Sendable, Hashable {
        /// Between seeds of one connectivity.
        public var seeds: Double
        /// Between connectivities, the seeds' part taken off; 0 where there is no more than seeds explain: then such
        /// trainings cannot tell which is better, whatever searches.
        public var connectivities: Double

        /// - Parameter values: accuracies, a row per connectivity, a column per seed.
        init?(_ values: [[Double]]) {
            guard let seeds = values.first?.count, seeds > 1, values.count > 1, values.allSatisfy({ $0.count == seeds })
            else { return nil }
            func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }
            func squares(_ values: [Double]) -> Double {
                values.reduce(0) { $0 + ($1 - mean(values)) * ($1 - mean(values)) }
            }
            let within = values.reduce(0) { $0 + squares($1) } / Double(values.count * (seeds - 1))
            let between = squares(values.map(mean)) / Double(values.count - 1)
            self.seeds = within.squareRoot()
            connectivities = max(0, between - within / Double(seeds)).squareRoot()
        }
    }

    /// An order of the connectivities, and its price.
    public struct Row: Codable, Sendable {
        /// The evaluator's name.
        public var name: String
        /// Kendall's rank correlation with full training (τ-b); absent where nothing differs.
        public var tau: Double?
        /// The lower end of the correlation's 95% interval; absent where nothing differs.
        public var low: Double?
        /// The upper end.
        public var high: Double?
        /// The correlation with the MACs held fixed: what is known beyond dear and cheap; absent where they tell
        /// everything.
        public var partialTau: Double?
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

        init(_ name: String, _ values: [Double], against full: [Double], macs: [Double], seed: UInt64) {
            self.name = name
            self.values = values
            tau = RankCorrelation.kendall(values, full)
            let interval = RankCorrelation.interval(values, full, seed: seed)
            (low, high) = (interval?.lowerBound, interval?.upperBound)
            partialTau = RankCorrelation.partial(values, full, given: macs)
            (secondsPerChild, imagesPerChild, secondsBefore, imagesBefore) = (0, 0, 0, 0)
        }

        mutating func pays(_ trials: [Trial]) {
            let count = Double(max(1, trials.count))
            secondsPerChild = trials.reduce(0) { $0 + $1.seconds } / count
            imagesPerChild = Double(trials.reduce(0) { $0 + $1.images }) / count
        }
    }

    /// Joins the studies of a calibration.
    /// - Parameter before: seconds before the first child, by evaluator.
    init(
        _ configuration: CalibrationConfiguration, _ studies: [EvaluatorSettings.Kind: StudyHistory],
        secondsBefore before: [EvaluatorSettings.Kind: Double]
    ) throws {
        self.configuration = configuration
        guard let scratch = studies[.scratch] else { throw SearchError("the calibration has no full training") }
        let again = Dictionary(grouping: scratch.reevaluations, by: \.child)
        let children = scratch.children.filter {
            $0.repeatOf == nil && again[$0.number]?.count == configuration.fullSeeds
        }
        guard children.count > 1 else {
            throw SearchError("\(children.count) connectivities were trained in full; at least 2 are needed to compare")
        }
        let seed = configuration.search.seed
        points = children.map { child in
            Point(
                connectivity: child.connectivity, macs: child.macs,
                full: (again[child.number] ?? []).sorted { $0.seed < $1.seed }.map(\.accuracy))
        }
        let means = points.map(\.mean)
        let first = points.map { $0.full[0] }
        let macs = points.map { Double($0.macs) }
        full = Row("full training", first, against: points.map { $0.full.last ?? 0 }, macs: macs, seed: seed)
        spread = Spread(points.map(\.full))
        full.pays(scratch.trials.filter { $0.proposal.again != nil })
        if configuration.fullSeeds < 2 { (full.tau, full.low, full.high, full.partialTau) = (nil, nil, nil, nil) }
        rows = []
        for kind in EvaluatorSettings.Kind.builtIn {
            guard let history = studies[kind] else { continue }
            let found = Dictionary(
                history.children.map { ($0.connectivity, $0.accuracy) }, uniquingKeysWith: { first, _ in first })
            let values = try points.map { point in
                guard let value = found[point.connectivity] else {
                    throw SearchError("the study of \(kind.rawValue) lacks a connectivity of the others")
                }
                return value
            }
            var row = Row(kind.rawValue, values, against: means, macs: macs, seed: seed)
            row.pays(history.trials.filter { $0.proposal.again == nil && $0.proposal.repeatOf == nil })
            row.imagesBefore = history.configuration.imagesBefore ?? 0
            row.secondsBefore = before[kind] ?? 0
            rows.append(row)
        }
        rows.append(Row("MACs alone", macs, against: means, macs: macs, seed: seed))
    }
}

/// Everything needed to repeat a calibration: its run's `config.json`.
public struct CalibrationConfiguration: Codable, Sendable, Hashable {
    /// The kind of run.
    public var kind = "calibration"
    /// The search whose children are compared, each trained from scratch.
    public var search: SearchConfiguration
    /// Epochs of a full training, and of the dense network that children inherit from.
    public var fullEpochs: Int
    /// Fresh seeds each connectivity is trained in full with.
    public var fullSeeds: Int
    /// Epochs of the shared weights.
    public var sharedEpochs: Int

    /// A calibration on the children of a search.
    public init(_ search: SearchConfiguration, fullEpochs: Int, fullSeeds: Int, sharedEpochs: Int) {
        self.search = search
        self.fullEpochs = fullEpochs
        self.fullSeeds = fullSeeds
        self.sharedEpochs = sharedEpochs
    }

    /// The first difference that makes two calibrations different ones.
    func difference(from stored: CalibrationConfiguration) -> String? {
        let pairs: [(String, Int, Int)] = [
            ("--children", search.children, stored.search.children), ("--full-epochs", fullEpochs, stored.fullEpochs),
            ("--full-seeds", fullSeeds, stored.fullSeeds), ("--shared-epochs", sharedEpochs, stored.sharedEpochs),
        ]
        return search.difference(from: stored.search)
            ?? pairs.first { $0.1 != $0.2 }.map { "\($0.0) is \($0.2) there and \($0.1) here" }
    }
}
