import Crypto
import Foundation

/// Labelled square images of 8-bit channels.
public struct ImageSet: Sendable {
    /// The pixels `[N, C, H, W]`, one byte each.
    public let pixels: [UInt8]
    /// Each image's class, from 0.
    public let labels: [UInt8]
    /// Colour channels.
    public let channels: Int
    /// Height and width in pixels.
    public let size: Int

    /// Images from their parts.
    public init(pixels: [UInt8], labels: [UInt8], channels: Int, size: Int) {
        precondition(
            pixels.count == labels.count * channels * size * size, "the pixels do not fill \(labels.count) images")
        self.pixels = pixels
        self.labels = labels
        self.channels = channels
        self.size = size
    }

    /// The number of images.
    public var count: Int { labels.count }
    /// Bytes of one image.
    public var imageBytes: Int { channels * size * size }
}

/// A data set: what is trained and validated on, and what is tested on once.
public struct DataSet: Sendable {
    /// Its name on the command line.
    public let name: String
    /// Images to train and validate on.
    public let train: ImageSet
    /// Images to test on.
    public let test: ImageSet
    /// The classes' names, by label.
    public let classNames: [String]
    /// SHA-256 of all pixels and labels, in hexadecimal.
    public let digest: String

    /// A data set from its parts.
    public init(name: String, train: ImageSet, test: ImageSet, classNames: [String]) {
        self.name = name
        self.train = train
        self.test = test
        self.classNames = classNames
        var hash = SHA256()
        for part in [train.pixels, train.labels, test.pixels, test.labels] {
            part.withUnsafeBytes { hash.update(bufferPointer: $0) }
        }
        digest = hash.finalize().map { String(format: "%02x", $0) }.joined()
    }
}

/// Why a data set cannot be had.
public struct DataError: Error, Equatable, CustomStringConvertible {
    /// One sentence: what, where, what was expected, what to do.
    public let description: String
    /// An error with its sentence.
    public init(_ description: String) { self.description = description }
}
