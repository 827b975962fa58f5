import ImageResizing

/// How an image's pixels lie, as cameras note it in EXIF (tag 0x0112).
public enum ExifOrientation: Int, Sendable, CaseIterable {
    /// As they are seen.
    case upright = 1
    /// Left and right swapped.
    case mirrored
    /// Turned by 180°.
    case upsideDown
    /// Top and bottom swapped.
    case flipped
    /// Rows and columns swapped.
    case transposed
    /// To be turned by 90° clockwise.
    case left
    /// Rows and columns swapped, from the other corner.
    case transverse
    /// To be turned by 90° counterclockwise.
    case right

    /// The orientation in an EXIF block, which is a small TIFF file; `nil` where it says none.
    init?(exif bytes: ArraySlice<UInt8>) {
        let isLittle = bytes.starts(with: [0x49, 0x49, 42, 0])
        guard isLittle || bytes.starts(with: [0x4D, 0x4D, 0, 42]) else { return nil }
        func number(_ offset: Int, _ count: Int) -> Int? {
            guard offset >= 0, offset <= bytes.count - count else { return nil }
            let digits = bytes.dropFirst(offset).prefix(count)
            return (isLittle ? Array(digits.reversed()) : Array(digits)).reduce(0) { $0 << 8 | Int($1) }
        }
        guard let directory = number(4, 4), let entries = number(directory, 2) else { return nil }
        for entry in 0..<entries {
            let at = directory + 2 + entry * 12
            guard let tag = number(at, 2), let type = number(at + 2, 2), let value = number(at + 8, 2) else {
                return nil
            }
            guard tag == 0x0112 else { continue }
            guard type == 3 else { return nil }
            self.init(rawValue: value)
            return
        }
        return nil
    }

    /// Whether rows become columns.
    private var swapsSides: Bool { rawValue >= 5 }

    /// The image with its pixels as they are to be seen.
    func upright(_ image: RGBImage) throws -> RGBImage {
        guard self != .upright else { return image }
        let (width, height) = (image.width, image.height)
        let (newWidth, newHeight) = swapsSides ? (height, width) : (width, height)
        // Where the first pixel comes from, and how far it is to the next ones to the right and below.
        let (first, right, down) =
            switch self {
            case .upright: (0, 1, width)
            case .mirrored: (width - 1, -1, width)
            case .upsideDown: (width * height - 1, -1, -width)
            case .flipped: (width * (height - 1), 1, -width)
            case .transposed: (0, width, 1)
            case .left: (width * (height - 1), -width, 1)
            case .transverse: (width * height - 1, -width, -1)
            case .right: (width - 1, width, -1)
            }
        let pixels = [UInt8](unsafeUninitializedCapacity: image.pixels.count) { out, count in
            image.pixels.withUnsafeBufferPointer { pixels in
                for y in 0..<newHeight {
                    for x in 0..<newWidth {
                        let (from, to) = ((first + right * x + down * y) * 3, (y * newWidth + x) * 3)
                        out[to] = pixels[from]
                        out[to + 1] = pixels[from + 1]
                        out[to + 2] = pixels[from + 2]
                    }
                }
            }
            count = image.pixels.count
        }
        return try RGBImage(width: newWidth, height: newHeight, pixels: pixels)
    }
}
