import Files
import ImageResizing

/// What an image file holds, as 8-bit red, green and blue.
public struct DecodedImage: Hashable, Sendable {
    /// The pixels; upright, unless the orientation was to be ignored.
    public let image: RGBImage
    /// How the file's EXIF says that its pixels lie.
    public let orientation: ExifOrientation
    /// Whether a pixel was not opaque; its colour is kept as the file has it.
    public let isAlphaDropped: Bool
}

/// Reads JPEG and PNG files, recognised by their content, with libjpeg-turbo and libpng.
///
/// Pixels are those that Pillow decodes, byte for byte: in full, without colour profiles, with alpha dropped; only
/// 16-bit PNGs are rounded to 8 bits where Pillow cuts them off.
public enum ImageDecoder {
    /// The number of what makes pixels of files, decoding and `ImageResizing` together: another one where a file may
    /// become other bytes than before, so that what was kept of it is made again.
    public static let revision = 1

    /// Decodes a file's bytes.
    ///
    /// What is not sure to be the image its header speaks of is refused: a file that ends early, whatever libjpeg or
    /// libpng finds damaged, other formats.
    /// - Parameters:
    ///   - name: what errors call the file.
    ///   - ignoresOrientation: leave pixels as they lie, as Pillow and torchvision do where they are not asked.
    /// - Throws: `ImageError`.
    public static func decode(
        _ bytes: [UInt8], named name: String, ignoresOrientation: Bool = false, limits: DecodingLimits = .init()
    ) throws -> DecodedImage {
        do {
            guard bytes.count <= limits.bytes else {
                throw ImageError("has \(bytes.count) bytes; up to \(limits.bytes) are read")
            }
            let decoded =
                switch try ImageFormat(of: bytes) {
                case .jpeg: try decodeJPEG(bytes, limits)
                case .png: try decodePNG(bytes, limits)
                }
            guard !ignoresOrientation else { return decoded }
            return DecodedImage(
                image: try decoded.orientation.upright(decoded.image), orientation: decoded.orientation,
                isAlphaDropped: decoded.isAlphaDropped)
        } catch let error as ImageError {
            throw ImageError("\(name) \(error)")
        }
    }

    /// Whether a file's name says that it is an image, of any format: where it cannot be read that is worth a word.
    public static func isImage(named name: String) -> Bool { ImageFormat.isImage(named: name) }

    /// Whether a file that begins so is an image, of any format.
    public static func isImage(startingWith bytes: [UInt8]) -> Bool { ImageFormat.isKnown(bytes) }
}

/// What a file may ask for before it is decoded: a few bytes can stand for any number of pixels.
///
/// With these limits decoding takes no more than half a gigabyte, the file's bytes included.
public struct DecodingLimits: Hashable, Sendable {
    /// The most bytes of a file.
    public var bytes = 96 << 20
    /// The most pixels; what the largest sensors of telephones give.
    public var pixels = 52_000_000
    /// The most bytes that file, pixels and coefficients take at any moment.
    public var memory = 460 << 20
    /// The most scans of a JPEG; progressive ones have about ten.
    public var scans = 500
    /// The most pieces of a file that are remembered one by one, a few dozen bytes each: cameras write some hundreds.
    static let mostPieces = 100_000
    /// The most pixels that all scans of a JPEG together go over: scans cost time and next to no bytes.
    public var scannedPixels = 600_000_000

    /// Limits; these unless said otherwise.
    public init() {}

    /// Refuses an image of too many pixels, without computing with them.
    func check(width: Int, height: Int) throws {
        let (pixels, overflows) = width.multipliedReportingOverflow(by: height)
        guard !overflows, pixels <= self.pixels else {
            throw ImageError("has \(width)×\(height) pixels; up to \(self.pixels) are read: make it smaller")
        }
        guard max(width, height) <= RGBImage.longestSide else {
            throw ImageError("has \(width)×\(height) pixels; sides up to \(RGBImage.longestSide) are read")
        }
    }

    /// Refuses an image that takes too much memory.
    func check(memory needed: Int) throws {
        guard needed <= memory else {
            throw ImageError("takes \(needed) bytes to decode; up to \(memory) are used: make it smaller")
        }
    }
}

/// Why an image cannot be read.
public struct ImageError: Error, Equatable, CustomStringConvertible {
    /// One sentence: which file, what is wrong, what to do.
    public let description: String
    init(_ description: String) { self.description = description }

    /// What a library says of a damaged file.
    static func damaged(_ what: String) -> ImageError { ImageError("is damaged (\(what.inSentence)); fetch it again") }
    /// A file that ends early.
    static func truncated(_ count: Int) -> ImageError {
        ImageError("is cut off after \(count) bytes; fetch it again")
    }
}
