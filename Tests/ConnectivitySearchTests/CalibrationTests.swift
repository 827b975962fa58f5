import DenseNetArchitecture
import Foundation
import ImageData
import Randomness
import Runs
import StudySQLite
import TestSupport
import Testing
import Torch
import Training

@testable import ConnectivitySearch
@testable import Evaluation
@testable import Strategies

@Suite(.serialized, .oneThread) struct CalibrationTests {
    /// By hand, and the example of SciPy's documentation of kendalltau.
    @Test func kendallByHand() {
        #expect(RankCorrelation.kendall([1, 2, 3, 4], [10, 20, 30, 40]) == 1)
        #expect(RankCorrelation.kendall([1, 2, 3, 4], [4, 3, 2, 1]) == -1)
        // One of six pairs is the other way round.
        #expect(RankCorrelation.kendall([1, 2, 3, 4], [1, 3, 2, 4]) == 4.0 / 6)
        #expect(abs((RankCorrelation.kendall([12, 2, 1, 12, 2], [1, 4, 7, 1, 0]) ?? 0) + 0.471404520791) < 1e-11)
        // Both follow c but for one pair each: 2/3 with c and 1/3 with one another, less than that makes likely.
        let partial = RankCorrelation.partial([1, 3, 2, 4], [2, 1, 3, 4], given: [1, 2, 3, 4])
        #expect(abs((partial ?? 0) - (1.0 / 3 - 4.0 / 9) / (5.0 / 9)) < 1e-12)
        #expect(RankCorrelation.partial([1, 2, 3, 4], [2, 1, 3, 4], given: [1, 2, 3, 4]) == nil)
        #expect(RankCorrelation.kendall([1, 1, 1], [1, 2, 3]) == nil)
        #expect(RankCorrelation.kendall([], []) == nil)
    }

    @Test func intervalsHoldTheValueAndShrink() throws {
        func interval(_ count: Int) throws -> ClosedRange<Double> {
            let a = (0..<count).map { Double($0) }
            let b = a.map { $0 + 6 * sin($0 * 12.9898) }
            let range = try #require(RankCorrelation.interval(a, b, seed: 1))
            #expect(range == RankCorrelation.interval(a, b, seed: 1))
            let tau = try #require(RankCorrelation.kendall(a, b))
            #expect(range.contains(tau))
            return range
        }
        let (few, many) = (try interval(8), try interval(60))
        #expect(many.upperBound - many.lowerBound < few.upperBound - few.lowerBound)
    }

    /// By hand: rows of means 1, 2, 6 whose columns lie 1 apart from them.
    @Test func whereDifferencesComeFrom() throws {
        let spread = try #require(Calibration.Spread([[0, 2], [1, 3], [5, 7]]))
        #expect(spread.seeds == 2.0.squareRoot() && abs(spread.connectivities - (7.0 - 1).squareRoot()) < 1e-12)
        #expect(Calibration.Spread([[0, 2], [1, 1], [2, 0]])?.connectivities == 0)
        #expect(Calibration.Spread([[1], [2]]) == nil && Calibration.Spread([[1, 2]]) == nil)
    }

