import ConnectivitySearch
import Evaluation
import Foundation

extension Calibration {
    /// A column of the comparison.
    struct Column {
        /// What stands above it.
        let head: String
        /// What stands in an evaluator's line.
        let value: (Row) -> String

        init(_ head: String, _ value: @escaping (Row) -> String) { (self.head, self.value) = (head, value) }
    }

    /// The columns of the comparison.
    var columns: [Column] {
        var all = [
            Column("evaluator") { $0.name },
            Column(bands == nil ? "Kendall's tau" : "tau within bands") { Self.tau($0.tau) },
            Column("95% interval") { Self.interval($0.low, $0.high) },
        ]
        for (index, band) in (bands ?? []).enumerated() {
            all.append(
                Column("at \(Self.share(band))") { row in
                    guard let taus = row.tauByBand, taus.indices.contains(index) else { return "" }
                    return Self.tau(taus[index])
                })
        }
        if configuration.fullSeeds > 1 {
            all.append(Column("by each seed") { ($0.tauBySeed ?? []).map(Self.tau).joined(separator: ", ") })
        }
        all.append(Column("given the MACs") { row in row.partialTau.map { fixed($0, 2) } ?? "" })
        all.append(Column("seconds a child") { fixed($0.secondsPerChild, 1) })
        all.append(Column("images a child") { fixed($0.imagesPerChild, 0) })
        all.append(Column("seconds before") { fixed($0.secondsBefore, 0) })
        return all
    }

    /// The cells of the comparison, a line for each evaluator, and one for full training where it has more than one
    /// seed.
    var cells: [[String]] {
        var all = rows
        if configuration.fullSeeds > 1 {
            var full = full
            full.name = "\(configuration.fullTraining), one seed by another"
            all.append(full)
        }
        let columns = columns
        return all.map { row in columns.map { $0.value(row) } }
    }

    /// The lines of the masked scores with several numbers of images, heads first; none where they were not computed.
    var readingLines: [[String]] {
        guard let readings else { return [] }
        let heads = [
            "images for statistics", "validation images", "tau by accuracy", "95% interval", "tau by loss",
            "95% interval", "seconds a child",
        ]
        let lines = readings.map { reading -> [String] in
            let (accuracy, loss) = (reading.byAccuracy, reading.byLoss)
            return [
                grouped(reading.statisticsImages), grouped(reading.validationImages), Self.tau(accuracy.tau),
                Self.interval(accuracy.low, accuracy.high), Self.tau(loss.tau), Self.interval(loss.low, loss.high),
                fixed(reading.secondsPerChild, 2),
            ]
        }
        return [heads] + lines
    }

    /// The comparison as tables of text.
    public var table: String {
        var lines = Self.aligned([columns.map(\.head)] + cells) + [summary]
        if let bandSummary { lines.append(bandSummary) }
        if let noise { lines.append(noise) }
        if let failures { lines.append(failures) }
        if !readingLines.isEmpty { lines += ["", "masked, by numbers of images:"] + Self.aligned(readingLines) }
        return lines.joined(separator: "\n")
    }

    private static func aligned(_ lines: [[String]]) -> [String] {
        let columns = lines.first?.indices ?? 0..<0
        let widths = columns.map { column in lines.map { $0[column].count }.max() ?? 0 }
        return lines.map { line in
            line.indices.map { column in
                let space = String(repeating: " ", count: widths[column] - line[column].count)
                return column == 0 ? line[column] + space : space + line[column]
            }.joined(separator: "  ")
        }
    }

    private static func tau(_ value: Double?) -> String { value.map { fixed($0, 2) } ?? "none" }

    private static func interval(_ low: Double?, _ high: Double?) -> String {
        low.flatMap { low in high.map { "\(fixed(low, 2)) to \(fixed($0, 2))" } } ?? ""
    }

    private static func share(_ band: Band) -> String { String(format: "%g", band.share * 100) + "%" }

    private var summary: String {
        let macs = points.map(\.macs)
        let range = "\(points.count) connectivities, \(grouped(macs.min() ?? 0)) to \(grouped(macs.max() ?? 0)) MACs"
        let trained = "\(plural(configuration.fullEpochs, "epoch")), \(plural(configuration.fullSeeds, "seed"))"
        return "\(range); \(configuration.fullTraining): \(trained), \(fixed(full.secondsPerChild, 1)) seconds each"
    }

    /// What is in the bands, where there are such.
    var bandSummary: String? {
        bands.map { bands in
            let each = bands.map { band -> String in
                let range = band.low.flatMap { low in band.high.map { ", \(grouped(low)) to \(grouped($0)) MACs" } }
                return "\(band.points) at \(Self.share(band))\(range ?? "")"
            }
            return "compared within bands of equal cost alone: \(each.joined(separator: "; "))"
        }
    }

    /// How many connectivities are not compared.
    var failures: String? {
        failed.map {
            "left out: \($0) \($0 == 1 ? "connectivity" : "connectivities") of which a full training or an evaluation failed"
        }
    }

    /// How large differences between connectivities are beside those between seeds.
    var noise: String? {
        spread.map { spread in
            let nothing =
                spread.connectivities == 0
                ? ": no more than seeds explain; these trainings cannot tell which is better" : ""
            let which = bands == nil ? "connectivities" : "connectivities of one band"
            return
                "full trainings of one connectivity deviate by \(fixed(spread.seeds * 100, 2)) points between seeds; \(which) deviate by \(fixed(spread.connectivities * 100, 2)) points beyond that\(nothing)"
        }
    }
}
