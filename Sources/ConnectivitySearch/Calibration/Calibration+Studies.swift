import DenseNetArchitecture
import Evaluation
import Strategies
import Studies

extension Calibration {
    /// Joins the studies of a calibration.
    /// - Parameters:
    ///   - before: seconds before the first child, by evaluator.
    ///   - scores: masked scores with several numbers of images, the same numbers for each connectivity.
    init(
        _ configuration: CalibrationConfiguration, _ studies: [EvaluatorSettings.Kind: StudyHistory],
        secondsBefore before: [EvaluatorSettings.Kind: Double], scores: [Connectivity: [ImageScore]] = [:]
    ) throws {
        guard let truth = studies[configuration.truth] else {
            throw SearchError("the calibration has no \(configuration.fullTraining)")
        }
        let limits = try configuration.bandLimits()
        let failures = Set(truth.trials.filter { $0.state == .failed }.compactMap(\.proposal.again))
        let unevaluated = Self.unevaluated(studies)
        let points = try Self.points(configuration, truth, limits, without: failures, unevaluated)
        let comparison = Comparison(points, bands: limits?.count, seed: configuration.search.seed)
        self.configuration = configuration
        self.points = points
        let lost = truth.children.count {
            $0.repeatOf == nil && (failures.contains($0.number) || unevaluated.contains($0.connectivity))
        }
        failed = lost == 0 ? nil : lost
        bands = Self.bands(configuration, points, limits)
        full = comparison.seedBySeed(configuration.fullTraining)
        full.pays(truth.trials.filter { $0.proposal.again != nil })
        if configuration.fullSeeds < 2 {
            (full.tau, full.low, full.high, full.partialTau, full.tauByBand) = (nil, nil, nil, nil, nil)
        }
        spread = comparison.spread
        rows = []
        for kind in EvaluatorSettings.Kind.builtIn {
            guard let history = studies[kind] else { continue }
            let children = try Self.children(history, at: points, kind)
            for reward in EvaluatorSettings.Reward.allCases {
                var row =
                    reward == .loss
                    ? comparison.row("\(kind.rawValue) by loss", children.map { -$0.loss })
                    : comparison.row(kind.rawValue, children.map(\.accuracy))
                // Absent is accuracy, as in calibrations of older versions.
                if reward == .loss { row.reward = .loss }
                row.pays(history.trials.filter { $0.proposal.again == nil && $0.proposal.repeatOf == nil })
                row.imagesBefore = history.configuration.imagesBefore ?? 0
                row.secondsBefore = before[kind] ?? 0
                rows.append(row)
            }
        }
        rows.append(comparison.costs("MACs alone"))
        readings = Self.readings(points.map { scores[$0.connectivity] ?? [] }, comparison)
    }

    /// What some evaluator could not evaluate: by its order chance would have a place.
    private static func unevaluated(_ studies: [EvaluatorSettings.Kind: StudyHistory]) -> Set<Connectivity> {
        studies.values.reduce(into: []) { found, history in
            let children = Dictionary(grouping: history.children.filter { $0.repeatOf == nil }, by: \.connectivity)
            for (connectivity, own) in children where own.allSatisfy({ $0.state == .failed }) {
                found.insert(connectivity)
            }
        }
    }

    /// The connectivities that were trained in full, and evaluated by each evaluator.
    /// - Parameters:
    ///   - failures: the children whose full training failed.
    ///   - unevaluated: what an evaluator failed with.
    private static func points(
        _ configuration: CalibrationConfiguration, _ truth: StudyHistory, _ limits: [Int]?,
        without failures: Set<Int>, _ unevaluated: Set<Connectivity>
    ) throws -> [Point] {
        let again = Dictionary(grouping: truth.reevaluations, by: \.child)
        let trained = truth.children.filter {
            $0.repeatOf == nil && again[$0.number]?.count == configuration.fullSeeds && !failures.contains($0.number)
        }
        let children = trained.filter { !unevaluated.contains($0.connectivity) }
        guard children.count > 1 else {
            let count = failures.count + trained.count - children.count
            let failed = count == 0 ? "" : " and \(count) failed"
            throw SearchError(
                "\(children.count) connectivities were trained in full\(failed); at least 2 are needed to compare")
        }
        return children.map { child in
            let trainings = (again[child.number] ?? []).sorted { $0.seed < $1.seed }
            return Point(
                connectivity: child.connectivity, macs: child.macs, full: trainings.map(\.accuracy),
                losses: trainings.map(\.loss),
                // What was drawn below its band's floor, as no sum of costs ends there, lies in a cheaper band.
                band: limits.map { limits in limits.firstIndex { child.macs <= $0 } ?? limits.count - 1 })
        }
    }

    private static func bands(
        _ configuration: CalibrationConfiguration, _ points: [Point], _ limits: [Int]?
    ) -> [Band]? {
        guard let limits, let shares = configuration.bands else { return nil }
        return zip(shares, limits).enumerated().map { index, band in
            let macs = points.filter { $0.band == index }.map(\.macs)
            return Band(share: band.0, limit: band.1, points: macs.count, low: macs.min(), high: macs.max())
        }
    }

    /// The children of a study that have the points' connectivities, in the points' order.
    private static func children(
        _ history: StudyHistory, at points: [Point], _ kind: EvaluatorSettings.Kind
    ) throws -> [Child] {
        // One that failed may have been evaluated when it came again.
        let found = Dictionary(
            history.children.filter { $0.state != .failed }.map { ($0.connectivity, $0) },
            uniquingKeysWith: { first, _ in first })
        return try points.map { point in
            guard let child = found[point.connectivity] else {
                throw SearchError("the study of \(kind.rawValue) lacks a connectivity of the others")
            }
            return child
        }
    }

    /// What each number of images is worth; `nil` where not every point has a score with each.
    private static func readings(_ scores: [[ImageScore]], _ comparison: Comparison) -> [Reading]? {
        guard let grid = scores.first, !grid.isEmpty, scores.allSatisfy({ $0.count == grid.count }) else { return nil }
        return grid.indices.map { place in
            let own = scores.map { $0[place] }
            return Reading(
                statisticsImages: grid[place].statisticsImages, validationImages: grid[place].validationImages,
                secondsPerChild: own.reduce(0) { $0 + $1.seconds } / Double(own.count),
                byAccuracy: comparison.agreement(own.map(\.accuracy)),
                byLoss: comparison.agreement(own.map { -$0.loss }))
        }
    }
}
