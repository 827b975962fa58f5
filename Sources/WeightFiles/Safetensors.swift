import Files
import Foundation

/// A safetensors file (github.com/huggingface/safetensors): a JSON header, then raw arrays; nothing in it can run.
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

    /// The arrays' bytes in the order of their names, as `write` puts them.
    public var arrays: [Data] { tensors.sorted { $0.key < $1.key }.map(\.value.bytes) }

    /// Writes the file atomically.
    /// - Throws: `FileError`.
    public func write(to path: String) throws { try AtomicFile.write(encoded(), to: path) }

    /// The file's bytes, in pieces.
    package func encoded() throws -> [Data] {
        var header: [String: Any] = [:]
        var offset = 0
        for (name, tensor) in tensors.sorted(by: { $0.key < $1.key }) {
            header[name] = [
                "dtype": tensor.type, "shape": tensor.shape, "data_offsets": [offset, offset + tensor.bytes.count],
            ]
            offset += tensor.bytes.count
        }
        if !metadata.isEmpty { header[SafetensorsHeader.metadataKey] = metadata }
        var json = try JSONSerialization.data(withJSONObject: header, options: [.sortedKeys, .withoutEscapingSlashes])
        json.append(Data(repeating: 0x20, count: (8 - json.count % 8) % 8))
        var length = Data(count: 8)
        for i in 0..<8 { length[i] = UInt8(truncatingIfNeeded: json.count >> (8 * i)) }
        return [length, json] + arrays
    }

    /// Reads and checks a file; the arrays stay mapped, not copied.
    /// - Throws: `FileError` that says what is wrong and where.
    public init(contentsOf path: String) throws {
        try self.init(AtomicFile.read(path, mapped: true), named: path)
    }

    /// Checks the bytes of a file, which the arrays are then slices of.
    /// - Throws: `FileError` that begins with `name` and says what is wrong and where.
    public init(_ file: Data, named name: String) throws {
        func refuse(_ reason: String) -> FileError {
            FileError("\(name) is not a whole safetensors file: \(reason); fetch or write it again")
        }
        let header: SafetensorsHeader
        let body: Data
        do {
            let length = try SafetensorsHeader.length(in: file)
            header = try SafetensorsHeader.decode(file.dropFirst(8).prefix(length), named: "the header at byte 8")
            body = file.dropFirst(8 + length)
        } catch { throw refuse("\(error)") }

        var tensors: [String: StoredTensor] = [:]
        for (key, entry) in header.entries {
            do {
                let range = try Self.range(of: entry, in: body)
                tensors[key] = StoredTensor(
                    type: entry.dtype, shape: entry.shape,
                    bytes: body[body.startIndex + range.lowerBound..<body.startIndex + range.upperBound])
            } catch let error as StoredTensorError {
                throw refuse("'\(key.inSentence)' has \(error.description)")
            }
        }
        // The format allows neither overlaps nor gaps.
        var next = 0
        let inOrder = header.entries.sorted {
            ($0.value.offsets[0], $0.value.offsets[1], $0.key) < ($1.value.offsets[0], $1.value.offsets[1], $1.key)
        }
        for (key, entry) in inOrder {
            guard entry.offsets[0] == next else {
                throw refuse(
                    "'\(key.inSentence)' starts at data byte \(entry.offsets[0]), not \(next) where the array before it ends"
                )
            }
            next = entry.offsets[1]
        }
        guard next == body.count else { throw refuse("\(body.count - next) bytes follow the last array") }
        self.tensors = tensors
        metadata = header.metadata
    }

    /// An entry's bytes, counted from the header's end.
    private static func range(of entry: SafetensorsHeader.Entry, in body: Data) throws -> Range<Int> {
        let count = try StoredTensor.byteCount(type: entry.dtype, shape: entry.shape)
        // No difference or sum of offsets is computed before both lie within the file.
        guard entry.offsets.count == 2, 0...body.count ~= entry.offsets[0],
            entry.offsets[0]...body.count ~= entry.offsets[1]
        else {
            throw StoredTensorError(
                "data_offsets \("\(entry.offsets.prefix(3))".inSentence) in a file with \(body.count) bytes of arrays")
        }
        guard entry.offsets[1] - entry.offsets[0] == count else {
            throw StoredTensorError(
                "data_offsets \(entry.offsets) where \(entry.shape) of \(entry.dtype) takes \(count) bytes")
        }
        return entry.offsets[0]..<entry.offsets[1]
    }
}
