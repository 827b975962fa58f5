import DenseNetArchitecture
import DenseNetModel
import Foundation
import ImageData
import Training

/// Scores masked children with every number of images of a grid at about the price of its largest: statistics go on
/// from the smaller number to the larger, images are validated once for each of these, and fewer of them are a part of
/// all.
///
/// A score is what `MaskedEvaluator` gives with so many batches and that limit.
package struct MaskedReader {
    /// The numbers of images.
    package let grid: ImageGrid
    private let dense: TrainedDense
    /// For each number of validation images their places among all.
    private let places: [[Int]]

    /// A reader of the children of a search's dense network.
    /// - Throws: as masked children do.
    package init(_ context: EvaluationContext) throws {
        self.init(try TrainedDense(of: context, for: "masked children need"))
    }

    init(_ dense: TrainedDense) {
        let data = dense.data
        self.dense = dense
        grid = ImageGrid(train: data.train.count, validation: data.validation.count, dense.settings)
        places = grid.validation.map { data.validationPlaces(limit: $0) }
    }

    /// A child's scores, by number of images for statistics, then by number of validation images.
    /// - Throws: `Interrupted`; what the machine's failures throw.
    package func scores(_ connectivity: Connectivity) throws -> [ImageScore] {
        let (data, batchSize) = (dense.data, dense.settings.batchSize)
        let images = data.forNorm(grid.statistics.last ?? 0)
        var (scores, seen, seconds): ([ImageScore], Int, Double) = ([], 0, 0)
        var began = ContinuousClock.now
        let net = try dense.network.rebuilt(connectivity)
        for count in grid.statistics {
            try net.recomputeNormStatistics(
                data.maker, Array(images[seen..<count]), batchSize: batchSize, after: seen / batchSize)
            seen = count
            let prepared = ContinuousClock.now
            seconds += (prepared - began).seconds
            let judged = try judge(net)
            began = ContinuousClock.now
            let each = (began - prepared).seconds / Double(judged.count)
            scores += places.map { own in
                let score = Self.score(own.map { judged[$0] }, classes: net.network.architecture.classes)
                return ImageScore(
                    statisticsImages: count, validationImages: own.count, accuracy: score.accuracy, loss: score.loss,
                    seconds: seconds + each * Double(own.count))
            }
        }
        return scores
    }

    /// What became of each validation image.
    private func judge(_ net: DenseNet) throws -> [Judgement] {
        let (maker, images) = (dense.data.maker, dense.data.validation)
        let classes = net.network.architecture.classes
        let logits = try net.logits(maker, images)
        return images.indices.map { place in
            Judgement(
                logits[place * classes..<(place + 1) * classes], label: Int(maker.set.labels[images[place]]))
        }
    }

    /// Their means; chance where the logits are no numbers, as of a child that failed.
    static func score(_ judged: [Judgement], classes: Int) -> (accuracy: Double, loss: Double) {
        let count = Double(judged.count)
        let loss = judged.reduce(0) { $0 + $1.loss } / count
        guard loss.isFinite else { return (1 / Double(classes), log(Double(classes))) }
        return (Double(judged.count { $0.isRight }) / count, loss)
    }

    /// What became of an image.
    struct Judgement {
        /// Whether its class has the largest logit.
        let isRight: Bool
        /// Its cross entropy.
        let loss: Double

        /// - Parameter logits: one per class.
        init(_ logits: ArraySlice<Float>, label: Int) {
            let row = logits.map { Double($0) }
            let largest = row.max() ?? 0
            isRight = row.firstIndex(of: largest) == label
            // The largest is taken off, so that no power overflows.
            loss = largest - row[label] + log(row.reduce(0) { $0 + exp($1 - largest) })
        }
    }
}
