import Foundation

/// Numbers as bytes: a property list of single numbers takes three times the room. Lists of older studies are read too.
struct PackedFloats: Codable {
    let values: [Float]

    init(_ values: [Float]) { self.values = values }

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let data = try? container.decode(Data.self) else {
            values = try container.decode([Float].self)
            return
        }
        guard data.count % 4 == 0 else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "half a number")
        }
        // All supported platforms are little endian; the bytes are the memory.
        values = [Float](unsafeUninitializedCapacity: data.count / 4) { buffer, count in
            _ = data.copyBytes(to: UnsafeMutableRawBufferPointer(buffer))
            count = data.count / 4
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(values.withUnsafeBytes { Data($0) })
    }
}
