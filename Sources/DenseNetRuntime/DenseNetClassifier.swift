import DenseKernels
import DenseNetArchitecture
import Files
import Foundation
import ImageResizing

/// A trained DenseNet that tells images apart, on any of this machine's processors and without libtorch.
///
/// It is made once and may be used by many tasks at a time; calls that come while others compute take a thread each.
public final class DenseNetClassifier: Sendable {
    /// The classes' names, by label.
    public let labels: [String]
    /// What `classify` does to an image first, and what images for `logits` must have gone through.
    public let preprocessing: Preprocessing
    private let prepared: PreparedNetwork

    /// A class and how likely it is.
    public struct Prediction: Hashable, Sendable {
        /// The class's name.
        public let label: String
        /// Its number, from 0.
        public let index: Int
        /// From 0 to 1; those of all classes add up to 1.
        public let probability: Float
    }

    /// The classifier that `ads export RUN --format swift` wrote into a folder.
    /// - Parameter threads: what one call may use; `nil` is as many as the machine has processors.
    /// - Throws: `ClassifierError` that says what is missing or damaged.
    public init(contentsOf folder: URL, threads: Int? = nil) throws {
        let threads = threads ?? min(ProcessInfo.processInfo.activeProcessorCount, 1024)
        guard 1...1024 ~= threads else { throw ClassifierError("\(threads) threads; 1 to 1024 can be had") }
        if let missing = LayerKernels.missingInstructions {
            throw ClassifierError(
                "this program was built for \(LayerKernels.builtFor), and this processor has no \(missing); build it for this processor"
            )
        }
        do {
            let folder = folder.path
            let described = try RuntimeNetwork(contentsOf: folder)
            (labels, preprocessing) = (described.labels, described.preprocessing)
            let needed = PreparedNetwork.bytesForAnImage(described.network)
            let memory = ProcessInfo.processInfo.physicalMemory
            guard UInt64(needed) <= memory else {
                throw ClassifierError(
                    "the network of \(folder) takes \(needed >> 30) GB for one image, and this machine has \(memory >> 30)"
                )
            }
            prepared = PreparedNetwork(
                described.network,
                try NetworkWeights(contentsOf: folder + "/" + RuntimeNetwork.weights, for: described.network),
                threads: threads)
        } catch let error as FileError {
            throw ClassifierError(error.description)
        }
    }

    /// The classes of an image, the likeliest first.
    /// - Parameter rgb: its pixels `[height, width, 3]`, red, green and blue, from the top left.
    /// - Throws: `ClassifierError` for sides that are no image's or pixels that do not fill them.
    public func classify(rgb: [UInt8], width: Int, height: Int) throws -> [Prediction] {
        guard preprocessing.mean.count == 3 else {
            throw ClassifierError("the network takes images of \(preprocessing.mean.count) channels, not of 3")
        }
        let image: RGBImage
        do {
            image = try RGBImage(width: width, height: height, pixels: rgb)
        } catch { throw ClassifierError("\(error)") }
        let logits = try logits(preprocessing.planes(of: image), count: 1)
        let most = logits.max() ?? 0
        let weights = logits.map { exp($0 - most) }
        let sum = weights.reduce(0, +)
        return logits.indices.sorted { (logits[$1], $0) < (logits[$0], $1) }.map {
            Prediction(label: labels[$0], index: $0, probability: weights[$0] / sum)
        }
    }

    /// The logits `[count, classes]` of images.
    ///
    /// An image's are the same bits whatever the threads and the images beside it; alone it is computed another way,
    /// and they differ by rounding.
    /// - Parameter images: `[count, C, size, size]`, preprocessed.
    /// - Throws: `ClassifierError` where they are not so many numbers.
    public func logits(_ images: [Float], count: Int) throws -> [Float] {
        let size = preprocessing.mean.count * preprocessing.size * preprocessing.size
        guard count >= 1, images.count.isMultiple(of: size), images.count / size == count else {
            throw ClassifierError(
                "\(images.count) numbers for \(count) images; each has \(size), [\(preprocessing.mean.count), \(preprocessing.size), \(preprocessing.size)]"
            )
        }
        return images.withUnsafeBufferPointer { prepared.logits($0, count: count) }
    }
}
