import CPNG
import Foundation
import ImageResizing

extension RGBImage {
    /// The image as a PNG file, without loss.
    /// - Throws: `ImageError` when libpng cannot.
    public func png() throws -> Data {
        var image = png_image()
        image.version = UInt32(PNG_IMAGE_VERSION)
        (image.width, image.height) = (UInt32(width), UInt32(height))
        image.format = UInt32(PNG_FORMAT_FLAG_COLOR)
        defer { png_image_free(&image) }
        // Asked without memory it says how much it needs.
        var size = png_alloc_size_t(0)
        guard png_image_write_to_memory(&image, nil, &size, 0, pixels, 0, nil) != 0 else {
            throw ImageError("cannot be written as PNG")
        }
        var file = Data(count: size)
        let written = file.withUnsafeMutableBytes {
            png_image_write_to_memory(&image, $0.baseAddress, &size, 0, pixels, 0, nil)
        }
        guard written != 0 else { throw ImageError("cannot be written as PNG") }
        return file.prefix(size)
    }
}
