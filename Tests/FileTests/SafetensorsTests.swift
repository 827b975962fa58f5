import Files
import Foundation
import TestSupport
import Testing

@testable import WeightFiles

@Suite struct SafetensorsTests {
    private func sample() -> Safetensors {
        Safetensors(
            tensors: [
                "b": StoredTensor(type: "F32", shape: [2], bytes: Data([0, 0, 128, 63, 0, 0, 0, 64])),
                "a": StoredTensor(type: "U8", shape: [3], bytes: Data([1, 2, 3])),
            ], metadata: ["note": "hello"])
    }

    @Test func whatIsWrittenComesBack() throws {
        let folder = TemporaryFolder()
        try sample().write(to: folder("x"))
        let back = try Safetensors(contentsOf: folder("x"))
        #expect(back.tensors == sample().tensors && back.metadata["note"] == "hello")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["x"])
    }

    @Test func everyTruncationIsRefused() throws {
        let folder = TemporaryFolder()
        try sample().write(to: folder("x"))
        let whole = try Data(contentsOf: URL(fileURLWithPath: folder("x")))
        for length in 0..<whole.count {
            try whole.prefix(length).write(to: URL(fileURLWithPath: folder("cut")))
            #expect(throws: FileError.self) { try Safetensors(contentsOf: folder("cut")) }
        }
    }

    @Test func everyFlippedByteIsRefusedOrHarmless() throws {
        let folder = TemporaryFolder()
        try sample().write(to: folder("x"))
        let whole = try Data(contentsOf: URL(fileURLWithPath: folder("x")))
        for i in whole.indices {
            var broken = whole
            broken[i] ^= 0x10
            try broken.write(to: URL(fileURLWithPath: folder("bad")))
            // A flip in a name or note is seen by whoever asks for the name; one in the arrays never passes.
            if let read = try? Safetensors(contentsOf: folder("bad")) {
                #expect(Set(read.tensors.values.map(\.bytes)) == Set(sample().tensors.values.map(\.bytes)))
            }
        }
    }

    @Test func sentencesSayWhatAndWhere() throws {
        let folder = TemporaryFolder()
        func message(_ bytes: Data) throws -> String {
            try bytes.write(to: URL(fileURLWithPath: folder("bad")))
            do {
                _ = try Safetensors(contentsOf: folder("bad"))
                return ""
            } catch { return "\(error)" }
        }
        func file(_ header: String, _ data: Data = Data()) -> Data {
            var out = Data(count: 8)
            for i in 0..<8 { out[i] = UInt8(truncatingIfNeeded: header.utf8.count >> (8 * i)) }
            return out + Data(header.utf8) + data
        }
        #expect(try message(Data([1])).hasSuffix("it has 1 bytes, the header's length alone takes 8"))
        #expect(try message(Data(repeating: 255, count: 9)).contains("byte 0 announces a header of 18446744073709551615 bytes"))
        #expect(try message(file("[]")).contains("the header at byte 8 is no JSON object"))
        #expect(try message(file(#"{"a":{"dtype":"Q3","shape":[1],"data_offsets":[0,1]}}"#, Data([1]))).contains("'a' has the unknown type 'Q3'"))
        #expect(try message(file(#"{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,1]}}"#, Data([1]))).contains("[2] of U8 takes 2 bytes"))
        #expect(try message(file(#"{"a":{"dtype":"U8","shape":[9223372036854775807,4],"data_offsets":[0,1]}}"#, Data([1]))).contains("impossible shape"))
        #expect(try message(file(#"{"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}"#, Data([1, 2]))).contains("starts at byte"))
        #expect(throws: FileError("there is no file \(folder("none"))")) { try Safetensors(contentsOf: folder("none")) }
    }

    @Test func aFailedWriteLeavesNothingBehind() throws {
        let folder = TemporaryFolder()
        #expect(throws: FileError.self) { try AtomicFile.write(Data([1]), to: folder("missing/x")) }
        try AtomicFile.makeFolder(folder("taken"))
        #expect(throws: FileError.self) { try AtomicFile.write(Data([1]), to: folder("taken")) }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["taken"])
    }
}
