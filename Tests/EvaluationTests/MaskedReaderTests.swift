import DenseNetArchitecture
import DenseNetModel
import Foundation
import TestSupport
import Testing
import Torch

@testable import Evaluation

/// Scores with several numbers of images at the price of one: each is what a search with these numbers would say.
@Suite(.serialized, .oneThread) struct MaskedReaderTests {
    /// An untrained network whose children take so many batches of 18 for their statistics.
    private func made(batches: Int) throws -> TrainedDense {
        let plan = try brightPlan(.masked)
        var settings = plan.settings
        (settings.scoreBatches, settings.scoreImages) = (batches, nil)
        let net = try DenseNet(
            Network(plan.space.architecture), generator: Generator(seed: 7), initialization: .fanIn)
        return TrainedDense(
            net, ChildData(brightData, seed: 5, limitTrain: nil, limitValidation: nil), settings)
    }

    @Test func aScoreIsThatOfASearchWithTheseNumbers() throws {
        let dense = try made(batches: 1)
        let before = try dense.network.tensors.map { try $0.tensor.floats() }
        let reader = MaskedReader(dense)
        #expect(reader.grid.statistics == [18, 72, 108] && reader.grid.validation == [1, 3, 6, 12])
        let chain = Connectivity(
            try ConnectivityPatterns.parse("nearest"), for: dense.network.network.architecture)
        let scores = try reader.scores(chain)
        #expect(scores.count == 12 && reader.grid.fits(scores))
        for (place, score) in scores.enumerated() {
            let (batches, limit) = ([1, 4, 16][place / 4], [1, 3, 6, 12][place % 4])
            #expect(score.statisticsImages == min(108, 18 * batches) && score.validationImages == limit)
            var settings = dense.settings
            (settings.scoreBatches, settings.scoreImages) = (batches, limit)
            let masked = MaskedEvaluator(TrainedDense(dense.network, dense.data, settings))
            let expected = try masked.evaluate(chain, seed: 1, length: 0)
            #expect(
                score.accuracy == expected.accuracy && abs(score.loss - expected.loss) < 1e-5,
                "\(batches) batches, \(limit) images")
        }
        // Both numbers of images matter.
        #expect(Set(scores.map(\.loss)).count == 12)
        // Of validation the share: three times the images, three times what the first of them takes.
        for start in [0, 4, 8] {
            let seconds = scores[start..<start + 4].map(\.seconds)
            let each = seconds[1] - seconds[0]
            #expect(seconds[0] > 0 && each > 0)
            #expect(abs(seconds[3] - seconds[0] - 5.5 * each) < 1e-9)
        }
        #expect(try dense.network.tensors.map { try $0.tensor.floats() } == before)
        // The same again, and another for another child.
        let again = try reader.scores(chain)
        #expect(again.map(\.loss) == scores.map(\.loss) && again.map(\.accuracy) == scores.map(\.accuracy))
        let whole = try reader.scores(.dense(dense.network.network.architecture))
        #expect(whole.map(\.loss) != scores.map(\.loss))
    }

    @Test func judgementsByHand() {
        func judged(_ logits: [Float], _ label: Int) -> MaskedReader.Judgement {
            // A slice does not begin at 0.
            MaskedReader.Judgement(([9, 9] + logits)[2...], label: label)
        }
        let even = judged([0, 0], 0)
        #expect(even.isRight && abs(even.loss - log(2)) < 1e-12 && !judged([0, 0], 1).isRight)
        #expect(judged([1000, 0], 0).loss == 0 && judged([1000, 0], 1).loss == 1000)
        #expect(judged([-1000, -1001, -1000], 1).loss > 1 && !judged([-1000, -1001, -1000], 1).isRight)
        let third = judged([0, Float(log(2.0)), 0], 1)
        #expect(third.isRight && abs(third.loss - log(2)) < 1e-6)

        let score = MaskedReader.score([even, judged([1000, 0], 1)], classes: 2)
        #expect(score.accuracy == 0.5 && abs(score.loss - (1000 + log(2)) / 2) < 1e-9)
        // As a child that failed.
        let none = MaskedReader.score([even, judged([.nan, 0], 0)], classes: 5)
        #expect(none.accuracy == 0.2 && none.loss == log(5))
        let infinite = MaskedReader.score([judged([.infinity, 0], 0)], classes: 4)
        #expect(infinite.accuracy == 0.25 && infinite.loss == log(4))
    }

    @Test func numbersOfImages() {
        var settings = EvaluatorSettings(.masked)
        let cifar = ImageGrid(train: 45_000, validation: 5000, settings)
        #expect(cifar.statistics == [128, 512, 2048] && cifar.validation == [312, 625, 1250, 2500, 5000])
        // Few images, and few batches.
        (settings.batchSize, settings.scoreBatches) = (32, 1)
        let few = ImageGrid(train: 100, validation: 1, settings)
        #expect(few.statistics == [32, 100] && few.validation == [1])
        #expect(ImageGrid(train: 20, validation: 2, settings).statistics == [20])
        #expect(ImageGrid(train: 20, validation: 2, settings).validation == [1, 2])
    }

    /// What a file holds is taken only where it is this grid's and possible.
    @Test func scoresThatFit() {
        var settings = EvaluatorSettings(.masked)
        (settings.batchSize, settings.scoreBatches) = (32, 1)
        let grid = ImageGrid(train: 40, validation: 2, settings)
        let good = [(32, 1), (32, 2), (40, 1), (40, 2)].map {
            ImageScore(statisticsImages: $0.0, validationImages: $0.1, accuracy: 0.5, loss: 1, seconds: 1)
        }
        #expect(grid.fits(good))
        #expect(!grid.fits([]) && !grid.fits(Array(good.dropLast())) && !grid.fits(good.reversed()))
        #expect(!grid.fits(good + good.prefix(1)))
        let changes: [(inout ImageScore) -> Void] = [
            { $0.accuracy = 1.01 }, { $0.accuracy = -0.01 }, { $0.accuracy = .nan }, { $0.loss = -1 },
            { $0.loss = .nan }, { $0.loss = .infinity }, { $0.seconds = -1 }, { $0.seconds = .infinity },
            { $0.statisticsImages = 33 }, { $0.validationImages = 3 },
        ]
        for (index, change) in changes.enumerated() {
            var other = good
            change(&other[3])
            #expect(!grid.fits(other), "change \(index)")
        }
    }
}
