import Foundation
import ImageDecoding
import TestSupport
import Testing

/// Damaged and hostile files: each is refused with its sentence.
@Suite struct HostileTests {
    /// A file of the fuzzers' corpus.
    private func seed(_ name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: URL(fileURLWithPath: packageRoot + "/Tests/Fuzz/corpus/" + name)))
    }

    private func message(_ bytes: [UInt8], _ limits: DecodingLimits = .init()) -> String {
        do {
            return "read \(try ImageDecoder.decode(bytes, named: "x", limits: limits).image.width)"
        } catch { return "\(error)" }
    }

    @Test(arguments: [
        ("jpeg/65535-square", "x has 65535×65535 pixels; up to 52000000 are read: make it smaller"),
        ("jpeg/no-pixels", "x is damaged (0×0 pixels); fetch it again"),
        ("jpeg/second-frame", "x is damaged (a second frame); fetch it again"),
        (
            "jpeg/arithmetic",
            "x is a JPEG of a kind that is not read (lossless, arithmetic or hierarchical); convert it to a common one"
        ),
        ("jpeg/empty", "x is empty; fetch it again"),
        ("jpeg/huffman-table-missing", "x is damaged (Huffman table 0x0f was not defined); fetch it again"),
        ("png/30000-square", "x has 30000×30000 pixels; up to 52000000 are read: make it smaller"),
        ("png/size-2-31", "x has 2147483647×2147483647 pixels; up to 52000000 are read: make it smaller"),
        ("png/no-end", "x is cut off after 83 bytes; fetch it again"),
        ("png/crc", "x is damaged (IDAT: CRC error); fetch it again"),
        ("png/rows-missing", "x is damaged (Not enough image data); fetch it again"),
        ("png/apple", "x is damaged (it begins with the chunk 'CgBI'); fetch it again"),
    ]) func itsSentence(name: String, sentence: String) throws {
        #expect(message(try seed(name)) == sentence)
    }

    @Test func otherFormatsByName() {
        func text(_ text: String) -> [UInt8] { Array(text.utf8) + [UInt8](repeating: 0, count: 30) }
        for (bytes, name) in [
            (text("GIF89a"), "a GIF"), (text("RIFF\u{1}\0\0\0WEBPVP8 "), "a WebP"), (text("II*\0"), "a TIFF"),
            (text("MM\0*"), "a TIFF"), (text("BM"), "a BMP"), (text("\0\0\0\u{1C}ftypavif"), "an AVIF"),
            (text("\0\0\0\u{1C}ftypheic"), "a HEIC"),
        ] {
            #expect(message(bytes) == "x is \(name); convert it to JPEG or PNG")
        }
        #expect(message(text("<html>")) == "x is no image that is known; JPEG and PNG are read")
        #expect(message([0xFF]) == "x is no image that is known; JPEG and PNG are read")
    }

    private static let whole = [
        "jpeg/valid-turned", "jpeg/valid-progressive", "jpeg/valid-cmyk", "jpeg/valid-grey-restarts", "png/valid-alpha",
        "png/valid-palette", "png/valid-grey-1-bit",
    ]

    /// No part of a file passes for it, not even all but its last byte.
    @Test(arguments: whole) func cutOffAnywhere(name: String) throws {
        let bytes = try seed(name)
        #expect(message(bytes).hasPrefix("read "))
        for count in 8..<bytes.count {
            #expect(message(Array(bytes.prefix(count))) == "x is cut off after \(count) bytes; fetch it again")
        }
        for count in 0..<8 { #expect(!message(Array(bytes.prefix(count))).hasPrefix("read ")) }
    }

    /// A JPEG that was cut off and closed again lacks pixels all the same.
    @Test(arguments: ["jpeg/valid-progressive", "jpeg/valid-cmyk", "jpeg/valid-grey-restarts"])
    func cutOffAndClosed(name: String) throws {
        let bytes = try seed(name)
        let cut = message(bytes.dropLast(5) + [0xFF, 0xD9])
        #expect(cut.hasPrefix("x is damaged (Corrupt JPEG data: ") && cut.hasSuffix("; fetch it again"))
    }

    /// Extraneous bytes, between segments and behind the image, change nothing: Pillow reads them, too.
    @Test func bytesTooMany() throws {
        let bytes = try seed("jpeg/valid-progressive")
        let whole = try ImageDecoder.decode(bytes, named: "x")
        #expect(try ImageDecoder.decode(bytes + [1, 2, 3], named: "x") == whole)
        let table = try #require((2..<bytes.count).first { bytes[$0] == 0xFF && bytes[$0 + 1] == 0xDB })
        let longer = bytes[..<table] + [1, 2, 3] + bytes[table...]
        #expect(try ImageDecoder.decode(Array(longer), named: "x") == whole)
        #expect(message(try seed("png/valid-alpha") + [9]) == "read 17")
    }

    private func place(of marker: UInt8, in bytes: [UInt8], from start: Int = 2) throws -> Int {
        try #require((start..<bytes.count - 1).first { bytes[$0] == 0xFF && bytes[$0 + 1] == marker })
    }

    /// What libjpeg warns of first keeps it from warning of what is damaged behind it: neither bytes between segments,
    /// of which some look like a segment to whoever does not read as it does, nor numbers that mean nothing hide a cut.
    @Test func nothingHidesWhatIsDamaged() throws {
        let progressive = try seed("jpeg/valid-progressive")
        let table = try place(of: 0xDB, in: progressive)
        func inserted(_ junk: [UInt8]) -> [UInt8] { Array(progressive[..<table] + junk + progressive[table...]) }
        let cmyk = try seed("jpeg/valid-cmyk")
        // What is not known is taken for YCCK.
        var (ycck, transform) = (cmyk, cmyk)
        (ycck[try place(of: 0xEE, in: cmyk) + 4 + 11], transform[try place(of: 0xEE, in: cmyk) + 4 + 11]) = (2, 7)
        let grey = try seed("jpeg/valid-grey-restarts")
        var scan = grey
        let start = try place(of: 0xDA, in: grey)
        // One component: its number, its tables, then the coefficients' first and last.
        scan[start + 2 + 2 + 1 + 2 + 1] = 0
        var version = progressive
        let header = try place(of: 0xE0, in: progressive)
        version[header + 4 + 5] = 9
        // More than a decoder takes ahead.
        let padding = [UInt8](repeating: 0, count: 64) + [0xFF, 0xD9]
        let padded = Array(progressive.dropLast(2)) + padding
        for (changed, whole) in [
            (inserted([1, 2, 3]), progressive), (inserted([0xFF, 0]), progressive),
            (inserted([0xFF, 0, 0, 0x40]), progressive), (inserted([9, 0xFF, 0xFF, 0, 0xFF, 0, 0xFF]), progressive),
            (transform, ycck), (scan, grey), (version, progressive), (padded, progressive),
        ] {
            #expect(changed != whole)
            #expect(try ImageDecoder.decode(changed, named: "x") == ImageDecoder.decode(whole, named: "x"))
            let cut = message(changed.dropLast(changed == padded ? 69 : 5) + [0xFF, 0xD9])
            #expect(cut.hasPrefix("x is damaged (Corrupt JPEG data: "), "\(cut)")
        }
        // Where a scan begins again a part may be missing before such bytes.
        #expect(message(grey.dropLast(2) + padding).hasPrefix("x is damaged (Corrupt JPEG data: "))
    }

    /// What says which colours are transparent has the length of its kind.
    @Test func transparencyThatCannotBe() throws {
        func chunk(_ type: String, _ data: [UInt8]) -> [UInt8] {
            func number(_ value: UInt32) -> [UInt8] {
                (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) }
            }
            let body = Array(type.utf8) + data
            var crc: UInt32 = 0xFFFF_FFFF
            for byte in body {
                crc ^= UInt32(byte)
                for _ in 0..<8 { crc = crc >> 1 ^ (crc & 1 == 1 ? 0xEDB8_8320 : 0) }
            }
            return number(UInt32(data.count)) + body + number(~crc)
        }
        for name in ["png/valid-palette", "png/valid-grey-1-bit", "png/valid-alpha"] {
            let bytes = try seed(name)
            let pixels = try #require((8..<bytes.count).first { bytes[$0...].starts(with: Array("IDAT".utf8)) }) - 4
            for length in [0, 1, 2, 5, 6, 300] {
                let type = bytes[25]
                let entries = (8..<pixels).first { bytes[$0...].starts(with: Array("PLTE".utf8)) }.map {
                    (Int(bytes[$0 - 2]) << 8 | Int(bytes[$0 - 1])) / 3
                }
                let fits = type == 0 ? length == 2 : type == 3 && 1...(entries ?? 1) ~= length
                let said = message(
                    Array(bytes[..<pixels] + chunk("tRNS", [UInt8](repeating: 0, count: length)) + bytes[pixels...]))
                let refused = "x is damaged ('tRNS' of \(length) bytes); fetch it again"
                #expect(fits ? said.hasPrefix("read ") : said == refused, "\(name), \(length): \(said)")
            }
        }
    }

    /// A PNG's checks find every flipped bit that a pixel could depend on.
    @Test(arguments: whole.filter { $0.hasPrefix("png") }) func flippedBitsOfPNG(name: String) throws {
        let bytes = try seed(name)
        let whole = try ImageDecoder.decode(bytes, named: "x")
        for bit in 0..<bytes.count * 8 {
            var flipped = bytes
            flipped[bit / 8] ^= 1 << UInt8(bit % 8)
            if let decoded = try? ImageDecoder.decode(flipped, named: "x") {
                let isSame = decoded.image == whole.image
                #expect(isSame, "bit \(bit)")
            }
        }
    }

    /// A JPEG has no checks: what is read then has the pixels that its header speaks of.
    @Test(arguments: whole.filter { $0.hasPrefix("jpeg") }) func flippedBitsOfJPEG(name: String) throws {
        let bytes = try seed(name)
        var refused = 0
        for bit in 0..<bytes.count * 8 {
            var flipped = bytes
            flipped[bit / 8] ^= 1 << UInt8(bit % 8)
            let said = message(flipped)
            if !said.hasPrefix("read ") {
                refused += 1
                #expect(said.hasPrefix("x ") && said.utf8.count < 200)
            }
        }
        #expect(refused > bytes.count)
    }

    /// What is remembered of each piece would take more memory than its few bytes.
    @Test(arguments: [(90_000, true), (100_001, false)]) func manyPieces(count: Int, isRead: Bool) throws {
        let jpeg = try seed("jpeg/valid-progressive")
        // A byte that belongs to nothing, and a segment that says nothing.
        let stray: [UInt8] = [0x00, 0xFF, 0xE5, 0x00, 0x02]
        let many = jpeg.prefix(2) + stray.dropFirst() + (0..<count).flatMap { _ in stray } + jpeg.dropFirst(2)
        let pieces = "x is damaged (more than 100000 pieces or wrong numbers)"
        #expect(message(Array(many)).hasPrefix(isRead ? "read 17" : pieces))
        let png = try seed("png/valid-alpha")
        let empty: [UInt8] = [0, 0, 0, 0] + Array("IDAT".utf8) + [0x35, 0xAF, 0x06, 0x1E]
        let at = try #require(png.indices.first { png[$0...].starts(with: Array("IDAT".utf8)) }) - 4
        let chunks = png[..<at] + (0..<count).flatMap { _ in empty } + png[at...]
        #expect(message(Array(chunks)).hasPrefix(isRead ? "read 17" : "x is damaged (more than 100000 chunks)"))
    }

    @Test func limitsBeforeDecoding() throws {
        func message(_ name: String, _ change: (inout DecodingLimits) -> Void) throws -> String {
            var limits = DecodingLimits()
            change(&limits)
            return self.message(try seed(name), limits)
        }
        let (jpeg, png) = ("jpeg/valid-progressive", "png/valid-alpha")
        #expect(try message(jpeg) { $0.bytes = 537 } == "x has 538 bytes; up to 537 are read")
        #expect(try message(jpeg) { $0.bytes = 538 } == "read 17")
        for name in [jpeg, png] {
            #expect(
                try message(name) { $0.pixels = 152 } == "x has 17×9 pixels; up to 152 are read: make it smaller")
            #expect(try message(name) { $0.pixels = 153 } == "read 17")
        }
        // The file, 153 pixels of 3 bytes, and six blocks each of 64 coefficients for the two units of 16×16.
        let needed = 538 + 459 + 2 * 6 * 128
        #expect(
            try message(jpeg) { $0.memory = needed - 1 }
                == "x takes \(needed) bytes to decode; up to \(needed - 1) are used: make it smaller")
        #expect(try message(jpeg) { $0.memory = needed } == "read 17")
        #expect(try message(png) { $0.memory = 801 }.hasPrefix("x takes 802 bytes to decode"))
        #expect(try message(png) { $0.memory = 802 } == "read 17")
        #expect(try message(jpeg) { $0.scans = 9 } == "x has 10 scans of 17×9 pixels; save it with fewer scans")
        #expect(try message(jpeg) { $0.scans = 10 } == "read 17")
        #expect(
            try message(jpeg) { $0.scannedPixels = 1529 } == "x has 10 scans of 17×9 pixels; save it with fewer scans")
        #expect(try message(jpeg) { $0.scannedPixels = 1530 } == "read 17")
    }

    /// Stored blocks of zeros behind a pixel's own bytes; libpng would inflate them all.
    @Test func pixelsBehindTheLastRow() throws {
        func png(blocks: Int) -> [UInt8] {
            func word(_ value: Int) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) } }
            func chunk(_ name: String, _ data: [UInt8]) -> [UInt8] {
                var crc: UInt32 = .max
                for byte in Array(name.utf8) + data {
                    crc ^= UInt32(byte)
                    for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
                }
                return word(data.count) + Array(name.utf8) + data + word(Int(~crc))
            }
            let block: [UInt8] = [0, 0xFF, 0xFF, 0, 0] + [UInt8](repeating: 0, count: 65_535)
            let data: [UInt8] = [0x78, 0x01] + Array([[UInt8]](repeating: block, count: blocks).joined())
            return [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
                + chunk("IHDR", word(1) + word(1) + [8, 2, 0, 0, 0]) + chunk("IDAT", data) + chunk("IEND", [])
        }
        #expect(message(png(blocks: 2)) == "x holds more compressed data than its 1×1 pixels take; save it again")
        #expect(message(png(blocks: 1)) == "x is damaged (Not enough image data); fetch it again")
    }

    @Test func orientationsCanBeIgnored() throws {
        let bytes = try seed("jpeg/valid-turned")
        let turned = try ImageDecoder.decode(bytes, named: "x")
        let plain = try ImageDecoder.decode(bytes, named: "x", ignoresOrientation: true)
        #expect(turned.orientation == .left && plain.orientation == .left)
        #expect((turned.image.width, turned.image.height) == (9, 17))
        #expect((plain.image.width, plain.image.height) == (17, 9))
        #expect(Array(turned.image.pixels.prefix(3)) == Array(plain.image.pixels[8 * 17 * 3..<8 * 17 * 3 + 3]))
    }
}
