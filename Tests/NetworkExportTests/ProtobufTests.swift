import Foundation
import Protobuf
import Testing

/// The examples of https://protobuf.dev/programming-guides/encoding, and what is no message.
@Suite struct ProtobufTests {
    @Test func writesTheExamplesOfTheSpecification() {
        var number = ProtobufMessage()
        number.add(1, 150)
        #expect(Array(number.bytes) == [0x08, 0x96, 0x01])
        var text = ProtobufMessage()
        text.add(2, "testing")
        #expect(Array(text.bytes) == [0x12, 0x07, 0x74, 0x65, 0x73, 0x74, 0x69, 0x6e, 0x67])
        var nested = ProtobufMessage()
        nested.add(3, number)
        #expect(Array(nested.bytes) == [0x1a, 0x03, 0x08, 0x96, 0x01])
        var negative = ProtobufMessage()
        negative.add(1, -2)
        #expect(Array(negative.bytes) == [0x08, 0xfe] + [UInt8](repeating: 0xff, count: 8) + [0x01])
        var float = ProtobufMessage()
        float.add(20, Float(1))
        #expect(Array(float.bytes) == [0xa5, 0x01, 0x00, 0x00, 0x80, 0x3f])
    }

    @Test func readsWhatItWrote() throws {
        var message = ProtobufMessage()
        for value in [0, 1, 127, 128, 300, Int.max, Int.min, -1] { message.add(7, value) }
        message.add(8, Float(-0.5))
        message.add(9, Data([1, 2]))
        var reader = ProtobufReader(message.bytes)
        var numbers: [Int] = []
        while let (field, value) = try reader.next() {
            switch (field, value) {
            case (7, .varint(let value)): numbers.append(Int(bitPattern: UInt(value)))
            case (8, .fixed32(let bits)): #expect(Float(bitPattern: bits) == -0.5)
            case (9, .bytes(let data)): #expect(Array(data) == [1, 2])
            default: Issue.record("field \(field)")
            }
        }
        #expect(numbers == [0, 1, 127, 128, 300, Int.max, Int.min, -1])
    }

    @Test(
        arguments: [
            ([0x08], "byte 1: it ends in the middle of a number"),
            ([0x08, 0x80], "byte 2: it ends in the middle of a number"),
            ([0x08] + [UInt8](repeating: 0xff, count: 9) + [0x02], "byte 11: a number of over 64 bits"),
            ([0x12, 0x03, 0x00, 0x00], "byte 2: 3 bytes go beyond the end"),
            ([0x0d, 0x00, 0x00, 0x00], "byte 1: it ends in the middle of a number"),
            ([0x0b], "byte 1: wire type 3 is not read here"), ([0x09], "byte 1: wire type 1 is not read here"),
            ([0x00, 0x00], "byte 1: field 0 is none"),
        ] as [([UInt8], String)]) func whatIsNoMessage(bytes: [UInt8], sentence: String)
    {
        var reader = ProtobufReader(Data(bytes))
        #expect(throws: ProtobufError(sentence)) { _ = try reader.next() }
    }
}
