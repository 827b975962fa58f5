import Files
import Foundation
import TestSupport
import Testing

/// What lies where a file is written.
@Suite struct AtomicTargetTests {
    @Test func aLinkStaysALink() throws {
        let folder = TemporaryFolder()
        try AtomicFile.write(Data("old".utf8), to: folder("file"))
        try FileManager.default.createSymbolicLink(atPath: folder("link"), withDestinationPath: folder("file"))
        try AtomicFile.write(Data("new".utf8), to: folder("link"))
        #expect(try AtomicFile.read(folder("file")) == Data("new".utf8))
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: folder("link")) == folder("file"))
    }

    @Test func whatIsNoFileIsNotReplaced() throws {
        let folder = TemporaryFolder()
        #expect(mkfifo(folder("pipe"), 0o644) == 0)
        try FileManager.default.createDirectory(atPath: folder("folder"), withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(atPath: folder("lost"), withDestinationPath: folder("nothing"))
        try FileManager.default.createSymbolicLink(atPath: folder("piped"), withDestinationPath: folder("pipe"))
        func refused(_ name: String, _ sentence: String) {
            #expect(throws: FileError("\(folder(name)) \(sentence)")) {
                try AtomicFile.write(Data("x".utf8), to: folder(name))
            }
        }
        refused("pipe", "is no regular file and is not replaced; choose another name")
        refused("piped", "is no regular file and is not replaced; choose another name")
        refused("folder", "is a folder; choose a file's name")
        refused("lost", "is a link to nowhere; remove it or choose another name")
        #expect(throws: FileError("/dev/null is no regular file and is not replaced; choose another name")) {
            try AtomicFile.write(Data("x".utf8), to: "/dev/null")
        }
        let left = try FileManager.default.contentsOfDirectory(atPath: folder("."))
        #expect(left.sorted() == ["folder", "lost", "pipe", "piped"])
    }
}
