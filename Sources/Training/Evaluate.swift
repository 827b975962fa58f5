import DenseNetModel
import Foundation
import ImageData
import Runs
import Torch

/// How well a network does on images.
public struct Evaluation: Hashable, Sendable {
    /// Share of images whose class has the largest logit, 0 to 1.
    public var accuracy: Double
    /// Mean cross entropy.
    public var loss: Double
    /// Images evaluated.
    public var count: Int
    /// What was taken for what.
    public var confusion: ConfusionMatrix
    /// Images a second.
    public var imagesPerSecond: Double

    /// An evaluation from its parts.
    public init(accuracy: Double, loss: Double, count: Int, confusion: ConfusionMatrix, imagesPerSecond: Double) {
        self.accuracy = accuracy
        self.loss = loss
        self.count = count
        self.confusion = confusion
        self.imagesPerSecond = imagesPerSecond
    }
}

extension DenseNet {
    /// Evaluates the network on the images at `indices`, with running statistics.
    /// - Parameter noting: receives each image's index and the class it was taken for.
    /// - Throws: `Interrupted` when the user stops it.
    public func evaluate(
        _ maker: BatchMaker, _ indices: [Int], batchSize: Int = 250, noting: (Int, Int) -> Void = { _, _ in }
    ) throws -> Evaluation {
        let started = ContinuousClock.now
        defer { PartTimes.note(.validation, since: started) }
        var guessed: [(Int, Int)] = []
        var (loss, correct, seconds) = (0.0, 0, 0.0)
        try maker.each(chunks(of: indices, batchSize)) { chosen, batch in
            try Interruption.check("interrupted while evaluating; nothing was changed")
            let (images, labels) = (try batch.images.to(type, on: device), try batch.labels.to(on: device))
            let began = ContinuousClock.now
            let (guesses, sum) = try withoutGrad {
                let logits = try self(images, training: false)
                return (try logits.argmax(dim: 1).ints(), try logits.crossEntropy(labels, sum: true).item())
            }
            seconds += (ContinuousClock.now - began).seconds
            loss += sum
            for (index, guess) in zip(chosen, guesses) {
                let label = Int(maker.set.labels[index])
                guessed.append((label, Int(guess)))
                if label == Int(guess) { correct += 1 }
                noting(index, Int(guess))
            }
        }
        let count = max(1, indices.count)
        return Evaluation(
            accuracy: Double(correct) / Double(count), loss: loss / Double(count), count: indices.count,
            confusion: ConfusionMatrix(classes: network.architecture.classes, of: guessed),
            imagesPerSecond: Double(indices.count) / max(seconds, 1e-9))
    }

    /// The logits of the images at `indices`, with running statistics: `[N, classes]` in row-major order.
    /// - Throws: `Interrupted` when the user stops it.
    public func logits(_ maker: BatchMaker, _ indices: [Int], batchSize: Int = 250) throws -> [Float] {
        var logits: [Float] = []
        try maker.each(chunks(of: indices, batchSize)) { _, batch in
            try Interruption.check("interrupted while evaluating; nothing was changed")
            logits += try withoutGrad { try self(batch.images.to(type, on: device), training: false).floats() }
        }
        return logits
    }

    /// Recomputes BN's running statistics as the average over the given batches, after weights were changed or taken
    /// from another network: what a few training steps leave there would favour dense networks.
    /// - Parameter batches: so many were averaged before; with these the average goes on.
    public func recomputeNormStatistics(
        _ maker: BatchMaker, _ indices: [Int], batchSize: Int, after batches: Int = 0
    ) throws {
        let (before, own, started) = (normMomentum, dropout, ContinuousClock.now)
        // Statistics are of what the network computes when it is used, and nothing is drawn for them.
        dropout = 0
        defer {
            (normMomentum, dropout) = (before, own)
            PartTimes.note(.statistics, since: started)
        }
        try withoutGrad {
            var averaged = batches
            // A last image by itself is left out: BN has no variance of it.
            try maker.each(chunks(of: indices, batchSize).filter { $0.startIndex < indices.count - 1 }) { _, batch in
                averaged += 1
                normMomentum = 1 / Double(averaged)
                _ = try self(batch.images.to(type, on: device), training: true)
            }
        }
    }
}

/// Indices in order, so many at a time; the last may be fewer.
private func chunks(of indices: [Int], _ count: Int) -> [ArraySlice<Int>] {
    stride(from: 0, to: indices.count, by: count).map { indices[$0..<min($0 + count, indices.count)] }
}
