import Foundation
import Testing
import WeightFiles

@testable import NetworkExport

/// The file of weights, byte for byte as coremltools 9.0 writes it.
@Suite struct WeightBlobTests {
    private func file() -> (Data, [Int]) {
        var blobs = WeightBlobs()
        let offsets = [[Float(1), -2], [Float](repeating: 0.5, count: 17)].map { blobs.add($0.littleEndianBytes) }
        return (blobs.file.reduce(Data(), +), offsets)
    }

    @Test func theBytes() {
        let (bytes, offsets) = file()
        #expect(offsets == [64, 192])
        var expected = [UInt8](repeating: 0, count: 256 + 68)
        func put(_ place: Int, _ values: [UInt8]) {
            expected.replaceSubrange(place..<place + values.count, with: values)
        }
        put(0, [2, 0, 0, 0, 2])
        put(64, [0xef, 0xbe, 0xad, 0xde, 2, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 128])
        put(128, [0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0])
        put(192, [0xef, 0xbe, 0xad, 0xde, 2, 0, 0, 0, 68, 0, 0, 0, 0, 0, 0, 0, 0, 1])
        for i in 0..<17 { put(256 + 4 * i, [0, 0, 0, 0x3f]) }
        #expect(Array(bytes) == expected)
    }

    @Test func areReadBack() throws {
        let (bytes, offsets) = file()
        var reader = try WeightBlobs.Reader(bytes, named: "x")
        #expect(reader.count == 2)
        #expect(try reader.floats(at: offsets[0]) == [1, -2])
        #expect(try reader.floats(at: offsets[1]) == [Float](repeating: 0.5, count: 17))
    }

    @Test func whatIsRefused() throws {
        let (bytes, _) = file()
        func message(_ offset: Int = 64, _ change: (inout Data) -> Void = { _ in }) -> String {
            var bytes = bytes
            change(&bytes)
            do {
                var reader = try WeightBlobs.Reader(bytes, named: "x")
                _ = try reader.floats(at: offset)
                return ""
            } catch { return "\(error)" }
        }
        #expect(message() == "")
        #expect(message { $0 = $0.prefix(63) } == "x is no file of weights: it has 63 bytes")
        #expect(message { $0[4] = 1 } == "x is no file of weights of version 2: it says 1")
        for offset in [0, -64, 65, 320, Int.max, Int.min] {
            #expect(message(offset) == "the weights have no record at byte \(offset)")
        }
        #expect(message(128) == "the weights have no array of floats at byte 128")
        #expect(message { $0[68] = 1 } == "the weights have no array of floats at byte 64")
        #expect(message(192) { $0 = $0.prefix(323) } == "the weights' array at byte 192 is said to be 68 bytes at 256")
        #expect(message { $0[72] = 7 } == "the weights' array at byte 64 is said to be 7 bytes at 128")
        #expect(message { $0[80] = 64 } == "the weights' array at byte 64 is said to be 8 bytes at 64")
        #expect(message { $0[80] = 129 } == "the weights' array at byte 64 is said to be 8 bytes at 129")
        #expect(message { $0[79] = 0xff }.hasSuffix(" bytes at 128"))
        #expect(message { $0[87] = 0xff }.contains("is said to be 8 bytes at "))
    }

    /// Arrays that overlap, of which a small file could hold many, take no more memory than the file.
    @Test func overlappingArraysAreRefused() throws {
        let (bytes, offsets) = file()
        var reader = try WeightBlobs.Reader(bytes, named: "x")
        var read = 0
        #expect(throws: ExportError.self) {
            for _ in 0..<100 { read += try reader.floats(at: offsets[1]).count }
        }
        #expect(read == 17 * 4)
    }
}
