/// What a JPEG file's markers say (ITU T.81, annex B), from the first to the end of its image, before anything is
/// decoded.
struct JPEGStructure {
    private(set) var width = 0
    private(set) var height = 0
    /// Each component's sampling factors, across and down.
    private(set) var sampling: [(across: Int, down: Int)] = []
    private(set) var scans = 0
    /// Whether all coefficients are kept until the last scan is read.
    private(set) var keepsCoefficients = false
    private(set) var orientation: ExifOrientation?
    /// Whether scans have markers within that decoding can begin again at.
    private(set) var hasRestarts = false
    /// Where the segments and scans lie that the image is made of.
    private(set) var kept: [Range<Int>] = [0..<2]
    /// Where a number stands that means nothing, or not what it should, and what decoders take it for.
    private(set) var corrections: [(at: Int, value: UInt8)] = []

    private let bytes: [UInt8]
    private var at = 2
    private var isProgressive = false
    /// Where Adobe's segments name the colours' transform.
    private var transforms: [Int] = []

    /// Walks through the markers of a file that begins with the start of an image.
    /// - Throws: `ImageError` for a file that ends early or is of a kind that is not read.
    init(_ bytes: [UInt8]) throws {
        self.bytes = bytes
        while let marker = try nextMarker() {
            let start = at - 2
            // Markers by themselves: of restarts, and one that means nothing.
            if case 0xD0...0xD7 = marker { continue }
            if marker == 0x01 { continue }
            guard marker != 0xD8 else { throw ImageError.damaged("an image begins within the image") }
            let segment = try nextSegment()
            guard kept.count + corrections.count + transforms.count <= DecodingLimits.mostPieces else {
                throw ImageError.damaged("more than \(DecodingLimits.mostPieces) pieces or wrong numbers")
            }
            defer { keep(start..<at) }
            switch marker {
            case 0xC0, 0xC1, 0xC2: try readFrame(segment, isProgressive: marker == 0xC2)
            case 0xC3, 0xC5...0xC7, 0xC9...0xCB, 0xCD...0xCF:
                throw ImageError(
                    "is a JPEG of a kind that is not read (lossless, arithmetic or hierarchical); convert it to a common one"
                )
            case 0xDA:
                guard !sampling.isEmpty else { throw ImageError.damaged("a scan comes before the frame") }
                scans += 1
                if let count = segment.first, count < sampling.count { keepsCoefficients = true }
                correct(scan: segment)
                skipScan()
            case 0xDD: hasRestarts = hasRestarts || segment.contains { $0 != 0 }
            case 0xE0 where segment.count >= 14 && segment.starts(with: Array("JFIF\0".utf8)):
                // JFIF's major version.
                correct(segment.startIndex + 5, to: 1)
            case 0xEE where segment.count >= 12 && segment.starts(with: Array("Adobe".utf8)):
                transforms.append(segment.startIndex + 11)
            case 0xE1 where orientation == nil && segment.starts(with: Array("Exif\0\0".utf8)):
                orientation = ExifOrientation(exif: segment.dropFirst(6))
            default: break
            }
        }
        guard scans > 0 else { throw ImageError.damaged("it has no image") }
        keep(at - 2..<at)
        for transform in transforms {
            // 0 is none; else YCbCr, of four channels YCCK, which libjpeg takes whatever it does not know for, too.
            let usual: UInt8 = sampling.count == 4 ? 2 : 1
            if bytes[transform] != 0, sampling.count > 1 { correct(transform, to: usual) }
        }
    }

    /// The bytes of the image alone, without what lies between its segments and behind it, and with numbers that mean
    /// nothing set right: libjpeg warns of all that, and would say nothing more of what is damaged behind it.
    var image: [UInt8] {
        var out = bytes
        for (at, value) in corrections { out[at] = value }
        return isWhole ? out : kept.reduce(into: []) { $0 += out[$1] }
    }

    /// How many times its bytes are in memory while that is made, and after.
    var copies: Int { 1 + (corrections.isEmpty ? 0 : 1) + (isWhole ? 0 : 1) }

    private var isWhole: Bool { kept == [0..<bytes.count] }

