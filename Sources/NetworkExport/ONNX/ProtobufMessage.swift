import Foundation

/// A message in the wire format of protocol buffers (https://protobuf.dev/programming-guides/encoding).
struct ProtobufMessage {
    private(set) var bytes = Data()

    private mutating func varint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    private mutating func tag(_ field: Int, _ wireType: UInt64) { varint(UInt64(field) << 3 | wireType) }

    mutating func add(_ field: Int, _ value: Int) {
        tag(field, 0)
        varint(UInt64(bitPattern: Int64(value)))
    }

    mutating func add(_ field: Int, _ value: Float) {
        tag(field, 5)
        for i in 0..<4 { bytes.append(UInt8(truncatingIfNeeded: value.bitPattern >> (8 * i))) }
    }

    mutating func add(_ field: Int, _ data: Data) {
        tag(field, 2)
        varint(UInt64(data.count))
        bytes.append(data)
    }

    mutating func add(_ field: Int, _ text: String) { add(field, Data(text.utf8)) }

    mutating func add(_ field: Int, _ message: ProtobufMessage) { add(field, message.bytes) }
}
