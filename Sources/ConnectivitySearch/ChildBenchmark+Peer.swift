import DenseNetArchitecture
import Evaluation
import Files
import Foundation
import ImageData
import Runs

// What the benchmark is of, and what a peer needs to do the same.
extension ChildBenchmark {
    /// As many images to train and validate on as CIFAR has, in its shape and of as many classes, in memory: the
    /// generated ones again and again, as no time depends on what an image shows.
    /// - Throws: `DataError`.
    package static func images() throws -> DataSet {
        let shapes = try DataSources.load(Shapes.name)
        return DataSet(
            name: "shapes-50000", train: shapes.train.repeated(50_000), test: shapes.test,
            classNames: shapes.classNames)
    }

    /// `children.json`, beside `images.u8` and the dense network's run.
    private struct Work: Encodable {
        /// The pixels' mean and deviation per channel, in units of 0...255.
        let mean: [Float]
        let deviation: [Float]
        /// Images that BN's statistics are recomputed over, the first of `images.u8`, ...
        let statistics: Int
        /// ... so many at a time.
        let batchSize: Int
        /// The classes of the images behind them, which are validated.
        let labels: [Int32]
        let children: [Connectivity]
        /// What each child came to here.
        let found: [Found]
    }

    private struct Found: Encodable {
        let accuracy: Double
        let loss: Double
    }

    /// Images that BN's statistics are recomputed over.
    package var statisticsImages: [Int] {
        configuration.evaluator.forScore(data)
    }

    /// Images that children are validated on.
    package var validationImages: [Int] { configuration.evaluator.scored(data) }

    /// Writes what a peer needs to evaluate the same children, and what they came to here, into the benchmark's folder.
    /// - Throws: `FileError`.
    package func write(_ evaluations: [ChildEvaluation], to folder: RunFolder) throws {
        let (set, normalization) = (data.maker.set, data.maker.normalization)
        let work = Work(
            mean: normalization.mean, deviation: normalization.deviation, statistics: statisticsImages.count,
            batchSize: configuration.evaluator.batchSize, labels: validationImages.map { set.labels[$0] },
            children: children, found: evaluations.map { Found(accuracy: $0.accuracy, loss: $0.loss) })
        try AtomicFile.write(RunFolder.encoder(pretty: false).encode(work), to: folder.path + "/children.json")
        var pixels = Data()
        for index in statisticsImages + validationImages {
            pixels.append(contentsOf: set.pixels[index * set.imageBytes..<(index + 1) * set.imageBytes])
        }
        try AtomicFile.write(pixels, to: folder.path + "/images.u8")
    }
}

extension ImageSet {
    /// So many images: these again and again, in their order.
    fileprivate func repeated(_ count: Int) -> ImageSet {
        var (pixels, labels): ([UInt8], [Int32]) = ([], [])
        pixels.reserveCapacity(count * imageBytes)
        while labels.count < count {
            let more = min(self.count, count - labels.count)
            pixels += self.pixels.prefix(more * imageBytes)
            labels += self.labels.prefix(more)
        }
        return ImageSet(pixels: pixels, labels: labels, channels: channels, size: size)
    }
}
