import Foundation
import Testing

@testable import Studies

/// Processes that have ended though their numbers are still there.
@Suite(
    .enabled(
        if: FileManager.default.fileExists(atPath: "/proc/self/ns/pid"),
        "skipped: processes are known on Linux only"))
struct EndedProcessTests {
    private let here = WorkerIdentity.current

    private func identity(_ process: Int32, _ started: UInt64) -> WorkerIdentity {
        WorkerIdentity(
            host: here.host, process: process, started: started, boot: here.boot, namespace: here.namespace)
    }

    /// A zombie has ended; its parent, a Python, has not looked yet. It started when it did.
    @Test func aZombieIsDead() throws {
        let program = """
            import os, signal, sys
            child = os.fork()
            if child == 0:
                signal.pause()
            start = open(f"/proc/{child}/stat").read().rsplit(")", 1)[1].split()[19]
            print(child, start, flush=True)
            sys.stdin.readline()
            os.kill(child, signal.SIGKILL)
            os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
            print("zombie", flush=True)
            sys.stdin.readline()
            """
        let (parent, input, output) = (Process(), Pipe(), Pipe())
        parent.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        parent.arguments = ["python3", "-c", program]
        parent.standardInput = input
        parent.standardOutput = output
        try parent.run()
        defer {
            try? input.fileHandleForWriting.close()
            parent.waitUntilExit()
        }
        // A Python that does not buffer writes a line in pieces.
        func line() -> String {
            var bytes = Data()
            while bytes.last != UInt8(ascii: "\n") {
                let more = output.fileHandleForReading.availableData
                if more.isEmpty { break }
                bytes += more
            }
            return String(decoding: bytes, as: UTF8.self)
        }
        let parts = line().split(whereSeparator: \.isWhitespace)
        try #require(parts.count == 2)
        let (process, started) = (try #require(Int32(parts[0])), try #require(UInt64(parts[1])))
        #expect(!identity(process, started).isDead && identity(process, started + 1).isDead)
        try input.fileHandleForWriting.write(contentsOf: Data("\n".utf8))
        #expect(line() == "zombie\n")
        #expect(identity(process, started).isDead)
    }

    /// The first process of a system is one like any other: of another start it is another.
    @Test(.enabled(if: FileManager.default.isReadableFile(atPath: "/proc/1/stat"), "skipped: it is hidden"))
    func theFirstProcess() {
        #expect(identity(1, .max).isDead && !identity(1, 0).isDead)
    }

    /// What an earlier call left in errno says nothing of a process that lives.
    @Test func anOldErrorIsNone() {
        _ = here.isDead
        errno = ESRCH
        let isDead = identity(here.process, 0).isDead
        #expect(!isDead)
    }
}
