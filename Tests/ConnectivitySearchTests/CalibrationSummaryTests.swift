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
        _ number: Int, _ key: Int, _ accuracy: Double, loss: Double = 1, macs: Int? = nil, seconds: Double = 2,
        images: Int = 50, repeatOf: Int? = nil, again: Int? = nil, seed: UInt64 = 9
    ) -> Trial {
        let matrix = (0..<4).map { row in (0...row).map { $0 == row || key >> $0 & 1 == 1 } }
        var trial = Trial(
            number: number,
            proposal: Proposal(
                update: again == nil ? 1 : 0, position: number, connectivity: Connectivity(blocks: [matrix]),
                macs: macs ?? 100 * key, parameters: 1, connections: 1, seed: seed, repeatOf: repeatOf, again: again))
        (trial.state, trial.isHeld) = (.complete, false)
        trial.curve = [
            CurvePoint(length: 1, images: images, accuracy: accuracy, loss: loss, seconds: seconds, worker: "w")
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
            trial(1, 3, 0.3, loss: 0.9, seconds: 1, images: 0), trial(2, 1, 0.2, loss: 0.7, seconds: 3, images: 0),
            trial(3, 2, 0.1, loss: 0.2, seconds: 5, images: 0), trial(4, 1, 0.99, seconds: 50, images: 7, repeatOf: 2),
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

        #expect(
            found.rows.map(\.name) == ["scratch", "scratch by loss", "shared", "shared by loss", "MACs alone"])
        #expect(found.rows.map(\.reward) == [nil, .loss, nil, .loss, nil])
        let (own, other, macs) = (found.rows[0], found.rows[2], found.rows[4])
        #expect(own.values == [0.5, 0.7, 0.6] && own.tau == 1 && own.tauBySeed == [1, 1])
        // Losses that are all alike tell nothing; the price is the same.
        let alike = found.rows[1]
        #expect(alike.values == [-1, -1, -1] && alike.tau == nil && alike.tauBySeed == [nil, nil])
        #expect(alike.secondsPerChild == own.secondsPerChild && alike.imagesPerChild == own.imagesPerChild)
        // The lower the loss, the better.
        let byLoss = found.rows[3]
        #expect(byLoss.values == [-0.7, -0.2, -0.9] && byLoss.tau == 1.0 / 3)
        #expect(byLoss.secondsPerChild == 3 && byLoss.secondsBefore == 33 && byLoss.imagesBefore == 900)
        #expect(found.points.map(\.losses) == [[1, 1], [1, 1], [1, 1]])
        #expect(found.bands == nil && own.tauByBand == nil && found.points.allSatisfy { $0.band == nil })
        #expect(found.readings == nil && found.full.tauBySeed == nil)
        // (1 − 1/9) / (8/9).
        #expect(abs((own.partialTau ?? 0) - 1) < 1e-12)
        // Four children that were paid for.
        #expect(own.secondsPerChild == 5 && own.imagesPerChild == 65)
        #expect(own.secondsBefore == 0 && own.imagesBefore == 0)
        // A repeat changes nothing.
        #expect(other.values == [0.2, 0.1, 0.3] && other.tau == -1.0 / 3)
        #expect(other.tauBySeed == [-1.0 / 3, -1.0 / 3])
        #expect(other.secondsPerChild == 3 && other.imagesPerChild == 0)
        #expect(other.secondsBefore == 33 && other.imagesBefore == 900)
        #expect(macs.values == [100, 200, 300] && macs.tau == 1.0 / 3 && macs.partialTau == nil)
        #expect(macs.secondsPerChild == 0 && macs.imagesPerChild == 0)
        #expect(macs.secondsBefore == 0 && macs.imagesBefore == 0)
    }

    /// A full training that failed orders nothing, and chance in its place would: its connectivity is left out, and
    /// counted.
    @Test func failedFullTrainingsAreLeftOut() throws {
        let c = try configuration(fullSeeds: 2)
        func calibration(failing numbers: Set<Int>) throws -> Calibration {
            let trials = scratch.map { trial in
                var trial = trial
                if numbers.contains(trial.number) {
                    (trial.state, trial.failure, trial.curve) = (.failed, "diverged", [])
                }
                return trial
            }
            return try Calibration(c, [.scratch: StudyHistory(c.search, trials, [])], secondsBefore: [:])
        }
        let whole = try calibration(failing: [])
        #expect(whole.failed == nil && whole.points.count == 3)
        // The second seed of the third connectivity, then both.
        for numbers in [[11], [10, 11]] as [Set<Int>] {
            let found = try calibration(failing: numbers)
            #expect(found.failed == 1 && found.points.map(\.macs) == [100, 200])
            #expect(found.points.map(\.full) == [[0.65, 0.55], [0.8, 0.9]] && found.rows[0].values == [0.5, 0.7])
            #expect(found.full.values == [0.65, 0.8])
            let spread = try #require(found.spread)
            #expect(abs(spread.seeds - 0.005.squareRoot()) < 1e-12)
        }
        let sentence = "1 connectivities were trained in full and 2 failed; at least 2 are needed to compare"
        #expect(throws: SearchError(sentence)) { _ = try calibration(failing: [7, 11]) }
    }

    @Test func oneSeedTellsNothingOfSeeds() throws {
        let c = try configuration(fullSeeds: 1)
        let trials = [
            trial(1, 1, 0.5), trial(2, 2, 0.7), trial(3, 1, 0.4, again: 1), trial(4, 2, 0.6, again: 2),
        ]
        let found = try Calibration(c, [.scratch: StudyHistory(c.search, trials, [])], secondsBefore: [:])
        #expect(found.spread == nil && found.full.tau == nil && found.full.partialTau == nil)
        #expect(found.full.low == nil && found.full.high == nil && found.full.values == [0.4, 0.6])
        #expect(found.rows.allSatisfy { $0.tauBySeed == nil })
        #expect(found.rows[0].tau == 1 && found.rows[0].low == 1 && found.rows[0].high == 1)
    }

    /// Two bands of 60% and 90% of 166,464 MACs: what differs between them explains nothing.
    @Test func bandsAreComparedWithin() throws {
        var c = try configuration(fullSeeds: 2)
        c.bands = [0.6, 0.9]
        #expect(try c.bandLimits() == [99_878, 149_817])
        // Key, MACs, the short score, two full trainings.
        let children: [(key: Int, macs: Int, score: Double, full: [Double])] = [
            (1, 99_800, 0.1, [0.50, 0.50]), (2, 149_800, 0.8, [0.90, 0.90]), (3, 99_878, 0.3, [0.60, 0.60]),
            (4, 149_817, 0.9, [0.84, 0.84]), (5, 99_700, 0.2, [0.54, 0.58]),
        ]
        var trials = children.enumerated().map { index, child in
            trial(index + 1, child.key, child.score, loss: 1 - child.score, macs: child.macs)
        }
        for (index, child) in children.enumerated() {
            for (seed, accuracy) in child.full.enumerated() {
                trials.append(
                    trial(
                        trials.count + 1, child.key, accuracy, macs: child.macs, again: index + 1,
                        seed: UInt64(seed + 10)))
            }
        }
        let found = try Calibration(c, [.scratch: StudyHistory(c.search, trials, [])], secondsBefore: [:])
        #expect(found.points.map(\.band) == [0, 1, 0, 1, 0])
        let bands = [
            Calibration.Band(share: 0.6, limit: 99_878, points: 3, low: 99_700, high: 99_878),
            Calibration.Band(share: 0.9, limit: 149_817, points: 2, low: 149_800, high: 149_817),
        ]
        #expect(found.bands == bands)
        // Three pairs agree and one does not; of all ten pairs nine would.
        let (own, byLoss, macs) = (found.rows[0], found.rows[1], found.rows[2])
        #expect(own.tau == 0.5 && own.tauByBand == [1, -1] && own.tauBySeed == [0.5, 0.5])
        #expect(byLoss.tau == 0.5 && byLoss.tauByBand == [1, -1])
        #expect((own.low ?? 2) <= 0.5 && (own.high ?? -2) >= 0.5)
        // The cheap band's MACs agree in two of three pairs, those of the dear one disagree.
        #expect(macs.tau == 0 && macs.tauByBand == [1.0 / 3, -1])
        #expect(found.full.tau == 1 && found.full.tauByBand == [1, 1])
        // Between seeds 2 · 0.02² over 5; between means 0.0152 / 3 and 0.0018 over 3, less half of that.
        let spread = try #require(found.spread)
        #expect(abs(spread.seeds - (0.0008 / 5).squareRoot()) < 1e-12)
        let between = (0.0152 / 3 + 0.0018) / 3
        #expect(abs(spread.connectivities - (between - 0.00008).squareRoot()) < 1e-12)
    }

    /// Scores with fewer images are compared as evaluators are.
    @Test func readingsAreCompared() throws {
        let c = try configuration(fullSeeds: 2)
        func connectivity(_ key: Int) -> Connectivity { trial(1, key, 0).proposal.connectivity }
        func scores(_ accuracies: [Double], _ losses: [Double], _ seconds: [Double]) -> [ImageScore] {
            zip(accuracies, zip(losses, seconds)).enumerated().map { place, values in
                ImageScore(
                    statisticsImages: 64, validationImages: [10, 20][place], accuracy: values.0, loss: values.1.0,
                    seconds: values.1.1)
            }
        }
        var known = [
            connectivity(1): scores([0.1, 0.1], [3, 3], [1, 4]),
            connectivity(2): scores([0.2, 0.3], [2, 3], [2, 4]),
            connectivity(3): scores([0.3, 0.2], [1, 3], [3, 7]),
        ]
        let study = StudyHistory(c.search, scratch, [])
        let found = try Calibration(c, [.scratch: study], secondsBefore: [:], scores: known)
        let readings = try #require(found.readings)
        #expect(readings.map(\.statisticsImages) == [64, 64] && readings.map(\.validationImages) == [10, 20])
        #expect(readings.map(\.secondsPerChild) == [2, 5])
        // The truth orders 1, 3, 2.
        #expect(readings.map(\.byAccuracy.tau) == [1.0 / 3, 1] && readings.map(\.byLoss.tau) == [1.0 / 3, nil])
        #expect(readings[1].byAccuracy.low == 1 && readings[1].byAccuracy.high == 1)
        #expect(readings[1].byLoss.low == nil && readings[0].byLoss.low != nil)
        // Where one was not scored nothing is said.
        known[connectivity(3)] = nil
        #expect(try Calibration(c, [.scratch: study], secondsBefore: [:], scores: known).readings == nil)
    }

    /// Chance has no place in an evaluator's order.
    @Test func evaluationsThatFailed() throws {
        let c = try configuration(fullSeeds: 2)
        var failing = [trial(1, 1, 0.2), trial(2, 3, 0.3), trial(3, 2, 0.1), trial(4, 3, 0.4), trial(5, 4, 0.1)]
        (failing[1].state, failing[1].failure) = (.failed, "diverged")
        let truth = StudyHistory(c.search, scratch, [])
        func found() throws -> Calibration {
            try Calibration(
                c, [.scratch: truth, .masked: StudyHistory(c.search, failing, [])], secondsBefore: [:])
        }
        // It was evaluated when it came again.
        #expect(try found().failed == nil && found().rows.first { $0.name == "masked" }?.values == [0.2, 0.1, 0.4])
        (failing[3].state, failing[3].failure) = (.failed, "diverged, too")
        #expect(try found().failed == 1 && found().points.map(\.macs) == [100, 200])
        (failing[2].state, failing[2].failure) = (.failed, "diverged")
        #expect(
            throws: SearchError("1 connectivities were trained in full and 2 failed; at least 2 are needed to compare")
        ) {
            try found()
        }
    }

    @Test func studiesThatCannotBeCompared() throws {
        let c = try configuration(fullSeeds: 1)
        func refused(_ sentence: String, _ studies: [EvaluatorSettings.Kind: StudyHistory]) {
            #expect(throws: SearchError(sentence)) { _ = try Calibration(c, studies, secondsBefore: [:]) }
        }
        refused("the calibration has no full training", [:])
        var given = c
        given.dense = "dense"
        #expect(throws: SearchError("the calibration has no longer tuning")) {
            _ = try Calibration(given, [:], secondsBefore: [:])
        }
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
        // Within two bands 8 each over 2; what lies between the bands is left out.
        let rows: [[Double]] = [[0, 0], [100, 100], [4, 4], [104, 104]]
        let bands = try #require(Calibration.Spread(rows, within: [0, 1, 0, 1]))
        #expect(bands.seeds == 0 && bands.connectivities == 8.0.squareRoot())
        #expect(Calibration.Spread([[0, 1], [2, 3]], within: [0, 1]) == nil)
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
        #expect(
            difference { ($0.dense, $0.denseDigest) = ("x", "abc") }
                == "the given dense network is none there and abc here")
        #expect(difference { $0.dense = "moved" } == nil)
        #expect(difference { $0.bands = [0.6, 0.9] } == "--bands is not set there and [0.6, 0.9] here")
        #expect(difference { ($0.search.seed, $0.fullSeeds) = (8, 1) } == "the seed is 9 there and 8 here")
    }
}
