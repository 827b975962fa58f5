import DenseNetArchitecture
import DenseNetModel
import ImageData
import TestSupport
import Testing
import Torch

@testable import Training

@Suite(.oneThread) struct EvaluateTests {
    private let maker = BatchMaker(tinyData.train, Normalization(of: tinyData.train, indices: Array(0..<200)))

    private func network() throws -> DenseNet {
        let network = try Network(
            Architecture(
                blocks: [2, 2], growthRate: 4, bottleneck: false, compression: 1, stem: .init(.cifar, channels: 4),
                imageSize: 8, classes: 3))
        return try DenseNet(network, generator: Generator(seed: 4), initialization: .fanIn)
    }

    /// Against the logits of all images at once, whatever they are cut into.
    @Test func anEvaluationIsTheMeanOverItsImages() throws {
        let net = try network()
        let before = try net.tensors.map { try $0.tensor.floats() }
        let indices = (0..<47).map { 4 * $0 }
        let batch = try maker.batch(indices[...])
        let logits = try withoutGrad { try net(batch.images, training: false) }
        let (rows, loss) = (try logits.doubles(), try logits.crossEntropy(batch.labels).item())
        var confusion = [[Int]](repeating: [0, 0, 0], count: 3)
        for (n, index) in indices.enumerated() {
            let row = Array(rows[3 * n..<3 * n + 3])
            let largest = row.indices.max { row[$0] < row[$1] }
            confusion[Int(tinyData.train.labels[index])][try #require(largest)] += 1
        }
        let correct = (0..<3).reduce(0) { $0 + confusion[$1][$1] }
        for size in [250, 47, 20, 1] {
            let found = try net.evaluate(maker, indices, batchSize: size)
            #expect(found.confusion.rows == confusion && found.count == 47)
            #expect(found.accuracy == Double(correct) / 47 && abs(found.loss - loss) < 1e-4)
            // No processor takes less than a nanosecond for an image.
            #expect(found.imagesPerSecond > 0 && found.imagesPerSecond < 1e9)
        }
        #expect(try net.tensors.map { try $0.tensor.floats() } == before)
    }

    /// The logits are those of all images at once, in order, whatever they are cut into.
    @Test func logitsOfImages() throws {
        let net = try network()
        let indices = (0..<47).map { 4 * $0 }
        let expected = try withoutGrad {
            try net(maker.batch(indices[...]).images, training: false).doubles()
        }
        for size in [250, 20] {
            let found = try net.logits(maker, indices, batchSize: size)
            #expect(found.count == 3 * 47 && relativeError(found.map { Double($0) }, expected) < 1e-4)
        }
        #expect(try net.logits(maker, []).isEmpty)
    }

    @Test func oneImageAndNone() throws {
        let net = try network()
        for index in [5, 6, 7] {
            let batch = try maker.batch([index])
            let loss = try withoutGrad { try net(batch.images, training: false).crossEntropy(batch.labels).item() }
            let one = try net.evaluate(maker, [index])
            #expect(one.count == 1 && abs(one.loss - loss) < 1e-4)
            let right = (0..<3).reduce(0) { $0 + one.confusion.rows[$1][$1] }
            #expect(one.accuracy == Double(right) && one.confusion.images.reduce(0, +) == 1)
        }
        let none = try net.evaluate(maker, [])
        #expect(none.count == 0 && none.accuracy == 0 && none.loss == 0 && none.imagesPerSecond == 0)
    }

    /// Each batch counts the same, the last one too, though it is not full; one image left over has no statistics.
    @Test func theLastBatchOfNormStatistics() throws {
        func running(_ count: Int) throws -> [Double] {
            let net = try network()
            try net.recomputeNormStatistics(maker, Array(0..<count), batchSize: 40)
            return try #require(net.state["features.denseblock1.denselayer1.norm1.running_mean"]).doubles()
        }
        func stem(_ range: Range<Int>) throws -> [Double] {
            let net = try network()
            let weight = try #require(net.state["features.conv0.weight"])
            let images = try maker.batch(Array(range)[...]).images
            return try withoutGrad { try images.conv2d(weight, padding: 1).mean([0, 2, 3]).doubles() }
        }
        let (first, rest) = (try stem(0..<40), try stem(40..<42))
        let both = zip(first, rest).map { ($0 + $1) / 2 }
        for (count, expected) in [(40, first), (41, first), (42, both)] {
            let error = relativeError(try running(count), expected)
            #expect(error < 1e-5, "\(count) images")
        }
        #expect(relativeError(first, both) > 1e-3)
    }

    /// Statistics are of the network as it is used: nothing is dropped for them, and dropping goes on after them.
    @Test func normStatisticsDropNothing() throws {
        let (plain, dropping) = (try network(), try network())
        dropping.dropout = 0.5
        for net in [plain, dropping] { try net.recomputeNormStatistics(maker, Array(0..<80), batchSize: 40) }
        for ((name, one), (_, other)) in zip(plain.tensors, dropping.tensors) {
            #expect(try one.floats() == other.floats(), "\(name)")
        }
        #expect(dropping.dropout == 0.5)
    }

    /// An average that goes on is the average of all.
    @Test func normStatisticsGoOn() throws {
        let (whole, parts, anew) = (try network(), try network(), try network())
        try whole.recomputeNormStatistics(maker, Array(0..<120), batchSize: 40)
        try parts.recomputeNormStatistics(maker, Array(0..<80), batchSize: 40)
        _ = try parts.logits(maker, [3])
        try parts.recomputeNormStatistics(maker, Array(80..<120), batchSize: 40, after: 2)
        try anew.recomputeNormStatistics(maker, Array(80..<120), batchSize: 40)
        #expect(parts.normMomentum == 0.1)
        var largest = 0.0
        for (index, (name, tensor)) in whole.tensors.enumerated() {
            let (all, other) = (try tensor.doubles(), try parts.tensors[index].tensor.doubles())
            #expect(relativeError(other, all) < 1e-5, "\(name)")
            largest = max(largest, relativeError(try anew.tensors[index].tensor.doubles(), all))
        }
        #expect(largest > 1e-3)
    }

    @Test func durationsInSeconds() {
        #expect(Duration.seconds(3).seconds == 3 && Duration.seconds(-2).seconds == -2)
        #expect(abs(Duration.milliseconds(1500).seconds - 1.5) < 1e-12)
        #expect(abs(Duration.nanoseconds(250).seconds - 2.5e-7) < 1e-18)
    }
}
