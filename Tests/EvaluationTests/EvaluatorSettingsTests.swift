import Testing

@testable import Evaluation
@testable import Strategies

/// What numbers an evaluator takes, without a search around them.
@Suite struct EvaluatorSettingsTests {
    private typealias Change = (inout EvaluatorSettings) -> Void
    private static let other = EvaluatorSettings.Kind(rawValue: "other")

    private func settings(_ kind: EvaluatorSettings.Kind, _ change: Change) -> EvaluatorSettings {
        var settings = EvaluatorSettings(kind)
        change(&settings)
        return settings
    }

    /// The one-cycle recipe, at a quarter of its rate where weights are inherited.
    @Test func whatIsNotAskedFor() throws {
        let rates: [(EvaluatorSettings.Kind, Double)] = [
            (.scratch, 0.1), (.inherit, 0.025), (.masked, 0.025), (.shared, 0.1), (Self.other, 0.1),
        ]
        for (kind, rate) in rates {
            let settings = EvaluatorSettings(kind)
            #expect(settings.kind == kind && settings.learningRate == rate)
            #expect(settings.epochs == 1 && settings.batchSize == 64 && settings.normBatches == 8)
            #expect(settings.halving == nil && settings.sharedEpochs == (kind == .shared ? 8 : nil))
            #expect(settings.scoreImages == (kind == .masked ? 300 : nil))
            #expect(settings.scoreBatches == (kind == .masked ? 2 : nil))
            try settings.validate()
        }
    }

    /// One evaluation, a longer one behind it with halving, and one of no length where nothing is trained.
    @Test func lengths() {
        #expect(settings(.scratch, { _ in }).lengths == [1])
        #expect(settings(.scratch, { $0.epochs = 0.5 }).lengths == [1])
        #expect(settings(.scratch, { $0.halving = 2.5 }).lengths == [1, 2.5])
        #expect(settings(.inherit, { _ in }).lengths == [1])
        #expect(settings(.inherit, { $0.epochs = 0 }).lengths == [0])
        #expect(settings(.masked, { $0.epochs = 3 }).lengths == [0])
        #expect(settings(.masked, { $0.halving = 4 }).lengths == [0, 1])
        #expect(settings(.shared, { _ in }).lengths == [0])
        #expect(settings(.shared, { $0.epochs = 3 }).lengths == [0])
        #expect(settings(Self.other, { _ in }).lengths == [1])
    }

    @Test func theLastThatIsTaken() {
        let most = 1_000_000
        let taken: [(EvaluatorSettings.Kind, Change)] = [
            (.scratch, { $0.epochs = 1e-9 }), (.scratch, { $0.epochs = 1e6 }), (.inherit, { $0.epochs = 0 }),
            (Self.other, { $0.epochs = 0 }), (.shared, { $0.epochs = 0.5 }), (.scratch, { $0.batchSize = 2 }),
            (.scratch, { $0.batchSize = most }), (.scratch, { $0.normBatches = 1 }),
            (.scratch, { $0.normBatches = most }), (.scratch, { $0.learningRate = 1e-9 }),
            (.scratch, { $0.learningRate = 1e9 }), (.scratch, { $0.halving = 1.001 }),
            (.scratch, { $0.halving = 1e6 }), (.inherit, { ($0.halving, $0.epochs) = (2, 0.5) }),
            (.shared, { $0.sharedEpochs = 1 }), (.shared, { $0.sharedEpochs = most }),
            (.shared, { $0.sharedEpochs = nil }), (.masked, { $0.scoreImages = 1 }),
            (.masked, { $0.scoreImages = 1_000_000_000_000 }), (.masked, { $0.scoreImages = nil }),
            (.masked, { $0.scoreBatches = 1 }), (.masked, { $0.scoreBatches = most }),
            (.masked, { $0.scoreBatches = nil }),
        ]
        for (index, (kind, change)) in taken.enumerated() {
            #expect(throws: Never.self, "change \(index)") { try settings(kind, change).validate() }
        }
    }

    @Test func theFirstThatIsNot() {
        let least = "epochs a child; it must be over 0, or 0 with inherited weights"
        let refused: [(String, EvaluatorSettings.Kind, Change)] = [
            ("0.0 \(least)", .scratch, { $0.epochs = 0 }), ("0.0 \(least)", .shared, { $0.epochs = 0 }),
            ("-1.0 \(least)", .scratch, { $0.epochs = -1 }), ("-1.0 \(least)", .inherit, { $0.epochs = -1 }),
            ("-1.0 \(least)", .shared, { $0.epochs = -1 }), ("nan \(least)", .inherit, { $0.epochs = .nan }),
            ("1000001.0 epochs a child; up to 1000000 are possible", .scratch, { $0.epochs = 1_000_001 }),
            ("batch size 1; 2 images, which BN needs, to 1000000 are possible", .scratch, { $0.batchSize = 1 }),
            (
                "batch size 1000001; 2 images, which BN needs, to 1000000 are possible", .scratch,
                { $0.batchSize = 1_000_001 }
            ),
            ("0 batches for BN's statistics; 1 to 1000000 are possible", .scratch, { $0.normBatches = 0 }),
            (
                "1000001 batches for BN's statistics; 1 to 1000000 are possible", .scratch,
                { $0.normBatches = 1_000_001 }
            ),
            ("learning rate 0.0; it must be over 0", .scratch, { $0.learningRate = 0 }),
            ("learning rate -1.0; it must be over 0", .scratch, { $0.learningRate = -1 }),
            ("learning rate inf; it must be over 0", .scratch, { $0.learningRate = .infinity }),
            ("learning rate nan; it must be over 0", .scratch, { $0.learningRate = .nan }),
            ("0 epochs of shared weights; 1 to 1000000 are possible", .shared, { $0.sharedEpochs = 0 }),
            ("1000001 epochs of shared weights; 1 to 1000000 are possible", .shared, { $0.sharedEpochs = 1_000_001 }),
            ("halving by 1.0; it must be over 1, up to 1000000", .scratch, { $0.halving = 1 }),
            ("halving by 0.5; it must be over 1, up to 1000000", .scratch, { $0.halving = 0.5 }),
            ("halving by 1000001.0; it must be over 1, up to 1000000", .scratch, { $0.halving = 1_000_001 }),
            (
                "halving of children that are not trained; give them --child-epochs over 0", .inherit,
                { ($0.epochs, $0.halving) = (0, 2) }
            ),
            (
                "--halving with shared weights; children that are not trained cannot be trained longer", .shared,
                { $0.halving = 2 }
            ),
            ("0 images to score on; 1 at least are needed", .masked, { $0.scoreImages = 0 }),
            (
                "1000000000001 images to score on; 1 at least are needed", .masked,
                { $0.scoreImages = 1_000_000_000_001 }
            ),
            ("--score-images is for --evaluator masked", .inherit, { $0.scoreImages = 300 }),
            ("0 batches for a score's statistics; 1 to 1000000 are possible", .masked, { $0.scoreBatches = 0 }),
            (
                "1000001 batches for a score's statistics; 1 to 1000000 are possible", .masked,
                { $0.scoreBatches = 1_000_001 }
            ),
        ]
        for (sentence, kind, change) in refused {
            #expect(throws: SearchError(sentence)) { try settings(kind, change).validate() }
        }
    }
}