    private mutating func keep(_ part: Range<Int>) {
        if let last = kept.last, last.upperBound == part.lowerBound {
            kept[kept.count - 1] = last.lowerBound..<part.upperBound
        } else {
            kept.append(part)
        }
    }

    private mutating func correct(_ at: Int, to value: UInt8) {
        if bytes[at] != value { corrections.append((at, value)) }
    }

    /// Scans of a sequential JPEG are of all coefficients at once; libjpeg takes them so, whatever they say.
    private mutating func correct(scan segment: ArraySlice<UInt8>) {
        guard !isProgressive, let count = segment.first, segment.count == 4 + 2 * Int(count) else { return }
        for (place, value) in zip(segment.indices.suffix(3), [0, 63, 0] as [UInt8]) { correct(place, to: value) }
    }

    /// The next marker, `nil` for the image's end; found as libjpeg does.
    private mutating func nextMarker() throws -> UInt8? {
        repeat {
            while at < bytes.count, bytes[at] != 0xFF { at += 1 }
            while at < bytes.count, bytes[at] == 0xFF { at += 1 }
            guard at < bytes.count else { throw ImageError.truncated(bytes.count) }
            at += 1
            // Within a scan that is a byte of 255; between segments it is none of the image's.
        } while bytes[at - 1] == 0
        return bytes[at - 1] == 0xD9 ? nil : bytes[at - 1]
    }

    private mutating func nextSegment() throws -> ArraySlice<UInt8> {
        guard at + 2 <= bytes.count else { throw ImageError.truncated(bytes.count) }
        let length = Int(bytes[at]) << 8 | Int(bytes[at + 1])
        guard length >= 2 else { throw ImageError.damaged("a segment of \(length) bytes") }
        guard length <= bytes.count - at else { throw ImageError.truncated(bytes.count) }
        defer { at += length }
        return bytes[at + 2..<at + length]
    }

    /// Goes behind a scan's compressed bytes: to a marker that is not of a restart.
    private mutating func skipScan() {
        at = bytes.withUnsafeBufferPointer { bytes in
            var at = at
            while at + 1 < bytes.count {
                if bytes[at] == 0xFF {
                    switch bytes[at + 1] {
                    case 0x00, 0xD0...0xD7: at += 2
                    case 0xFF: at += 1
                    default: return at
                    }
                } else {
                    at += 1
                }
            }
            return bytes.count
        }
    }

    private mutating func readFrame(_ segment: ArraySlice<UInt8>, isProgressive: Bool) throws {
        guard sampling.isEmpty else { throw ImageError.damaged("a second frame") }
        let frame = Array(segment)
        guard frame.count >= 6, frame.count == 6 + 3 * Int(frame[5]), !frame[6...].isEmpty else {
            throw ImageError.damaged("a frame of \(frame.count) bytes")
        }
        guard frame[0] == 8 else { throw ImageError("has \(frame[0]) bits a channel; JPEGs of 8 are read") }
        height = Int(frame[1]) << 8 | Int(frame[2])
        width = Int(frame[3]) << 8 | Int(frame[4])
        guard width > 0, height > 0 else { throw ImageError.damaged("\(width)×\(height) pixels") }
        for component in 0..<Int(frame[5]) {
            let factors = Int(frame[7 + 3 * component])
            sampling.append((across: factors >> 4, down: factors & 15))
        }
        guard [1, 3, 4].contains(sampling.count) else {
            throw ImageError("has \(sampling.count) channels; JPEGs of 1, 3 or 4 are read")
        }
        guard sampling.allSatisfy({ 1...4 ~= $0.across && 1...4 ~= $0.down }) else {
            throw ImageError.damaged("sampling factors that are not 1 to 4")
        }
        keepsCoefficients = isProgressive
        self.isProgressive = isProgressive
    }

    /// Bytes of the coefficients that are kept, 16 bits each: of blocks of 8×8 that fill whole units of all components.
    var coefficientBytes: Int {
        guard keepsCoefficients else { return 0 }
        let across = sampling.map(\.across).max() ?? 1
        let down = sampling.map(\.down).max() ?? 1
        let units = ((width + 8 * across - 1) / (8 * across)) * ((height + 8 * down - 1) / (8 * down))
        return sampling.reduce(0) { $0 + units * $1.across * $1.down * 128 }
    }
}
