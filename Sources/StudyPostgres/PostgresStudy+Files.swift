import Digests
import Files
import Foundation
import Studies

// Files that workers fetch: in parts of a MiB, by their SHA-256, so that the same bytes are there once.
extension PostgresStudy: FileSharing {
    private static let part = 1 << 20
    /// Bytes of a file; more than any DenseNet's weights.
    private static let most = 4 << 30

    public func share(_ files: [String: Data], as name: String, by ownership: Ownership) throws {
        let digests = files.mapValues { SHA256.hexadecimal(of: $0) }
        let list = try CanonicalJSON.text(digests)
        try write(by: ownership) { connection in
            for (file, bytes) in files.sorted(by: { $0.key < $1.key }) {
                guard let digest = digests[file] else { continue }
                let there = try connection.run(
                    "SELECT coalesce(sum(octet_length(bytes)), 0)::int8 AS size FROM ads.blob WHERE study = $1 AND digest = $2",
                    .int(id), .text(digest))
                if there.int(0, "size") == bytes.count, !bytes.isEmpty { continue }
                try connection.run("DELETE FROM ads.blob WHERE study = $1 AND digest = $2", .int(id), .text(digest))
                for (number, start) in stride(from: 0, to: max(1, bytes.count), by: Self.part).enumerated() {
                    let range = bytes.startIndex + start..<bytes.startIndex + min(start + Self.part, bytes.count)
                    try connection.run(
                        "INSERT INTO ads.blob (study, digest, part, bytes) VALUES ($1, $2, $3, $4)", .int(id),
                        .text(digest), .int(number), .bytes(bytes[range]))
                }
            }
            try connection.run(
                """
                INSERT INTO ads.shared (study, name, files) VALUES ($1, $2, $3)
                ON CONFLICT (study, name) DO UPDATE SET files = excluded.files
                """, .int(id), .text(name), .text(list))
        }
    }

    public func shared(_ name: String) throws -> [String: String]? {
        try link.perform { connection in
            let row = try connection.run(
                "SELECT \(StoredTrial.short("files", 65_536)) FROM ads.shared WHERE study = $1 AND name = $2", .int(id),
                .text(name))
            guard row.count > 0 else { return nil }
            let damage = Damage(what: "the list of files of \(name)")
            guard let text = row.text(0, "files") else { throw damage }
            let files = try CanonicalJSON.value([String: String].self, text, damage.what)
            guard files.count <= 100, files.values.allSatisfy(Self.isDigest) else { throw damage }
            return files
        }
    }

    public func sharedFile(_ digest: String) throws -> Data {
        try link.perform { connection in
            let found = try connection.run(
                """
                SELECT count(*) AS parts, coalesce(sum(octet_length(bytes)), 0)::int8 AS size FROM ads.blob
                WHERE study = $1 AND digest = $2
                """, .int(id), .text(digest))
            let damage = Damage(what: "the file \(digest.prefix(12))…")
            guard let parts = found.int(0, "parts"), let size = found.int(0, "size"), parts > 0, 0...Self.most ~= size
            else {
                throw damage
            }
            var bytes = Data(capacity: size)
            for part in 0..<parts {
                let row = try connection.run(
                    "SELECT bytes FROM ads.blob WHERE study = $1 AND digest = $2 AND part = $3", .int(id),
                    .text(digest),
                    .int(part))
                guard !link.isGivenUp else { throw FileError("the fetching of weights from \(name) was ended") }
                guard let more = row.bytes(0, "bytes"), bytes.count + more.count <= size else { throw damage }
                bytes += more
            }
            guard SHA256.hexadecimal(of: bytes) == digest else { throw damage }
            return bytes
        }
    }

    private static func isDigest(_ text: String) -> Bool {
        text.utf8.count == 64 && text.allSatisfy { $0.isHexDigit && !$0.isUppercase }
    }
}
