/// An image of 8-bit red, green and blue.
public struct RGBImage: Hashable, Sendable {
    /// Pixels in a row.
    public let width: Int
    /// Rows.
    public let height: Int
    /// The pixels `[height, width, 3]`, from the top left.
    public let pixels: [UInt8]

    /// The longest side there may be; JPEG has no longer one.
    public static let longestSide = 65_535

    /// An image from its parts.
    /// - Throws: `ImageSizeError` for sides that are not 1 to `longestSide`, or pixels that do not fill them.
    public init(width: Int, height: Int, pixels: [UInt8]) throws(ImageSizeError) {
        try Self.check(width: width, height: height)
        guard pixels.count == width * height * 3 else {
            throw ImageSizeError(
                "\(pixels.count) bytes are no image of \(width)×\(height); it has \(width * height * 3)")
        }
        self.init(checkedWidth: width, height: height, pixels: pixels)
    }

    /// An image whose parts are known to fit.
    init(checkedWidth width: Int, height: Int, pixels: [UInt8]) {
        self.width = width
        self.height = height
        self.pixels = pixels
    }

    static func check(width: Int, height: Int) throws(ImageSizeError) {
        for side in [width, height] where side < 1 || side > longestSide {
            throw ImageSizeError("an image of \(width)×\(height) cannot be; sides are 1 to \(longestSide)")
        }
    }
}

/// Why an image cannot have a size.
public struct ImageSizeError: Error, Equatable, CustomStringConvertible {
    /// One sentence: what, and what can be.
    public let description: String
    init(_ description: String) { self.description = description }
}
