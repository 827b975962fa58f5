import Files
import Foundation
import TestSupport
import Testing

/// A file that grows in place: what is right in it stays, what is not is replaced.
@Suite struct GrowingFileTests {
    private let scratch = TemporaryFolder()

    private func written(_ text: String, over old: String?) throws -> String {
        let path = scratch("f")
        unlink(path)
        if let old { try Data(old.utf8).write(to: URL(fileURLWithPath: path)) }
        try GrowingFile.write(Data(text.utf8), to: path)
        return try String(contentsOfFile: path, encoding: .utf8)
    }

    @Test(arguments: [nil, "", "abc", "abcdef", "abX", "Xbcdef", "abcdefghi", "X"] as [String?])
    func holdsWhatItIsGiven(old: String?) throws {
        #expect(try written("abcdef", over: old) == "abcdef")
        #expect(try written("", over: old) == "")
    }

    /// Whoever has it open reads on.
    @Test func isTheSameFile() throws {
        let path = scratch("f")
        try GrowingFile.write(Data("abc".utf8), to: path)
        let reader = try #require(FileHandle(forReadingAtPath: path))
        #expect(reader.availableData == Data("abc".utf8))
        try GrowingFile.write(Data("abcdef".utf8), to: path)
        #expect(reader.availableData == Data("def".utf8))
    }

    @Test func whatIsNoFile() throws {
        #expect(throws: FileError("\(scratch.path) is no regular file and is not written to; move it away")) {
            try GrowingFile.write(Data([1]), to: scratch.path)
        }
        mkfifo(scratch("pipe"), 0o600)
        #expect(throws: FileError("\(scratch("pipe")) is no regular file and is not written to; move it away")) {
            try GrowingFile.write(Data([1]), to: scratch("pipe"))
        }
        #expect(throws: FileError("cannot open \(scratch("none/f")): no such file or directory")) {
            try GrowingFile.write(Data([1]), to: scratch("none/f"))
        }
        // A link to a file is followed.
        try FileManager.default.createSymbolicLink(atPath: scratch("link"), withDestinationPath: scratch("f"))
        try Data().write(to: URL(fileURLWithPath: scratch("f")))
        try GrowingFile.write(Data("ab".utf8), to: scratch("link"))
        #expect(try String(contentsOfFile: scratch("f"), encoding: .utf8) == "ab")
    }
}
