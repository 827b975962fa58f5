extension Calibration {
    /// Where the differences of full trainings come from (one-way analysis of variance), as deviations of an accuracy
    /// of 0 to 1.
    public struct Spread: Codable, Sendable, Hashable {
        /// Between seeds of one connectivity.
        public var seeds: Double
        /// Between connectivities, of one band where there are bands, the seeds' part taken off; 0 where there is no
        /// more than seeds explain: then such trainings cannot tell which is better, whatever searches.
        public var connectivities: Double

        /// - Parameters:
        ///   - values: accuracies, a row per connectivity, a column per seed.
        ///   - bands: the band of each connectivity; one band without it.
        init?(_ values: [[Double]], within bands: [Int]? = nil) {
            let groups = RankCorrelation.strata(bands, values.count)
            let freedom = values.count - groups.count
            guard let seeds = values.first?.count, seeds > 1, freedom > 0, values.allSatisfy({ $0.count == seeds })
            else { return nil }
            func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }
            func squares(_ values: [Double]) -> Double {
                values.reduce(0) { $0 + ($1 - mean(values)) * ($1 - mean(values)) }
            }
            let within = values.reduce(0) { $0 + squares($1) } / Double(values.count * (seeds - 1))
            let means = values.map(mean)
            let between = groups.reduce(0) { sum, group in sum + squares(group.map { means[$0] }) } / Double(freedom)
            self.seeds = within.squareRoot()
            connectivities = max(0, between - within / Double(seeds)).squareRoot()
        }
    }
}
