/// The formats that are read.
enum ImageFormat {
    case jpeg
    case png

    /// The format of a file's bytes.
    /// - Throws: `ImageError` that names other formats.
    init(of bytes: [UInt8]) throws {
        func has(_ text: [UInt8], at offset: Int = 0) -> Bool { bytes.dropFirst(offset).starts(with: text) }
        func has(_ text: String, at offset: Int = 0) -> Bool { has(Array(text.utf8), at: offset) }
        if has([0xFF, 0xD8, 0xFF]) {
            self = .jpeg
        } else if has(PNGStructure.signature) {
            self = .png
        } else if bytes.isEmpty {
            throw ImageError("is empty; fetch it again")
        } else if let other = Self.others.first(where: { $0.starts.contains { has($0.bytes, at: $0.offset) } }) {
            throw ImageError("is \(other.name); convert it to JPEG or PNG")
        } else {
            throw ImageError("is no image that is known; JPEG and PNG are read")
        }
    }

    /// What begins the files that are told apart to be refused by name.
    private static let others: [(name: String, starts: [(bytes: [UInt8], offset: Int)])] = [
        ("a GIF", [(Array("GIF8".utf8), 0)]),
        ("a WebP", [(Array("WEBP".utf8), 8)]),
        ("a TIFF", [(Array("II*\0".utf8), 0), (Array("MM\0*".utf8), 0), (Array("II+\0".utf8), 0)]),
        ("a BMP", [(Array("BM".utf8), 0)]),
        ("an AVIF", [(Array("ftypavif".utf8), 4), (Array("ftypavis".utf8), 4)]),
        (
            "a HEIC",
            ["ftypheic", "ftypheix", "ftyphevc", "ftypmif1", "ftypmsf1"].map { (Array($0.utf8), 4) }
        ),
        ("a JPEG 2000", [(Array("jP  ".utf8), 4), ([0xFF, 0x4F, 0xFF, 0x51], 0)]),
        ("a JPEG XL", [([0xFF, 0x0A], 0), (Array("JXL ".utf8), 4)]),
        ("a PSD", [(Array("8BPS".utf8), 0)]),
        ("a PDF", [(Array("%PDF".utf8), 0)]),
    ]

    /// Whether a file begins as one of the images that are told apart.
    static func isKnown(_ bytes: [UInt8]) -> Bool {
        if (try? ImageFormat(of: bytes)) != nil { return true }
        return others.contains { $0.starts.contains { bytes.dropFirst($0.offset).starts(with: $0.bytes) } }
    }

    /// Whether a name says that the file is an image, of any format.
    static func isImage(named name: String) -> Bool {
        guard let dot = name.lastIndex(of: ".") else { return false }
        return names.contains(name[name.index(after: dot)...].lowercased())
    }

    private static let names: Set<String> = [
        "jpg", "jpeg", "jpe", "jfif", "png", "apng", "gif", "webp", "tif", "tiff", "bmp", "avif", "heic", "heif", "jp2",
        "jxl", "psd", "ppm", "pgm", "pbm", "tga", "ico",
    ]
}
