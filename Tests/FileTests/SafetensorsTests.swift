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

    @Test func everyFlippedByteIsRefusedOrReadWithinTheFile() throws {
        let folder = TemporaryFolder()
        try sample().write(to: folder("x"))
        let whole = try Data(contentsOf: URL(fileURLWithPath: folder("x")))
        var refused = 0
        for i in whole.indices {
            for bit in 0..<8 {
                var broken = whole
                broken[i] ^= 1 << bit
                do {
                    let read = try Safetensors(broken, named: "bad")
                    #expect(read.tensors.values.reduce(0) { $0 + $1.bytes.count } == 11)
                } catch let error as FileError {
                    #expect(
                        error.description.hasPrefix("bad is not a whole safetensors file: ")
                            && !error.description.contains("\n"))
                    refused += 1
                }
            }
        }
        // Names, the note, the arrays themselves and most white space may change; nothing else.
        #expect(refused > whole.count * 8 / 2)
    }

    private func message(_ bytes: Data) -> String {
        do {
            return "read \(try Safetensors(bytes, named: "bad").tensors.count)"
        } catch { return "\(error)" }
    }
    private func file(_ header: String, _ data: Data = Data()) -> Data {
        var out = Data(count: 8)
        for i in 0..<8 { out[i] = UInt8(truncatingIfNeeded: header.utf8.count >> (8 * i)) }
        return out + Data(header.utf8) + data
    }
    /// A file of one array.
    private func one(_ type: String = "U8", shape: String, offsets: String, _ data: Data = Data([1])) -> String {
        message(file(#"{"a":{"dtype":"\#(type)","shape":\#(shape),"data_offsets":\#(offsets)}}"#, data))
    }

    @Test func sentencesSayWhatAndWhere() throws {
        #expect(message(Data()).contains("it has 0 bytes, the header's length alone takes 8"))
        #expect(message(Data([1])).contains("it has 1 bytes, the header's length alone takes 8"))
        #expect(
            message(Data(repeating: 255, count: 9)).contains(
                "byte 0 announces a header of 18446744073709551615 bytes, the file has 9 in all"))
        #expect(message(file("[]")).contains("the header at byte 8: an object was expected"))
        #expect(message(file("")).contains("the header at byte 8: it is no valid JSON"))
        #expect(one("Q3", shape: "[1]", offsets: "[0,1]").contains("'a' has the unknown type 'Q3'; known are BF16, "))
        #expect(
            one(shape: "[2]", offsets: "[0,1]").contains("'a' has data_offsets [0, 1] where [2] of U8 takes 2 bytes"))
        #expect(one("F32", shape: "[1]", offsets: "[0,1]").contains("where [1] of F32 takes 4 bytes"))
        #expect(
            one(shape: "[1]", offsets: "[1,2]", Data([1, 2])).contains(
                "'a' starts at data byte 1, not 0 where the array before it ends"))
        #expect(one(shape: "[1]", offsets: "[0,1]", Data([1, 2])).contains("1 bytes follow the last array"))
        #expect(one(shape: "[]", offsets: "[0,1]") == "read 1")
        let folder = TemporaryFolder()
        #expect(throws: FileError("there is no file \(folder("none"))")) { try Safetensors(contentsOf: folder("none")) }
    }

    @Test(arguments: [
        "[9223372036854775806,9223372036854775807]", "[-1,0]", "[1,0]", "[0,2]", "[0]", "[0,1,1]",
        "[0,9223372036854775807]",
    ])
    func offsetsOutsideTheFile(offsets: String) {
        #expect(
            one(shape: "[1]", offsets: offsets).contains("'a' has data_offsets "),
            "\(one(shape: "[1]", offsets: offsets))")
    }

    @Test(arguments: [
        "[9223372036854775807,4]", "[4294967296,4294967296]", "[0,4294967296,4294967296]", "[-1]", "[-1,-1]",
        "[4611686018427387904,0,4]",
    ])
    func shapesThatCannotBeCounted(shape: String) {
        #expect(one(shape: shape, offsets: "[0,1]").contains("'a' has the impossible shape"))
    }

    @Test func numbersThatAreNone() {
        for number in ["1.5", "1e400", "99999999999999999999", "NaN", "true", "null", "\"1\"", "Infinity", "--1"] {
            let text = one(shape: "[\(number)]", offsets: "[0,1]")
            #expect(text.contains("the header at byte 8: ") && !text.contains("\n"), "\(text)")
        }
        #expect(
            one(shape: "[" + [String](repeating: "1", count: 65).joined(separator: ",") + "]", offsets: "[0,1]")
                .contains("'a' has 65 dimensions"))
    }

    @Test func headersThatAreNotOne() {
        let entry = #"{"dtype":"U8","shape":[1],"data_offsets":[0,1]}"#
        #expect(message(file(#"{"a":\#(entry),"a":\#(entry)}"#, Data([1]))).contains("byte 53 names 'a' a second time"))
        #expect(message(file(#"{"a":\#(entry),"\u0061":\#(entry)}"#, Data([1]))).contains("names 'a' a second time"))
        #expect(message(file(String(repeating: "[", count: 100_000))).contains("nested over 8 deep"))
        #expect(message(file(#"{"__metadata__":{"a":1}}"#)).contains("a text was expected at __metadata__.a"))
        #expect(
            message(file(#"{"a":{"shape":[1],"data_offsets":[0,1]}}"#, Data([1]))).contains("'dtype' is missing at a"))
        #expect(message(file(#"{"a\n\u001bb":{}}"#)).contains(#"'dtype' is missing at a\u{a}\u{1b}b"#))
        // Both arrays in the same byte, and a hole between two.
        #expect(
            message(file(#"{"a":\#(entry),"b":\#(entry)}"#, Data([1]))).contains("'b' starts at data byte 0, not 1"))
        let far = entry.replacing("[0,1]", with: "[2,3]")
        #expect(
            message(file(#"{"a":\#(entry),"b":\#(far)}"#, Data([1, 2, 3]))).contains("'b' starts at data byte 2, not 1")
        )
    }

    @Test func aHeaderOverTheReferencesLimit() throws {
        var data = Data(count: 8 + 100_000_001)
        for i in 0..<8 { data[i] = UInt8(truncatingIfNeeded: 100_000_001 >> (8 * i)) }
        #expect(message(data).contains("byte 0 announces a header of 100000001 bytes; up to 100000000 are read"))
    }

    @Test func aFailedWriteLeavesNothingBehind() throws {
        let folder = TemporaryFolder()
        #expect(throws: FileError.self) { try AtomicFile.write(Data([1]), to: folder("missing/x")) }
        try AtomicFile.makeFolder(folder("taken"))
        #expect(throws: FileError.self) { try AtomicFile.write(Data([1]), to: folder("taken")) }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["taken"])
    }
}
