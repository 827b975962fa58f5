import CTurboJPEG
import Files
import ImageResizing

extension ImageDecoder {
    /// What libjpeg says of bytes between the last scan's pixels and the image's end. It stops at the first warning, so
    /// that nothing before was damaged, and behind there is nothing; only a scan that begins again somewhere may lack a
    /// part there.
    private static let padding = "extraneous bytes before marker 0xd9"

    /// Decodes a JPEG file's bytes; grey becomes three channels alike, CMYK becomes RGB as Pillow does it.
    /// - Throws: `ImageError` without the file's name.
    static func decodeJPEG(_ bytes: [UInt8], _ limits: DecodingLimits) throws -> DecodedImage {
        // libjpeg 2.1 limits neither pixels nor memory.
        let structure = try JPEGStructure(bytes)
        let (width, height) = (structure.width, structure.height)
        try limits.check(width: width, height: height)
        guard structure.scans <= limits.scans, structure.scans * width * height <= limits.scannedPixels else {
            throw ImageError("has \(structure.scans) scans of \(width)×\(height) pixels; save it with fewer scans")
        }
        let isCMYK = structure.sampling.count == 4
        let channels = isCMYK ? 4 : 3
        try limits.check(
            memory: structure.copies * bytes.count + width * height * channels + structure.coefficientBytes)
        let image = structure.image

        guard let decoder = tjInitDecompress() else { throw ImageError("cannot be decoded: there is no memory") }
        defer { tjDestroy(decoder) }
        let first = try decode(image, structure, with: decoder, flags: TJFLAG_LIMITSCANS | TJFLAG_STOPONWARNING)
        var pixels = try first ?? decode(image, structure, with: decoder, flags: TJFLAG_LIMITSCANS) ?? []
        if isCMYK { pixels = rgb(fromInvertedCMYK: pixels) }
        return DecodedImage(
            image: try RGBImage(width: width, height: height, pixels: pixels),
            orientation: structure.orientation ?? .upright, isAlphaDropped: false)
    }

    /// The pixels `[height, width, 3]`, or inks `[height, width, 4]`; `nil` where it stopped at a warning of
    /// padding behind them.
    /// - Throws: `ImageError` for a damaged image.
    private static func decode(
        _ bytes: [UInt8], _ structure: JPEGStructure, with decoder: tjhandle, flags: Int32
    ) throws -> [UInt8]? {
        let (width, height) = (structure.width, structure.height)
        let isCMYK = structure.sampling.count == 4
        var status: Int32 = 0
        let pixels = try bytes.withUnsafeBufferPointer { bytes in
            var (w, h, subsampling, colours) = (Int32(0), Int32(0), Int32(0), Int32(0))
            // Its result does not matter: it refuses subsamplings that decoding itself knows.
            _ = tjDecompressHeader3(decoder, bytes.baseAddress, UInt(bytes.count), &w, &h, &subsampling, &colours)
            // libjpeg must see the image that was checked.
            guard (w, h) == (0, 0) || (w, h) == (Int32(width), Int32(height)) else {
                throw ImageError.damaged("\(w)×\(h) or \(width)×\(height) pixels")
            }
            let count = width * height * (isCMYK ? 4 : 3)
            return [UInt8](unsafeUninitializedCapacity: count) { out, filled in
                status = tjDecompress2(
                    decoder, bytes.baseAddress, UInt(bytes.count), out.baseAddress, Int32(width), 0, Int32(height),
                    isCMYK ? TJPF_CMYK.rawValue : TJPF_RGB.rawValue, flags)
                // Only a whole image's rows are all written.
                filled = status == 0 || flags & TJFLAG_STOPONWARNING == 0 ? count : 0
            }
        }
        guard status != 0 else { return pixels }
        let message = tjGetErrorStr2(decoder).map { String(cString: $0) } ?? "no reason given"
        guard tjGetErrorCode(decoder) == TJERR_WARNING.rawValue, !structure.hasRestarts, message.contains(padding)
        else {
            throw ImageError.damaged(message)
        }
        return flags & TJFLAG_STOPONWARNING == 0 ? pixels : nil
    }

    /// CMYK as Adobe's programs store it, 255 for no ink: each colour is what its own ink and black leave, rounded.
    private static func rgb(fromInvertedCMYK inks: [UInt8]) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: inks.count / 4 * 3) { out, count in
            inks.withUnsafeBufferPointer { inks in
                for pixel in 0..<inks.count / 4 {
                    let black = UInt32(inks[4 * pixel + 3])
                    for c in 0..<3 {
                        out[3 * pixel + c] = UInt8((UInt32(inks[4 * pixel + c]) * black * 2 + 255) / 510)
                    }
                }
            }
            count = inks.count / 4 * 3
        }
    }
}
