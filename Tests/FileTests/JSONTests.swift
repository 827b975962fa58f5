import Foundation
import TestSupport
import Testing

@testable import Files

@Suite struct JSONTests {
    private struct Value: Decodable, Equatable {
        var a: [[Int]]
    }

    private func message(_ text: String, _ limits: JSONLimits = JSONLimits()) -> String {
        message(Data(text.utf8), limits)
    }
    private func message(_ text: Data, _ limits: JSONLimits = JSONLimits()) -> String {
        do {
            return "read \(try JSONFile.decode(Value.self, from: text, named: "x.json", JSONDecoder(), limits).a)"
        } catch { return "\(error)" }
    }

    @Test func whatIsReadAndWhatIsNot() {
        #expect(message(#"{"a": [[1, 2], []], "b": "{\"a\", [\\", "c": {"a": 1}}"#) == "read [[1, 2], []]")
        #expect(message("") == "x.json: it is no valid JSON")
        #expect(message("{") == "x.json: it is no valid JSON")
        #expect(message("{\"a") == "x.json: it is no valid JSON")
        #expect(message("{\"a\\") == "x.json: it is no valid JSON")
        #expect(message("{}") == "x.json: 'a' is missing")
        #expect(message(#"{"a": [[1, "x"]]}"#) == "x.json: a whole number was expected at a.[0].[1]")
        #expect(message(#"{"a": [[null]]}"#).hasPrefix("x.json: a whole number was expected at a.[0].[0]"))
        for number in ["1e400", "1.5", "-99999999999999999999"] {
            #expect(message(#"{"a": [[\#(number)]]}"#).hasPrefix("x.json: "))
        }
    }

    /// JSON's words for types, and keys as the file has them.
    @Test func wordsOfTheFile() {
        struct Inner: Decodable { var growthRate: Int }
        struct Words: Decodable {
            var list: [Int]?
            var object: [String: Int]?
            var number: Double?
            var text: String?
            var flag: Bool?
            var natural: UInt64?
            var firstBlock: Inner?
        }
        func message(_ text: String, _ keys: JSONDecoder.KeyDecodingStrategy) -> String {
            let decoder = JSONDecoder()
            decoder.keyDecodingStrategy = keys
            do {
                return "\(try JSONFile.decode(Words.self, from: Data(text.utf8), named: "x", decoder))"
            } catch { return "\(error)" }
        }
        let expected = [
            (#"{"list":1}"#, "a list was expected at list"), (#"{"object":1}"#, "an object was expected at object"),
            (#"{"number":"1"}"#, "a number was expected at number"), (#"{"text":1}"#, "a text was expected at text"),
            (#"{"flag":1}"#, "true or false was expected at flag"),
            (#"{"natural":"1"}"#, "a whole number of 0 or more was expected at natural"),
            (#"{"first_block":{}}"#, "'growth_rate' is missing at first_block"),
            (#"{"first_block":{"growth_rate":"1"}}"#, "a whole number was expected at first_block.growth_rate"),
        ]
        for (text, sentence) in expected { #expect(message(text, .convertFromSnakeCase) == "x: \(sentence)") }
        #expect(message(#"{"firstBlock":{}}"#, .useDefaultKeys) == "x: 'growthRate' is missing at firstBlock")
    }

    @Test func aKeyIsThereOnce() {
        #expect(message(#"{"a": [], "a": [[1]]}"#) == "x.json: byte 10 names 'a' a second time")
        #expect(message(#"{"a": [], "\u0061": [[1]]}"#) == "x.json: byte 10 names 'a' a second time")
        #expect(message(#"{"a": [], "b": {"c": 1, "c": 2}}"#).hasSuffix("names 'c' a second time"))
        #expect(message(#"{"a": [], "b": [{"c": 1}, {"c": 2}, "c", "c"], "d": {"a": "a"}}"#) == "read []")
    }

    @Test func textsAreBounded() {
        let limits = JSONLimits(bytes: 60, depth: 3, values: 8)
        #expect(message(#"{"a": [[1]]}"#, limits) == "read [[1]]")
        #expect(message(#"{"a": [[1]], "b": [[[]]]}"#, limits) == "x.json: byte 20 is nested over 3 deep")
        #expect(message(#"{"a": [[1, 2, 3, 4, 5]]}"#, limits) == "read [[1, 2, 3, 4, 5]]")
        #expect(message(#"{"a": [[1, 2, 3, 4, 5, 6]]}"#, limits) == "x.json: it holds over 8 values; fewer are read")
        #expect(message(#"{"a": []}"# + String(repeating: " ", count: 51), limits) == "read []")
        #expect(
            message(#"{"a": []}"# + String(repeating: " ", count: 52), limits)
                == "x.json: it has 61 bytes of JSON; up to 60 are read")
        #expect(message(String(repeating: "[", count: 1_000_000)).hasSuffix("nested over 32 deep"))
    }

    @Test func otherEncodingsAreRefused() throws {
        let text = #"{"a": [], "a": []}"#
        #expect(
            message(try #require(text.data(using: .utf16LittleEndian))).contains("byte 1 is 0; JSON is read in UTF-8"))
        #expect(message(try #require(text.data(using: .utf16))).contains("it does not begin as JSON in UTF-8 does"))
        #expect(
            message(Data([0xEF, 0xBB, 0xBF]) + Data(text.utf8)).contains("it does not begin as JSON in UTF-8 does"))
    }

    @Test func namesInSentencesAreShortAndOnOneLine() {
        #expect("plain name".inSentence == "plain name")
        #expect("a\nb\u{1b}[2J\u{202e}c\u{2028}".inSentence == #"a\u{a}b\u{1b}[2J\u{202e}c\u{2028}"#)
        #expect(String(repeating: "x", count: 80).inSentence == String(repeating: "x", count: 80))
        #expect(String(repeating: "x", count: 81).inSentence == String(repeating: "x", count: 80) + "…")
    }

    @Test func onlyRegularFilesOfASizeAreRead() throws {
        let folder = TemporaryFolder()
        try Data(count: 10).write(to: URL(fileURLWithPath: folder("ten")))
        #expect(try AtomicFile.read(folder("ten"), atMost: 10).count == 10)
        #expect(throws: FileError("\(folder("ten")) has 10 bytes; up to 9 are read")) {
            try AtomicFile.read(folder("ten"), atMost: 9)
        }
        #expect(throws: FileError("\(folder.path) is a folder; a file was expected")) {
            try AtomicFile.read(folder.path)
        }
        // Both would never end.
        try #require(mkfifo(folder("pipe"), 0o600) == 0)
        for path in [folder("pipe"), "/dev/zero"] {
            #expect(throws: FileError("\(path) is no regular file; copy what it gives into one")) {
                try AtomicFile.read(path)
            }
        }
    }
}
