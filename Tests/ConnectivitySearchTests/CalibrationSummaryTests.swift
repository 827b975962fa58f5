import DenseNetArchitecture
import Evaluation
import Strategies
import Studies
import Testing

@testable import ConnectivitySearch

/// What a calibration makes of its studies, by hand.
@Suite struct CalibrationSummaryTests {
    private func configuration(fullSeeds: Int) throws -> CalibrationConfiguration {
        CalibrationConfiguration(
            try smallSearch("spread", children: 4), fullEpochs: 3, fullSeeds: fullSeeds, sharedEpochs: 2)
    }

    /// A finished trial; those of the same key have the same matrices.
    private func trial(
        _ number: Int, _ key: Int, _ accuracy: Double, seconds: Double = 2, images: Int = 50, repeatOf: Int? = nil,
        again: Int? = nil, seed: UInt64 = 9
    ) -> Trial {
        let matrix = (0..<4).map { row in (0...row).map { $0 == row || key >> $0 & 1 == 1 } }
        var trial = Trial(
            number: number,
            proposal: Proposal(
                update: again == nil ? 1 : 0, position: number, connectivity: Connectivity(blocks: [matrix]),
                macs: 100 * key, parameters: 1, connections: 1, seed: seed, repeatOf: repeatOf, again: again))
        (trial.state, trial.isHeld) = (.complete, false)
        trial.curve = [
            CurvePoint(length: 1, images: images, accuracy: accuracy, loss: 1, seconds: seconds, worker: "w")
        ]
        return trial
    }

    /// Three connectivities with two full trainings each, and a fourth whose second one is missing.
    private var scratch: [Trial] {
        [
            trial(1, 1, 0.5, seconds: 2, images: 50), trial(2, 2, 0.7, seconds: 4, images: 70),
            trial(3, 1, 0.5, seconds: 100, images: 1000, repeatOf: 1), trial(4, 3, 0.6, seconds: 6, images: 60),
            trial(5, 4, 0.9, seconds: 8, images: 80),
            trial(6, 1, 0.55, seconds: 10, images: 200, again: 1, seed: 20),
            trial(7, 1, 0.65, seconds: 10, images: 200, again: 1, seed: 10),
            trial(8, 2, 0.8, seconds: 10, images: 200, again: 2, seed: 10),
            trial(9, 2, 0.9, seconds: 10, images: 200, again: 2, seed: 20),
            trial(10, 3, 0.7, seconds: 10, images: 200, again: 4, seed: 10),
            trial(11, 3, 0.6, seconds: 10, images: 200, again: 4, seed: 20),
            trial(12, 4, 0.9, seconds: 17, images: 270, again: 5, seed: 10),
        ]
    }

