/// What the orders of a calibration are compared with: its points' full trainings, within bands where there are such.
struct Comparison {
    /// Accuracies of each point, a seed each.
    private let full: [[Double]]
    private let means: [Double]
    private let macs: [Double]
    /// The band of each point, and how many bands there are.
    private let bands: [Int]?
    private let bandCount: Int
    private let seed: UInt64

    /// - Parameters:
    ///   - bands: how many there are; none without it.
    ///   - seed: decides what intervals are drawn from.
    init(_ points: [Calibration.Point], bands count: Int?, seed: UInt64) {
        full = points.map(\.full)
        means = points.map(\.mean)
        macs = points.map { Double($0.macs) }
        bands = count == nil ? nil : points.map { $0.band ?? 0 }
        bandCount = count ?? 0
        self.seed = seed
    }

    /// An order of the points, against the means of their full trainings.
    func row(_ name: String, _ values: [Double]) -> Calibration.Row {
        var found = row(name, values, against: means)
        let seeds = full.first?.count ?? 0
        if seeds > 1 {
            found.tauBySeed = (0..<seeds).map { seed in
                RankCorrelation.kendall(values, full.map { $0[seed] }, within: bands)
            }
        }
        return found
    }

    /// The MACs as an order.
    func costs(_ name: String) -> Calibration.Row { row(name, macs) }

    /// The first seed of full training against the last.
    func seedBySeed(_ name: String) -> Calibration.Row {
        row(name, full.map { $0.first ?? 0 }, against: full.map { $0.last ?? 0 })
    }

    /// How well values order the points.
    func agreement(_ values: [Double]) -> Calibration.Agreement {
        let interval = RankCorrelation.interval(values, means, within: bands, seed: seed)
        return Calibration.Agreement(
            tau: RankCorrelation.kendall(values, means, within: bands), low: interval?.lowerBound,
            high: interval?.upperBound)
    }

    /// Where the differences of full trainings come from.
    var spread: Calibration.Spread? { Calibration.Spread(full, within: bands) }

    private func row(_ name: String, _ values: [Double], against truth: [Double]) -> Calibration.Row {
        var found = Calibration.Row(name, values, against: truth, macs: macs, within: bands, seed: seed)
        guard let bands else { return found }
        found.tauByBand = (0..<bandCount).map { band in
            let members = bands.indices.filter { bands[$0] == band }
            return RankCorrelation.kendall(members.map { values[$0] }, members.map { truth[$0] })
        }
        return found
    }
}
