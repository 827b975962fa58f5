import Foundation

/// Reads messages whose fields are all known, however they nest; those of one file share a budget.
package protocol ProtobufDecoder {
    /// How many fields may still be read: each takes a multiple of its bytes in memory.
    var fieldsLeft: Int { get set }
}

/// Far more fields than any network's file has.
package let mostProtobufFields = 5_000_000
/// The most numbers in one of the lists that hold sizes and the like.
private let mostNumbers = 64

extension ProtobufDecoder {
    /// Hands each field of a message to `take`, which says whether it knows it; one that is not known is refused, not
    /// skipped: it might mean something.
    /// - Throws: `ProtobufError`, and what `take` throws.
    package mutating func each(
        _ data: Data, of what: String, _ take: (inout Self, Int, ProtobufReader.Value) throws -> Bool
    ) throws {
        var reader = ProtobufReader(data)
        while let (field, value) = try reader.next() {
            fieldsLeft -= 1
            guard fieldsLeft >= 0 else { throw reader.fail("over \(mostProtobufFields) fields") }
            guard try take(&self, field, value) else { throw reader.fail("field \(field) of \(what) is not read here") }
        }
    }

    /// The key and the value's bytes of an entry of a map.
    /// - Throws: `ProtobufError`.
    package mutating func entry(_ data: Data, of what: String) throws -> (key: String, value: Data) {
        var (key, bytes) = ("", Data())
        try each(data, of: "an entry of \(what)") { decoder, field, value in
            switch (field, value) {
            case (1, .bytes(let data)): key = try decoder.text(data)
            case (2, .bytes(let data)): bytes = data
            default: return false
            }
            return true
        }
        return (key, bytes)
    }

    /// Adds a field's whole numbers, packed or not: parsers must take both.
    /// - Throws: `ProtobufError`, also where there are over 64.
    package func add(_ value: ProtobufReader.Value, to numbers: inout [Int]) throws {
        switch value {
        case .varint(let number): numbers.append(int(number))
        case .bytes(let data):
            var reader = ProtobufReader(data)
            numbers += try reader.packed().map(int)
        case .fixed32: throw ProtobufError("a whole number was expected")
        }
        guard numbers.count <= mostNumbers else { throw ProtobufError("over 64 numbers in one list") }
    }

    /// A whole number of any type that is no `sint`.
    package func int(_ value: UInt64) -> Int { Int(bitPattern: UInt(value)) }

    /// A text.
    /// - Throws: `ProtobufError`.
    package func text(_ data: Data) throws -> String {
        guard let text = String(data: data, encoding: .utf8) else { throw ProtobufError("a text is not UTF-8") }
        return text
    }
}
