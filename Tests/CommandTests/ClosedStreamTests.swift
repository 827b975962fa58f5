import Foundation
import TestSupport
import Testing

@testable import Reporting
@testable import ads

/// Terminals that were closed, disks that are full: what is said to nobody ends nothing, and what is printed to nobody
/// is no success.
@Suite struct ClosedStreamTests {
    private let folder = TemporaryFolder()

    private func shell(_ command: String) throws -> Finished {
        try run("/bin/sh", ["-c", command.replacing("ads ", with: Program.folder + "/ads ")])
    }

    /// Runs a command with a pipe as descriptor 4 whose reader is gone.
    private func unread(_ command: String) throws -> Finished {
        let pipe = folder(UUID().uuidString)
        return try shell("mkfifo \(pipe); exec 3<>\(pipe) 4>\(pipe) 3<&-; \(command); exit $?")
    }

    @Test func whatIsSaidToNobody() throws {
        let network =
            #"{"blocks":[2],"growth_rate":2,"bottleneck":false,"compression":1,"stem":{"kind":"cifar","channels":4},"input_channels":3,"image_size":32,"classes":10}"#
        try network.write(toFile: folder("a.json"), atomically: true, encoding: .utf8)
        let train =
            "ads train --data shapes --arch \(folder("a.json")) --epochs 1 --limit-train 64 --batch-size 32 --out "
        #expect(try shell(train + folder("run") + " 2>/dev/full").status == 0)
        #expect(FileManager.default.fileExists(atPath: folder("run/result.json")))
        // A log's reader that went away, as tee that was killed.
        #expect(try unread(train + folder("unread") + " 2>&4").status == 0)
        #expect(FileManager.default.fileExists(atPath: folder("unread/result.json")))
        #expect(try shell("ads inspect --arch none 2>/dev/full").status == 64)
        #expect(try shell("ads inspect --arch none 2>&-").status == 64)
    }

    @Test func whatIsPrintedToNobody() throws {
        for command in ["ads inspect --arch densenet-40-12", "ads inspect --arch densenet-40-12 --json"] {
            let lost = try shell(command + " >/dev/full")
            #expect(lost.status == 1 && lost.errors == "ads: cannot write to stdout: No space left on device\n")
            #expect(try shell(command + " >/dev/null").status == 0)
        }
    }

    /// Help, the version and completions are printed, too; a closed stdout is nobody's file; and `head` that has enough
    /// ends who writes to it as shells expect.
    @Test func whatIsPrintedInVain() throws {
        for command in ["ads --help", "ads --version", "ads help search", "ads --generate-completion-script bash"] {
            let lost = try shell(command + " >/dev/full")
            #expect(lost.status == 1 && lost.errors == "ads: cannot write to stdout: No space left on device\n")
            let closed = try shell(command + " >&-")
            #expect(closed.status == 1 && closed.errors == "ads: cannot write to stdout: Bad file descriptor\n")
            #expect(try shell(command + " >/dev/null").status == 0)
        }
        let headless = try unread("ads inspect --arch densenet-40-12 --json >&4")
        #expect(headless.status == 128 + SIGPIPE && headless.errors.isEmpty)
    }

    /// Numbers that are too far apart for a picture, and times that are none.
    @Test func numbersWithoutASize() {
        #expect(duration(-1e300) == "unknown time" && duration(.nan) == "unknown time" && duration(-2) == "-2 s")
        let far = Charts.Series(name: "s", points: [(0, 1.7e308), (1, -1.7e308)], isLine: true, color: 0)
        #expect(Charts.plot([far], x: "x", y: "y", format: { "\($0)" }, xFormat: { "\($0)" }).contains("<svg"))
        #expect(SearchConsole.curve([-1.7e308, 1.7e308]) == "" && SearchConsole.curve([0, 1]) == "▁█")
    }

    /// What a worker wrote is text in a spreadsheet, too.
    @Test func noFormulas() {
        for text in ["=1+1", "+1", "-1", "@x", "\tx", "\r"] { #expect(StudyTrialsCommand.plain(text) == "'" + text) }
        for text in ["", "host 7", "a=b"] { #expect(StudyTrialsCommand.plain(text) == text) }
    }
}
