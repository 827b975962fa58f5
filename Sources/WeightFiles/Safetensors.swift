import Crypto
import Files
import Foundation

/// A named array in a safetensors file.
public struct StoredTensor: Equatable {
    /// The element type as safetensors spells it: `F32`, `F64`, `I64`, `U8`, ...
    public let type: String
    /// The sizes of the dimensions.
    public let shape: [Int]
    /// The elements in row-major order, little endian.
    public let bytes: Data

    /// An array; `bytes` must fill the shape.
    public init(type: String, shape: [Int], bytes: Data) {
        self.type = type
        self.shape = shape
        self.bytes = bytes
    }
}

/// A safetensors file (github.com/huggingface/safetensors): a JSON header, then raw arrays; nothing in it can run.
///
/// Files written here carry the SHA-256 of their arrays in the header's metadata, checked on load where present.
public struct Safetensors {
    /// The arrays by name.
    public var tensors: [String: StoredTensor]
    /// Free text by name.
    public var metadata: [String: String]

    /// A file's contents.
    public init(tensors: [String: StoredTensor], metadata: [String: String] = [:]) {
        self.tensors = tensors
        self.metadata = metadata
    }

    private static let digestKey = "sha256"
    private static let elementBytes = [
        "F64": 8, "I64": 8, "U64": 8, "F32": 4, "I32": 4, "U32": 4, "F16": 2, "BF16": 2, "I16": 2, "U16": 2, "U8": 1, "I8": 1,
        "BOOL": 1,
    ]

    /// Writes the file atomically.
    /// - Throws: `FileError`.
    public func write(to path: String) throws {
        var header: [String: Any] = [:]
        var offset = 0
        var hash = SHA256()
        var pieces: [Data] = []
        for (name, tensor) in tensors.sorted(by: { $0.key < $1.key }) {
            header[name] = [
                "dtype": tensor.type, "shape": tensor.shape, "data_offsets": [offset, offset + tensor.bytes.count],
            ]
            offset += tensor.bytes.count
            hash.update(data: tensor.bytes)
            pieces.append(tensor.bytes)
        }
        var metadata = metadata
        metadata[Self.digestKey] = hex(hash.finalize())
        header["__metadata__"] = metadata
        var json = try JSONSerialization.data(withJSONObject: header, options: [.sortedKeys, .withoutEscapingSlashes])
        json.append(Data(repeating: 0x20, count: (8 - json.count % 8) % 8))
        var length = Data(count: 8)
        for i in 0..<8 { length[i] = UInt8(truncatingIfNeeded: json.count >> (8 * i)) }
        try AtomicFile.write([length, json] + pieces, to: path)
    }

    /// Reads and checks a file; the arrays stay mapped, not copied.
    /// - Throws: `FileError` that says what is wrong and at which byte.
    public init(contentsOf path: String) throws {
        let data = try AtomicFile.read(path, mapped: true)
        func refuse(_ reason: String) -> FileError { FileError("\(path) is not a whole safetensors file: \(reason)") }
        guard data.count >= 8 else { throw refuse("it has \(data.count) bytes, the header's length alone takes 8") }
        let length = (0..<8).reduce(UInt64(0)) { $0 | UInt64(data[data.startIndex + $1]) << (8 * UInt64($1)) }
        guard length <= 100_000_000, Int(length) + 8 <= data.count else {
            throw refuse("byte 0 announces a header of \(length) bytes, the file has \(data.count) in all")
        }
        let start = 8 + Int(length)
        let parsed = try? JSONSerialization.jsonObject(with: data[data.startIndex + 8..<data.startIndex + start])
        guard let header = parsed as? [String: Any] else { throw refuse("the header at byte 8 is no JSON object") }
        var tensors: [String: StoredTensor] = [:]
        var ranges: [(Range<Int>, String)] = []
        for (name, value) in header where name != "__metadata__" {
            guard let entry = value as? [String: Any], let type = entry["dtype"] as? String,
                let shape = entry["shape"] as? [Int], let offsets = entry["data_offsets"] as? [Int], offsets.count == 2
            else { throw refuse("the header's entry '\(name)' lacks dtype, shape or data_offsets") }
            guard let size = Self.elementBytes[type] else { throw refuse("'\(name)' has the unknown type '\(type)'") }
            guard shape.allSatisfy({ $0 >= 0 }), let count = product(shape + [size]) else {
                throw refuse("'\(name)' has the impossible shape \(shape)")
            }
            guard offsets[0] >= 0, offsets[1] >= offsets[0], offsets[1] - offsets[0] == count else {
                throw refuse("'\(name)' has data_offsets \(offsets) where \(shape) of \(type) takes \(count) bytes")
            }
            guard offsets[1] <= data.count - start else {
                throw refuse("'\(name)' ends at byte \(start + offsets[1]), the file has \(data.count)")
            }
            ranges.append((offsets[0]..<offsets[1], name))
            let from = data.startIndex + start
            tensors[name] = StoredTensor(type: type, shape: shape, bytes: data[from + offsets[0]..<from + offsets[1]])
        }
        // The format allows neither overlaps nor gaps.
        var next = 0
        for (range, name) in ranges.sorted(by: { ($0.0.lowerBound, $0.0.upperBound) < ($1.0.lowerBound, $1.0.upperBound) }) {
            guard range.lowerBound == next else { throw refuse("'\(name)' starts at byte \(start + range.lowerBound), not \(start + next)") }
            next = range.upperBound
        }
        guard next == data.count - start else { throw refuse("\(data.count - start - next) bytes follow the last array") }
        let metadata = header["__metadata__"] as? [String: String] ?? [:]
        if let expected = metadata[Self.digestKey] {
            var hash = SHA256()
            hash.update(data: data[(data.startIndex + start)...])
            guard hex(hash.finalize()) == expected else {
                throw refuse("its arrays do not match their SHA-256; it was damaged after it was written")
            }
        }
        self.tensors = tensors
        self.metadata = metadata
    }
}

private func product(_ numbers: [Int]) -> Int? {
    var result = 1
    for n in numbers {
        let (next, overflow) = result.multipliedReportingOverflow(by: n)
        if overflow { return nil }
        result = next
    }
    return result
}

private func hex(_ digest: SHA256.Digest) -> String {
    digest.map { byte in String(byte >> 4, radix: 16) + String(byte & 15, radix: 16) }.joined()
}
