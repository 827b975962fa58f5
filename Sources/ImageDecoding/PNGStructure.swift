import CZlib

/// What a PNG file's chunks say (https://www.w3.org/TR/png-3), before anything is decompressed.
struct PNGStructure {
    static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

    private(set) var width = 0
    private(set) var height = 0
    private(set) var orientation: ExifOrientation?
    /// Where compressed pixels lie.
    private(set) var compressed: [Range<Int>] = []
    /// Bytes of the pixels and filters that they stand for, without interlacing.
    private(set) var filteredBytes = 0
    private var colourType: UInt8 = 0
    /// Entries of the palette, once it was there.
    private var palette: Int?
    /// Where the chunks lie that pixels are made of.
    private(set) var kept: [Range<Int>] = [0..<signature.count]

    /// Walks through the chunks of a file that begins with the signature.
    /// - Throws: `ImageError` for a file that ends early or has chunks that cannot be.
    init(_ bytes: [UInt8], _ limits: DecodingLimits) throws {
        func number(_ at: Int) -> Int { bytes[at..<at + 4].reduce(0) { $0 << 8 | Int($1) } }
        var at = Self.signature.count
        var type = ""
        while type != "IEND" {
            guard at + 12 <= bytes.count else { throw ImageError.truncated(bytes.count) }
            let length = number(at)
            guard bytes[at + 4..<at + 8].allSatisfy({ (0x41...0x5A).contains($0 & 0xDF) }) else {
                throw ImageError.damaged("a chunk's name is no text")
            }
            type = String(decoding: bytes[at + 4..<at + 8], as: UTF8.self)
            guard length <= bytes.count - at - 12 else { throw ImageError.truncated(bytes.count) }
            let data = at + 8..<at + 8 + length
            let wrongLength = ImageError.damaged("'\(type)' of \(length) bytes")
            // libpng does not get to see all of them.
            let check = bytes[at + 4..<data.upperBound].withUnsafeBufferPointer {
                crc32(0, $0.baseAddress, UInt32($0.count))
            }
            guard check == number(data.upperBound) else { throw ImageError.damaged("\(type): CRC error") }
            guard (width == 0) == (type == "IHDR") else {
                throw ImageError.damaged(width == 0 ? "it begins with the chunk '\(type)'" : "a second header")
            }
            switch type {
            case "IHDR": try readHeader(bytes[data], limits)
            case "PLTE":
                guard palette == nil, 1...256 ~= length / 3, length % 3 == 0 else { throw wrongLength }
                palette = length / 3
            case "tRNS": guard canBeTransparent(bytes: length) else { throw wrongLength }
            case "IEND": guard length == 0 else { throw wrongLength }
            case "IDAT": compressed.append(data)
            case "eXIf": orientation = orientation ?? ExifOrientation(exif: bytes[data])
            default:
                // A capital letter says that the image is none without the chunk.
                guard bytes[at + 4] & 0x20 != 0 else { throw ImageError("has a chunk '\(type)' that is not known") }
            }
            guard kept.count + compressed.count <= DecodingLimits.mostPieces else {
                throw ImageError.damaged("more than \(DecodingLimits.mostPieces) chunks")
            }
            // The others say nothing about pixels as Pillow has them (colour profiles, gamma), or may be large texts.
            if ["IHDR", "PLTE", "tRNS", "IDAT", "IEND"].contains(type) { keep(at..<at + 12 + length) }
            at += 12 + length
        }
        guard compressed.contains(where: { !$0.isEmpty }) else { throw ImageError.damaged("it has no pixels") }
    }

    /// Whether what says which colours are transparent has a length that it can have: of grey and of a colour one each,
    /// of a palette up to one for each of its entries.
    private func canBeTransparent(bytes: Int) -> Bool {
        switch colourType {
        case 0: bytes == 2
        case 2: bytes == 6
        case 3: 1...(palette ?? 1) ~= bytes && palette != nil
        default: false
        }
    }

    private mutating func keep(_ chunk: Range<Int>) {
        if let last = kept.last, last.upperBound == chunk.lowerBound {
            kept[kept.count - 1] = last.lowerBound..<chunk.upperBound
        } else {
            kept.append(chunk)
        }
    }

    private mutating func readHeader(_ slice: ArraySlice<UInt8>, _ limits: DecodingLimits) throws {
        let header = Array(slice)
        guard header.count == 13 else { throw ImageError.damaged("a header of \(header.count) bytes") }
        width = header[0..<4].reduce(0) { $0 << 8 | Int($1) }
        height = header[4..<8].reduce(0) { $0 << 8 | Int($1) }
        guard width > 0, height > 0 else { throw ImageError.damaged("\(width)×\(height) pixels") }
        try limits.check(width: width, height: height)
        guard let channels = [0: 1, 2: 3, 3: 1, 4: 2, 6: 4][header[9]], [1, 2, 4, 8, 16].contains(header[8]) else {
            throw ImageError.damaged("a colour type \(header[9]) of \(header[8]) bits")
        }
        colourType = header[9]
        filteredBytes = height * (1 + (width * channels * Int(header[8]) + 7) / 8)
    }
}