    @Test func aCalibrationComparesTheSameConnectivities() throws {
        let folder = TemporaryFolder()
        let shapes = try DataSources.load("shapes")
        let a = try Architecture(
            blocks: [3, 2], growthRate: 4, bottleneck: false, compression: 1, stem: .init(.cifar, channels: 4))
        var settings = EvaluatorSettings(.scratch)
        settings.batchSize = 32
        var c = SearchConfiguration(
            strategy: "spread", architecture: a, data: DataIdentity(shapes, folder: nil), seed: 5, children: 4,
            evaluator: settings,
            machine: .current(device: .cpu, kernels: .automatic))
        c.childThreads = 1
        (c.limitTrain, c.limitValidation) = (64, 60)
        let configuration = CalibrationConfiguration(c, fullEpochs: 3, fullSeeds: 2, sharedEpochs: 2)
        let run = CalibrationRun(configuration, shapes, folder: RunFolder(folder("c")))
        let found = try run.run(resume: false)
        #expect(found.points.count == 4 && found.points.allSatisfy { $0.full.count == 2 })
        let kinds = ["scratch", "inherit", "masked", "shared"]
        #expect(found.rows.map(\.name) == kinds.flatMap { [$0, "\($0) by loss"] } + ["MACs alone"])
        #expect(
            found.rows.map(\.imagesPerChild) == [64, 64, 64, 64, 0, 0, 0, 0, 0] && found.full.imagesPerChild == 192)
        #expect(found.rows.map(\.imagesBefore) == [0, 0, 192, 192, 192, 192, 128, 128, 0])
        let before = found.rows.map(\.secondsBefore)
        #expect(before[2] > 0 && before[2] == before[4] && before[6] > 0 && before[0] == 0 && before[8] == 0)
        #expect(found.rows[8].values == found.points.map { Double($0.macs) })
        for row in found.rows { #expect(row.tau == RankCorrelation.kendall(row.values, found.points.map(\.mean))) }
        for (index, kind) in kinds.enumerated() {
            let history = try StudyHistory(SQLiteStudy(path: folder("c/\(kind)/study.sqlite")))
            #expect(history.children.map(\.connectivity) == found.points.map(\.connectivity))
            #expect(history.children.map(\.accuracy) == found.rows[2 * index].values)
            #expect(history.children.map { -$0.loss } == found.rows[2 * index + 1].values)
        }
        // All 64 images make the statistics of 8 batches, too: the last reading is the masked row.
        let readings = try #require(found.readings)
        #expect(readings.map(\.statisticsImages) == [64, 64, 64, 64, 64])
        #expect(readings.map(\.validationImages) == [3, 7, 15, 30, 60])
        #expect(readings[4].byAccuracy.tau == found.rows[4].tau && readings[4].byAccuracy.low == found.rows[4].low)
        #expect(readings[4].byLoss.tau == found.rows[5].tau && readings[4].byLoss.high == found.rows[5].high)
        // The file holds all of it.
        let stored = try RunFolder.decode(Calibration.self, folder("c/calibration.json"))
        let encoder = RunFolder.encoder(pretty: false)
        #expect(try encoder.encode(stored) == encoder.encode(found) && stored.rows.contains { $0.partialTau != nil })
        // Again, from what is there; and a different one is refused.
        let again = try run.run(resume: true)
        #expect(
            again.rows.map(\.values) == found.rows.map(\.values)
                && again.full.secondsPerChild == found.full.secondsPerChild)
        let other = CalibrationConfiguration(c, fullEpochs: 2, fullSeeds: 2, sharedEpochs: 2)
        let error = #expect(throws: SearchError.self) {
            try CalibrationRun(other, shapes, folder: RunFolder(folder("c"))).run(resume: true)
        }
        #expect(
            error?.description.hasPrefix(
                "\(folder("c")) holds another calibration: --full-epochs is 3 there and 2 here; ") == true)
        // The dense network's training is taken up where it was left: at its end.
        try FileManager.default.removeItem(atPath: folder("c/dense/result.json"))
        let resumed = try run.run(resume: true)
        #expect(resumed.rows.map(\.values) == found.rows.map(\.values))
        #expect(resumed.rows.map(\.secondsBefore) == found.rows.map(\.secondsBefore))
        try scoresAreKept(run, found)
        try olderVersionsAreRead(folder("c/calibration.json"))
    }

    /// A child's scores with several numbers of images are computed once, and again where their line is damaged.
    private func scoresAreKept(_ run: CalibrationRun, _ found: Calibration) throws {
        let file = run.folder.path + "/readings.jsonl"
        let lines = try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n")
        #expect(lines.count == 4)
        // The second is cut off, the third of other numbers of images; the last is not there yet.
        let damaged = [
            lines[0], lines[1].prefix(40), lines[2].replacing("_images\":64", with: "_images\":63"),
        ]
        try damaged.joined(separator: "\n").write(toFile: file, atomically: true, encoding: .utf8)
        var notes: [String] = []
        var again = run
        again.observer = { _ in { if case .note(let text) = $0 { notes.append(text) } } }
        let resumed = try again.run(resume: true)
        #expect(notes == (2...4).map { "child \($0)/4 scored with 5 numbers of images" })
        let after = try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n")
        #expect(after.count == 6 && after[0] == lines[0])
        for (mine, other) in zip(resumed.readings ?? [], found.readings ?? []) {
            #expect(mine.byAccuracy.tau == other.byAccuracy.tau && mine.byLoss.tau == other.byLoss.tau)
        }
        #expect(resumed.readings?.count == 5)
    }

    /// A calibration as versions wrote it that knew neither masked children nor losses nor bands.
    private func olderVersionsAreRead(_ path: String) throws {
        let file = try Data(contentsOf: URL(fileURLWithPath: path))
        var json = try #require(JSONSerialization.jsonObject(with: file) as? [String: Any])
        json["readings"] = nil
        let rows = try #require(json["rows"] as? [[String: Any]]).filter { row in
            row["reward"] == nil && row["name"] as? String != "masked"
        }
        json["rows"] = rows.map { $0.filter { $0.key != "tau_by_seed" } }
        json["points"] = try #require(json["points"] as? [[String: Any]]).map { $0.filter { $0.key != "losses" } }
        let older = TemporaryFolder()
        try JSONSerialization.data(withJSONObject: json).write(to: URL(fileURLWithPath: older("calibration.json")))
        let read = try RunFolder.decode(Calibration.self, older("calibration.json"))
        #expect(read.rows.map(\.name) == ["scratch", "inherit", "shared", "MACs alone"] && read.points.count == 4)
        #expect(read.readings == nil && read.bands == nil && read.configuration.dense == nil)
    }

    /// With a dense network that is given the truth is a longer tuning, by two seeds of its own.
    @Test func aGivenDenseNetworkIsTunedLonger() throws {
        let folder = TemporaryFolder()
        let shapes = try DataSources.load("shapes")
        let a = try Architecture(
            blocks: [3, 2], growthRate: 4, bottleneck: false, compression: 1, stem: .init(.cifar, channels: 4))
        var settings = EvaluatorSettings(.scratch)
        settings.batchSize = 32
        var c = SearchConfiguration(
            strategy: "spread", architecture: a, data: DataIdentity(shapes, folder: nil), seed: 5, children: 3,
            evaluator: settings, machine: .current(device: .cpu, kernels: .automatic))
        (c.childThreads, c.limitTrain, c.limitValidation) = (1, 64, 60)
        let dense = RunFolder(folder("dense"))
        func train(_ run: RunFolder, epochs: Int) throws -> TrainingResult {
            let configuration = c.evaluation.training("dense", epochs: epochs)
            let trainer = Trainer(configuration, try Network(a), shapes, folder: run)
            try trainer.start(resume: false)
            return try trainer.run(resume: false)
        }
        let trained = try train(dense, epochs: 2)
        var configuration = CalibrationConfiguration(c, fullEpochs: 3, fullSeeds: 2, sharedEpochs: 2)
        (configuration.dense, configuration.denseDigest) = (dense.absolutePath, try TrainedDense.digest(dense))
        var run = CalibrationRun(configuration, shapes, folder: RunFolder(folder("c")))
        var titles: [String] = []
        run.observer = { title in
            titles.append(title)
            return { _ in }
        }
        let found = try run.run(resume: false)
        #expect(titles.count == run.steps && titles[0].hasSuffix("each child tuned longer: 2 × 3 epochs"))
        #expect(found.full.name == "longer tuning" && found.full.imagesPerChild == 192)
        #expect(
            found.rows.map(\.name) == ["inherit", "inherit by loss", "masked", "masked by loss", "MACs alone"])
        #expect(found.rows.map(\.imagesPerChild) == [64, 64, 0, 0, 0])
        #expect(found.rows.map(\.imagesBefore) == [128, 128, 128, 128, 0])
        #expect(found.rows.map(\.secondsBefore) == [Double](repeating: trained.seconds, count: 4) + [0])
        #expect(!FileManager.default.fileExists(atPath: folder("c/dense")))
        // By the evaluators themselves.
        let plan = try run.study(.inherit).evaluation
        let inherit = try InheritEvaluator(EvaluationContext(plan, shapes, folder: RunFolder(folder("x"))))
        let masked = try MaskedEvaluator(
            EvaluationContext(run.study(.masked).evaluation, shapes, folder: RunFolder(folder("x"))))
        let seeds = (0..<2).map { SeededGenerator(seed: 5, stream: 0x2E, UInt64($0)).state }.sorted()
        for (index, point) in found.points.enumerated() {
            let long = try seeds.map { try inherit.evaluate(point.connectivity, seed: $0, length: 3) }
            #expect(long.map(\.accuracy) == point.full && long.map(\.loss) == point.losses)
            let short = try inherit.evaluate(point.connectivity, seed: 5, length: 1)
            #expect(short.accuracy == found.rows[0].values[index] && -short.loss == found.rows[1].values[index])
            let score = try masked.evaluate(point.connectivity, seed: 5, length: 0)
            #expect(score.accuracy == found.rows[2].values[index] && -score.loss == found.rows[3].values[index])
        }
        // Weights may come from elsewhere, without a result; other weights are another calibration's.
        try FileManager.default.removeItem(atPath: dense.result)
        let unknown = try run.run(resume: true)
        #expect(unknown.rows.allSatisfy { $0.secondsBefore == 0 })
        let other = RunFolder(folder("other"))
        _ = try train(other, epochs: 1)
        try FileManager.default.removeItem(atPath: dense.weights)
        try FileManager.default.copyItem(atPath: other.weights, toPath: dense.weights)
        let changed = "the weights of \(dense.absolutePath) have changed since the search was started"
        #expect(throws: SearchError(changed)) { _ = try run.run(resume: true) }
    }
}
