import Digests
import Foundation

/// Labelled square images of 8-bit channels.
public struct ImageSet: Sendable {
    /// The pixels `[N, C, H, W]`, one byte each.
    public let pixels: PixelStorage
    /// Each image's class, from 0.
    public let labels: [Int32]
    /// Colour channels.
    public let channels: Int
    /// Height and width in pixels.
    public let size: Int

    /// Images from their parts, in memory.
    public init(pixels: [UInt8], labels: [Int32], channels: Int, size: Int) {
        self.init(pixels: PixelStorage(pixels), labels: labels, channels: channels, size: size)
    }

    /// Images from their parts, wherever the pixels lie.
    public init(pixels: PixelStorage, labels: [Int32], channels: Int, size: Int) {
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
    /// Which of the images to train and validate on are validated on.
    public let heldOut: HeldOut
    /// What was made of images that came in any size; `nil` where they have one of their own.
    public let preparation: ImagePreparation?
    /// What the user may want to know of its loading, a line each.
    public let notes: [String]
    /// SHA-256 of all pixels, labels and of what is held out, in hexadecimal.
    public let digest: String

    /// How images are held out to validate on.
    public enum HeldOut: Hashable, Sendable {
        /// A tenth of all, drawn.
        case drawn
        /// A tenth of each class, drawn.
        case drawnFromEachClass
        /// So many, the last ones: the data have a set to validate on.
        case last(Int)
    }

    /// A data set from its parts.
    public init(
        name: String, train: ImageSet, test: ImageSet, classNames: [String], heldOut: HeldOut = .drawn,
        preparation: ImagePreparation? = nil, notes: [String] = []
    ) {
        self.name = name
        self.train = train
        self.test = test
        self.classNames = classNames
        (self.heldOut, self.preparation, self.notes) = (heldOut, preparation, notes)
        let hash = SHA256()
        for set in [train, test] {
            set.pixels.withUnsafeBytes { hash.update($0) }
            // A byte each where all are less than 256, as digests of earlier builds have them.
            if set.labels.allSatisfy({ 0...255 ~= $0 }) {
                set.labels.map { UInt8($0) }.withUnsafeBytes { hash.update($0) }
            } else {
                set.labels.map(\.littleEndian).withUnsafeBytes { hash.update($0) }
            }
        }
        if heldOut != .drawn { hash.update(Data("\(heldOut)".utf8)) }
        digest = hash.hexadecimal
    }
}

/// Why a data set cannot be had.
public struct DataError: Error, Equatable, CustomStringConvertible {
    /// One sentence: what, where, what was expected, what to do.
    public let description: String
    /// An error with its sentence.
    public init(_ description: String) { self.description = description }
}
