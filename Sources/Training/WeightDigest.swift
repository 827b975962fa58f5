import Crypto
import Files
import Foundation
import WeightFiles

/// The SHA-256 of a file, in hexadecimal.
/// - Throws: `FileError`.
package func fileDigest(_ path: String) throws -> String { fileDigest(of: try AtomicFile.read(path, mapped: true)) }

/// SHA-256 of bytes, in hexadecimal.
package func fileDigest(of bytes: Data) -> String {
    SHA256.hash(data: bytes).map { String(format: "%02x", $0) }.joined()
}

/// Weights and checkpoints carry the SHA-256 of their arrays in the metadata, so that damage inside an array is
/// noticed.
extension Safetensors {
    private static let digestKey = "sha256"

    /// Writes the file atomically, with the digest of its arrays.
    /// - Throws: `FileError`.
    func writeWithDigest(to path: String) throws {
        var file = self
        file.metadata[Self.digestKey] = digest
        try file.write(to: path)
    }

    /// Reads a file, and checks its arrays where it carries their digest.
    /// - Throws: `FileError` that says what is wrong and where.
    init(verifying path: String) throws {
        try self.init(contentsOf: path)
        guard let expected = metadata[Self.digestKey], expected != digest else { return }
        throw FileError(
            "\(path): its arrays do not match their SHA-256; it was damaged after it was written, take another copy")
    }

    private var digest: String {
        var hash = SHA256()
        for array in arrays { hash.update(data: array) }
        return hash.finalize().map { String(format: "%02x", $0) }.joined()
    }
}
