import Files
import Foundation
import TestSupport
import Testing

@testable import Runs

/// The log of the test set: appended to, never rewritten, never taken for empty.
@Suite struct TestUsesTests {
    @Test func usesAreAppended() throws {
        let scratch = TemporaryFolder()
        let run = RunFolder(scratch.path)
        #expect(try run.readTestUses().isEmpty)
        try run.noteTestUse(command: "one", accuracy: 0.5)
        let first = try Data(contentsOf: URL(fileURLWithPath: run.testUses))
        try run.noteTestUse(command: "two", accuracy: 0.25)
        #expect(try run.readTestUses().map { $0?.command } == ["one", "two"])
        #expect(try run.readTestUses().map { $0?.accuracy } == [0.5, 0.25])
        #expect(try Data(contentsOf: URL(fileURLWithPath: run.testUses)).starts(with: first))
    }

    /// A line that was cut off is a use of which no more is known; those before and after it stay.
    @Test func aDamagedLineLeavesTheOthers() throws {
        let scratch = TemporaryFolder()
        let run = RunFolder(scratch.path)
        try run.noteTestUse(command: "one", accuracy: 0.5)
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: run.testUses))
        try file.seekToEnd()
        try file.write(contentsOf: Data("{\"accuracy\":0.".utf8))
        try file.close()
        try run.noteTestUse(command: "three", accuracy: 0.25)
        #expect(try run.readTestUses().map { $0?.command } == ["one", nil, "three"])
    }

    @Test func aLogThatCannotBeReadIsNoEmptyOne() throws {
        let scratch = TemporaryFolder()
        let run = RunFolder(scratch.path)
        try FileManager.default.createDirectory(atPath: run.testUses, withIntermediateDirectories: true)
        let read = #expect(throws: FileError.self) { try run.readTestUses() }
        #expect("\(try #require(read))".contains("test-uses.jsonl is a folder"))
        let noted = #expect(throws: FileError.self) { try run.noteTestUse(command: "one", accuracy: 0.5) }
        #expect("\(try #require(noted))".contains("cannot open \(run.testUses) to add a line"))
    }
}
