/// The numbers of images that masked scores are read with, to see what more of them are worth and what they take; ours.
package struct ImageGrid: Sendable, Hashable {
    /// Training images that BN statistics are recomputed over, ascending, in whole batches: as many as a search takes,
    /// 4 and 16 times as many, as far as there are so many.
    package let statistics: [Int]
    /// Validation images, ascending: a sixteenth of them, an eighth, a quarter, half of them and all.
    package let validation: [Int]

    /// A grid for so many images to train and to validate on.
    package init(train: Int, validation: Int, _ settings: EvaluatorSettings) {
        let least = settings.scoreBatches ?? settings.normBatches
        let batches = [least, 4 * least, 16 * least]
        statistics = Self.ascending(batches.map { min(train, $0 * settings.batchSize) })
        self.validation = Self.ascending([16, 8, 4, 2, 1].map { validation / $0 })
    }

    private static func ascending(_ numbers: [Int]) -> [Int] { Set(numbers.filter { $0 > 0 }).sorted() }

    /// Whether scores are those of this grid, in order, and such as there can be.
    package func fits(_ scores: [ImageScore]) -> Bool {
        let places = statistics.flatMap { count in validation.map { (statistics: count, validation: $0) } }
        return scores.count == places.count
            && zip(scores, places).allSatisfy { score, place in
                score.statisticsImages == place.statistics && score.validationImages == place.validation
                    && score.isPossible
            }
    }
}

/// A masked child's score with so many images.
package struct ImageScore: Codable, Sendable, Hashable {
    /// Training images that BN statistics were recomputed over.
    package var statisticsImages: Int
    /// Validation images that were scored.
    package var validationImages: Int
    /// Accuracy on them, 0 to 1.
    package var accuracy: Double
    /// Mean cross entropy on them.
    package var loss: Double
    /// Seconds such a score takes, of validation its share.
    package var seconds: Double

    /// A score.
    package init(statisticsImages: Int, validationImages: Int, accuracy: Double, loss: Double, seconds: Double) {
        (self.statisticsImages, self.validationImages) = (statisticsImages, validationImages)
        (self.accuracy, self.loss, self.seconds) = (accuracy, loss, seconds)
    }

    /// Whether there can be such numbers.
    var isPossible: Bool {
        0...1 ~= accuracy && loss >= 0 && loss.isFinite && seconds >= 0 && seconds.isFinite
    }
}
