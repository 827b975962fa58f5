import Foundation

/// A message in the wire format of protocol buffers (https://protobuf.dev/programming-guides/encoding).
package struct ProtobufMessage: Sendable {
    /// The message's bytes so far.
    package private(set) var bytes = Data()

    /// An empty message.
    package init() {}

    private mutating func varint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    private mutating func tag(_ field: Int, _ wireType: UInt64) { varint(UInt64(field) << 3 | wireType) }

    private mutating func littleEndian(_ bits: UInt64, count: Int) {
        for i in 0..<count { bytes.append(UInt8(truncatingIfNeeded: bits >> (8 * UInt64(i)))) }
    }

    /// Adds a whole number, of any of the types that are no `sint`.
    package mutating func add(_ field: Int, _ value: Int) {
        tag(field, 0)
        varint(UInt64(bitPattern: Int64(value)))
    }

    /// Adds a `float`.
    package mutating func add(_ field: Int, _ value: Float) {
        tag(field, 5)
        littleEndian(UInt64(value.bitPattern), count: 4)
    }

    /// Adds a `double`.
    package mutating func add(_ field: Int, _ value: Double) {
        tag(field, 1)
        littleEndian(value.bitPattern, count: 8)
    }

    /// Adds `bytes`.
    package mutating func add(_ field: Int, _ data: Data) {
        tag(field, 2)
        varint(UInt64(data.count))
        bytes.append(data)
    }

    /// Adds a `string`.
    package mutating func add(_ field: Int, _ text: String) { add(field, Data(text.utf8)) }

    /// Adds a message.
    package mutating func add(_ field: Int, _ message: ProtobufMessage) { add(field, message.bytes) }

    /// Adds whole numbers, packed.
    package mutating func add(_ field: Int, packed values: [Int]) {
        var numbers = ProtobufMessage()
        for value in values { numbers.varint(UInt64(bitPattern: Int64(value))) }
        add(field, numbers)
    }

    /// Adds `float`s, packed.
    package mutating func add(_ field: Int, packed values: [Float]) {
        var numbers = ProtobufMessage()
        for value in values { numbers.littleEndian(UInt64(value.bitPattern), count: 4) }
        add(field, numbers)
    }
}
