import DenseNetArchitecture
import Foundation
import ImageData
import Runs
import StudySQLite
import TestSupport
import Testing
import Torch
import Training

@testable import ConnectivitySearch
@testable import Evaluation
@testable import Strategies

@Suite(.serialized) struct CalibrationTests {
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
        #expect(found.rows.map(\.name) == ["scratch", "inherit", "shared", "MACs alone"])
        #expect(found.rows.map(\.imagesPerChild) == [64, 64, 0, 0] && found.full.imagesPerChild == 192)
        #expect(found.rows.map(\.imagesBefore) == [0, 192, 128, 0])
        #expect(found.rows[3].values == found.points.map { Double($0.macs) })
        for row in found.rows { #expect(row.tau == RankCorrelation.kendall(row.values, found.points.map(\.mean))) }
        for (kind, row) in zip(["scratch", "inherit", "shared"], found.rows) {
            let history = try StudyHistory(SQLiteStudy(path: folder("c/\(kind)/study.sqlite")))
            #expect(history.children.map(\.connectivity) == found.points.map(\.connectivity))
            #expect(history.children.map(\.accuracy) == row.values)
        }
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
    }
}
