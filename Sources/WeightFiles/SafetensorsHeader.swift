import Files
import Foundation

/// The JSON header of a safetensors file: one entry per array, and metadata.
struct SafetensorsHeader: Decodable {
    /// Where an array lies: `offsets[0]..<offsets[1]` of the bytes after the header.
    struct Entry: Decodable {
        let dtype: String
        let shape: [Int]
        let offsets: [Int]
        private enum CodingKeys: String, CodingKey {
            case dtype, shape
            case offsets = "data_offsets"
        }
    }
    /// The arrays by name.
    let entries: [String: Entry]
    /// Free text by name.
    let metadata: [String: String]

    /// The name that stands for the metadata.
    static let metadataKey = "__metadata__"
    /// As in the reference implementation.
    private static let limits = JSONLimits(bytes: 100_000_000, depth: 8)

    /// Decodes a header's bytes.
    /// - Throws: `FileError` that begins with `name`.
    static func decode(_ data: Data, named name: String) throws -> SafetensorsHeader {
        try JSONFile.decode(Self.self, from: data, named: name, JSONDecoder(), limits)
    }

    /// The length that a file's first eight bytes announce.
    /// - Throws: `FileError` with a clause when they announce more than there can be.
    static func length(in file: Data) throws -> Int {
        guard file.count >= 8 else { throw FileError("it has \(file.count) bytes, the header's length alone takes 8") }
        let length = file.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard length <= UInt64(file.count - 8) else {
            throw FileError("byte 0 announces a header of \(length) bytes, the file has \(file.count) in all")
        }
        guard length <= UInt64(limits.bytes) else {
            throw FileError("byte 0 announces a header of \(length) bytes; up to \(limits.bytes) are read")
        }
        return Int(length)
    }

    private struct Name: CodingKey {
        let stringValue: String
        let intValue: Int? = nil
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { return nil }
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Name.self)
        var entries: [String: Entry] = [:]
        var metadata: [String: String] = [:]
        for name in container.allKeys {
            if name.stringValue == Self.metadataKey {
                metadata = try container.decode([String: String].self, forKey: name)
            } else {
                entries[name.stringValue] = try container.decode(Entry.self, forKey: name)
            }
        }
        self.entries = entries
        self.metadata = metadata
    }
}
