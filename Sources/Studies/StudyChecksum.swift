import Digests
import Foundation

/// What a stored row's checksum is of: everything in it that a damaged page must not change unnoticed.
package enum StudyChecksum {
    /// The first 8 bytes of the SHA-256 of all parts, each after its length.
    package static func of(_ parts: [Data]) -> String {
        let hash = SHA256()
        for part in parts {
            withUnsafeBytes(of: UInt64(part.count).littleEndian) { hash.update($0) }
            hash.update(part)
        }
        return SHA256.hexadecimal(hash.digest().prefix(8))
    }

    /// The same of texts.
    package static func of(_ parts: String...) -> String { of(parts.map { Data($0.utf8) }) }
}
