import Crypto
import Foundation

/// What a stored row's checksum is of: everything in it that a damaged page must not change unnoticed.
package enum StudyChecksum {
    /// The first 8 bytes of the SHA-256 of all parts, each after its length.
    package static func of(_ parts: [Data]) -> String {
        var hash = SHA256()
        for part in parts {
            withUnsafeBytes(of: UInt64(part.count).littleEndian) { hash.update(bufferPointer: $0) }
            hash.update(data: part)
        }
        return hash.finalize().prefix(8).map { String(format: "%02x", $0) }.joined()
    }

    /// The same of texts.
    package static func of(_ parts: String...) -> String { of(parts.map { Data($0.utf8) }) }
}