    @Test func whatTheStudiesComeTo() throws {
        let c = try configuration(fullSeeds: 2)
        var shared = c.search
        shared.imagesBefore = 900
        let scores = [
            trial(1, 3, 0.3, seconds: 1, images: 0), trial(2, 1, 0.2, seconds: 3, images: 0),
            trial(3, 2, 0.1, seconds: 5, images: 0), trial(4, 1, 0.99, seconds: 50, images: 7, repeatOf: 2),
        ]
        let found = try Calibration(
            c, [.scratch: StudyHistory(c.search, scratch, []), .shared: StudyHistory(shared, scores, [])],
            secondsBefore: [.shared: 33])
        #expect(found.points.map(\.macs) == [100, 200, 300])
        // In the order of the seeds.
        #expect(found.points.map(\.full) == [[0.65, 0.55], [0.8, 0.9], [0.7, 0.6]])
        for (point, mean) in zip(found.points, [0.6, 0.85, 0.65]) { #expect(abs(point.mean - mean) < 1e-12) }

        // The first seeds by the last ones: the same order.
        #expect(found.full.name == "full training" && found.full.values == [0.65, 0.8, 0.7] && found.full.tau == 1)
        #expect(found.full.low != nil && found.full.high == 1)
        #expect(found.full.secondsPerChild == 77.0 / 7 && found.full.imagesPerChild == 1470.0 / 7)
        #expect(found.full.secondsBefore == 0 && found.full.imagesBefore == 0)
        // Squares within rows: 3 · 2 · 0.05² over 3; between means: 0.01 + 0.0225 + 0.0025 over 2.
        let spread = try #require(found.spread)
        #expect(abs(spread.seeds - 0.005.squareRoot()) < 1e-12)
        #expect(abs(spread.connectivities - (0.0175 - 0.0025).squareRoot()) < 1e-12)

        #expect(found.rows.map(\.name) == ["scratch", "shared", "MACs alone"])
        let (own, other, macs) = (found.rows[0], found.rows[1], found.rows[2])
        #expect(own.values == [0.5, 0.7, 0.6] && own.tau == 1)
        // (1 − 1/9) / (8/9).
        #expect(abs((own.partialTau ?? 0) - 1) < 1e-12)
        // Four children that were paid for.
        #expect(own.secondsPerChild == 5 && own.imagesPerChild == 65)
        #expect(own.secondsBefore == 0 && own.imagesBefore == 0)
        // A repeat changes nothing.
        #expect(other.values == [0.2, 0.1, 0.3] && other.tau == -1.0 / 3)
        #expect(other.secondsPerChild == 3 && other.imagesPerChild == 0)
        #expect(other.secondsBefore == 33 && other.imagesBefore == 900)
        #expect(macs.values == [100, 200, 300] && macs.tau == 1.0 / 3 && macs.partialTau == nil)
        #expect(macs.secondsPerChild == 0 && macs.imagesPerChild == 0)
        #expect(macs.secondsBefore == 0 && macs.imagesBefore == 0)
    }

    @Test func oneSeedTellsNothingOfSeeds() throws {
        let c = try configuration(fullSeeds: 1)
        let trials = [
            trial(1, 1, 0.5), trial(2, 2, 0.7), trial(3, 1, 0.4, again: 1), trial(4, 2, 0.6, again: 2),
        ]
        let found = try Calibration(c, [.scratch: StudyHistory(c.search, trials, [])], secondsBefore: [:])
        #expect(found.spread == nil && found.full.tau == nil && found.full.partialTau == nil)
        #expect(found.full.low == nil && found.full.high == nil && found.full.values == [0.4, 0.6])
        #expect(found.rows[0].tau == 1 && found.rows[0].low == 1 && found.rows[0].high == 1)
    }

    @Test func studiesThatCannotBeCompared() throws {
        let c = try configuration(fullSeeds: 1)
        func refused(_ sentence: String, _ studies: [EvaluatorSettings.Kind: StudyHistory]) {
            #expect(throws: SearchError(sentence)) { _ = try Calibration(c, studies, secondsBefore: [:]) }
        }
        refused("the calibration has no full training", [:])
        let one = [trial(1, 1, 0.5), trial(2, 1, 0.4, again: 1)]
        refused(
            "1 connectivities were trained in full; at least 2 are needed to compare",
            [.scratch: StudyHistory(c.search, one, [])])
        let two = [trial(1, 1, 0.5), trial(2, 2, 0.5), trial(3, 1, 0.4, again: 1), trial(4, 2, 0.4, again: 2)]
        refused(
            "the study of inherit lacks a connectivity of the others",
            [.scratch: StudyHistory(c.search, two, []), .inherit: StudyHistory(c.search, [trial(1, 1, 0.5)], [])])
    }

    @Test func pricesAreMeans() {
        var row = Calibration.Row("x", [1, 2], against: [1, 2], macs: [2, 1], seed: 0)
        #expect(row.secondsPerChild == 0 && row.imagesPerChild == 0 && row.secondsBefore == 0 && row.imagesBefore == 0)
        row.pays([trial(1, 1, 0.5, seconds: 3, images: 30)])
        #expect(row.secondsPerChild == 3 && row.imagesPerChild == 30)
        row.pays([])
        #expect(row.secondsPerChild == 0 && row.imagesPerChild == 0)
    }

    @Test func twoRowsHaveASpread() throws {
        // Within rows 2 each over 2, between means 0.5 over 1: no more than seeds explain.
        let spread = try #require(Calibration.Spread([[0, 2], [1, 3]]))
        #expect(spread.seeds == 2.0.squareRoot() && spread.connectivities == 0)
        #expect(Calibration.Spread([[0, 2], [1, 3, 5]]) == nil && Calibration.Spread([]) == nil)
        // Three columns: within 2 · 2 over 2 · 2, between 2 · 25 less a third of that.
        let three = try #require(Calibration.Spread([[-1, 0, 1], [9, 10, 11]]))
        #expect(three.seeds == 1 && abs(three.connectivities - (50 - 1.0 / 3).squareRoot()) < 1e-12)
    }

    @Test func differencesAreNamed() throws {
        let c = try configuration(fullSeeds: 2)
        #expect(c.difference(from: c) == nil)
        func difference(_ change: (inout CalibrationConfiguration) -> Void) -> String? {
            var other = c
            change(&other)
            return other.difference(from: c)
        }
        #expect(difference { $0.search.children = 5 } == "--children is 4 there and 5 here")
        #expect(difference { $0.fullEpochs = 4 } == "--full-epochs is 3 there and 4 here")
        #expect(difference { $0.fullSeeds = 1 } == "--full-seeds is 2 there and 1 here")
        #expect(difference { $0.sharedEpochs = 9 } == "--shared-epochs is 2 there and 9 here")
        #expect(difference { ($0.search.seed, $0.fullSeeds) = (8, 1) } == "the seed is 9 there and 8 here")
    }
}
