import Foundation

/// The CRC-32 of zip files (polynomial 0xEDB88320, reflected; PKWARE's APPNOTE 4.4.7).
enum Checksum {
    /// For the byte at each of eight places: a step then takes eight bytes at once.
    private static let tables: [UInt32] = {
        var tables = [UInt32](repeating: 0, count: 8 * 256)
        for byte in 0..<256 {
            var value = UInt32(byte)
            for _ in 0..<8 { value = value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1 }
            tables[byte] = value
        }
        for place in 1..<8 {
            for byte in 0..<256 {
                let before = tables[(place - 1) * 256 + byte]
                tables[place * 256 + byte] = before >> 8 ^ tables[Int(before & 0xFF)]
            }
        }
        return tables
    }()

    /// The checksum of some bytes.
    static func crc32(_ data: Data) -> UInt32 {
        tables.withUnsafeBufferPointer { table in
            data.withUnsafeBytes { bytes in
                var value = ~UInt32(0)
                let whole = bytes.count / 8 * 8
                for at in stride(from: 0, to: whole, by: 8) {
                    let word =
                        UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self)) ^ UInt64(value)
                    value = 0
                    for place in 0..<8 {
                        value ^= table[(7 - place) * 256 + Int(truncatingIfNeeded: word >> (8 * UInt64(place)) & 0xFF)]
                    }
                }
                for byte in bytes[whole...] { value = value >> 8 ^ table[Int((value ^ UInt32(byte)) & 0xFF)] }
                return ~value
            }
        }
    }
}
