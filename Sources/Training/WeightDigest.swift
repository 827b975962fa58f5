import Digests
import Files
import Foundation
import WeightFiles

/// The SHA-256 of a file, in hexadecimal.
/// - Throws: `FileError`.
package func fileDigest(_ path: String) throws -> String {
    SHA256.hexadecimal(of: try AtomicFile.read(path, mapped: true))
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
        try checkDigest(path)
    }

    /// Checks the arrays of a file that is named as somebody's weights; one of another format carries no digest.
    /// - Throws: as above.
    package static func checkDigest(of path: String) throws {
        try (try? Safetensors(contentsOf: path))?.checkDigest(path)
    }

    private func checkDigest(_ path: String) throws {
        guard let expected = metadata[Self.digestKey], expected != digest else { return }
        throw FileError(
            "\(path): its arrays do not match their SHA-256; it was damaged after it was written, take another copy")
    }

    private var digest: String {
        let hash = SHA256()
        for array in arrays { hash.update(array) }
        return hash.hexadecimal
    }
}
