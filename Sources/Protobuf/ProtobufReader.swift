import Foundation

/// Why bytes are no message.
package struct ProtobufError: Error, Equatable, CustomStringConvertible {
    /// A clause that says what and, where it is known, at which byte.
    package let description: String

    /// An error with its clause.
    package init(_ description: String) { self.description = description }
}

/// The fields of a message, read from front to back; no length in them is believed before it is compared with what is
/// left.
package struct ProtobufReader {
    /// A field's value as it is encoded; what it means is the message's to say.
    package enum Value {
        case varint(UInt64)
        case fixed32(UInt32)
        case bytes(Data)
    }
    private let data: Data
    private var position: Int

    /// A message's bytes; of a part of a file the error still counts from the file's start.
    package init(_ data: Data) {
        self.data = data
        position = data.startIndex
    }

    /// The next field; `nil` at the end.
    /// - Throws: `ProtobufError`.
    package mutating func next() throws -> (field: Int, value: Value)? {
        guard position < data.endIndex else { return nil }
        let tag = try varint()
        let field = tag >> 3
        guard 1...536_870_911 ~= field else { throw fail("field \(field) is none") }
        switch tag & 7 {
        case 0: return (Int(field), .varint(try varint()))
        case 2:
            let count = try varint()
            guard count <= UInt64(data.endIndex - position) else { throw fail("\(count) bytes go beyond the end") }
            return (Int(field), .bytes(take(Int(count))))
        case 5: return (Int(field), .fixed32(try fixed32()))
        default: throw fail("wire type \(tag & 7) is not read here")
        }
    }

    /// The numbers of packed bytes.
    /// - Throws: `ProtobufError`.
    package mutating func packed() throws -> [UInt64] {
        var out: [UInt64] = []
        while position < data.endIndex { out.append(try varint()) }
        return out
    }

    /// The `float`s of packed bytes.
    /// - Throws: `ProtobufError`.
    package mutating func packedFloats() throws -> [Float] {
        var out: [Float] = []
        while position < data.endIndex { out.append(Float(bitPattern: try fixed32())) }
        return out
    }

    private mutating func varint() throws -> UInt64 {
        var (value, shift) = (UInt64(0), 0)
        while position < data.endIndex {
            let byte = data[position]
            position += 1
            guard shift < 63 || byte <= 1 else { throw fail("a number of over 64 bits") }
            value |= UInt64(byte & 0x7F) << UInt64(shift)
            if byte < 0x80 { return value }
            shift += 7
        }
        throw fail("it ends in the middle of a number")
    }

    private mutating func fixed32() throws -> UInt32 {
        guard data.endIndex - position >= 4 else { throw fail("it ends in the middle of a number") }
        return take(4).reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }

    private mutating func take(_ count: Int) -> Data {
        defer { position += count }
        return data[position..<position + count]
    }

    func fail(_ reason: String) -> ProtobufError { ProtobufError("byte \(position): \(reason)") }
}
