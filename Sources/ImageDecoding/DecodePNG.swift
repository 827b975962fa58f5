import CPNG
import Files
import ImageResizing

extension ImageDecoder {
    /// Decodes a PNG file's bytes; grey and palettes become three channels, 16 bits are rounded to 8.
    /// - Throws: `ImageError` without the file's name.
    static func decodePNG(_ bytes: [UInt8], _ limits: DecodingLimits) throws -> DecodedImage {
        let structure = try PNGStructure(bytes, limits)
        let (width, height) = (structure.width, structure.height)
        try limits.check(memory: 2 * bytes.count + width * height * 4)
        // Some writers add a few bytes behind the last row, and interlaced images have more filters.
        let atMost = structure.filteredBytes + structure.filteredBytes / 8 + (64 << 10)
        guard try !InflatedLength().exceeds(atMost, bytes, parts: structure.compressed) else {
            throw ImageError("holds more compressed data than its \(width)×\(height) pixels take; save it again")
        }
        let image = try PNGImage()
        let isWhole = structure.kept == [0..<bytes.count]
        let chunks = isWhole ? bytes : structure.kept.reduce(into: []) { $0 += bytes[$1] }
        var (pixels, hasAlpha) = try image.read(chunks, width: width, height: height)
        var isAlphaDropped = false
        if hasAlpha { isAlphaDropped = dropAlpha(&pixels) }
        return DecodedImage(
            image: try RGBImage(width: width, height: height, pixels: pixels),
            orientation: structure.orientation ?? .upright, isAlphaDropped: isAlphaDropped)
    }

    /// Makes RGB of RGBA, in place; whether a pixel was not opaque.
    private static func dropAlpha(_ pixels: inout [UInt8]) -> Bool {
        let count = pixels.count / 4
        var alphas: UInt8 = 255
        pixels.withUnsafeMutableBufferPointer { pixels in
            for i in 0..<count {
                for c in 0..<3 { pixels[3 * i + c] = pixels[4 * i + c] }
                alphas &= pixels[4 * i + 3]
            }
        }
        pixels.removeLast(count)
        return alphas != 255
    }
}

/// libpng's simplified reader, which keeps its errors to itself: no `longjmp` comes through Swift.
private final class PNGImage {
    // libpng remembers where this lies; as memory of its own it does not move.
    private let image = UnsafeMutablePointer<png_image>.allocate(capacity: 1)

    init() throws {
        image.initialize(to: png_image())
        image.pointee.version = UInt32(PNG_IMAGE_VERSION)
    }

    deinit {
        png_image_free(image)
        image.deallocate()
    }

    /// The pixels `[height, width, 3]`, or with alpha `[height, width, 4]`, which is not multiplied into colours.
    func read(_ bytes: [UInt8], width: Int, height: Int) throws -> (pixels: [UInt8], hasAlpha: Bool) {
        try bytes.withUnsafeBytes { bytes in
            guard png_image_begin_read_from_memory(image, bytes.baseAddress, bytes.count) != 0 else { throw failure }
            guard image.pointee.width == width, image.pointee.height == height else {
                throw ImageError.damaged("\(image.pointee.width)×\(image.pointee.height) or \(width)×\(height) pixels")
            }
            let hasAlpha = image.pointee.format & UInt32(PNG_FORMAT_FLAG_ALPHA) != 0
            image.pointee.format = UInt32(PNG_FORMAT_FLAG_COLOR) | (hasAlpha ? UInt32(PNG_FORMAT_FLAG_ALPHA) : 0)
            // 16 bits that say nothing of gamma would be taken as linear.
            image.pointee.flags |= UInt32(PNG_IMAGE_FLAG_16BIT_sRGB)
            var isRead = false
            let pixels = [UInt8](unsafeUninitializedCapacity: width * height * (hasAlpha ? 4 : 3)) { out, count in
                isRead = png_image_finish_read(image, nil, out.baseAddress, 0, nil) != 0
                if !isRead { out.update(repeating: 0) }
                count = out.count
            }
            guard isRead else { throw failure }
            return (pixels, hasAlpha)
        }
    }

    private var failure: ImageError {
        let message = withUnsafeBytes(of: image.pointee.message) {
            String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
        }
        return ImageError.damaged(message)
    }
}
