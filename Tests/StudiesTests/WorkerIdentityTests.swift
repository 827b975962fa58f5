import Foundation
import TestSupport
import Testing

@testable import Studies

/// Dead is only what is surely dead.
@Suite struct WorkerIdentityTests {
    private let here = WorkerIdentity.current

    private func changed(
        process: Int32? = nil, started: UInt64? = nil, boot: String?? = .none, namespace: String?? = .none
    ) -> WorkerIdentity {
        WorkerIdentity(
            host: here.host, process: process ?? here.process, started: started ?? here.started,
            boot: boot ?? here.boot,
            namespace: namespace ?? here.namespace)
    }

    /// A process that has ended and was waited for.
    private func ended() throws -> Int32 {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", "exit 0"]
        try process.run()
        process.waitUntilExit()
        return process.processIdentifier
    }

    @Test(
        .enabled(
            if: FileManager.default.fileExists(atPath: "/proc/self/ns/pid"),
            "skipped: processes are known on Linux only"))
    func whoIsDead() throws {
        #expect(here.boot != nil && here.namespace?.hasPrefix("pid:[") == true && here.started > 0)
        #expect(!here.isDead)
        let gone = try ended()
        #expect(changed(process: gone).isDead)
        #expect(changed(started: here.started + 1).isDead, "its number is another process' now")
        // The same number, elsewhere: nothing is known.
        for other in [
            changed(process: gone, boot: "another boot"), changed(process: gone, namespace: "pid:[1]"),
            changed(process: gone, boot: .some(nil)),
            changed(process: gone, namespace: .some(nil)), changed(started: here.started + 1, namespace: "pid:[1]"),
            changed(process: 0), changed(process: -1), changed(started: 0),
        ] {
            #expect(!other.isDead, "\(other)")
        }
        // One who does not know where it is itself judges nobody.
        let lost = WorkerIdentity(host: here.host, process: here.process, started: here.started)
        #expect(!changed(process: gone).isDead(seenFrom: lost) && !lost.isDead(seenFrom: lost))
    }

    /// Identities of older versions, which had neither boot nor namespace, are read and never dead.
    @Test func olderIdentities() throws {
        let json = Data(#"{"host":"node1","process":2147483646,"started":5}"#.utf8)
        let old = try JSONDecoder().decode(WorkerIdentity.self, from: json)
        #expect(old == WorkerIdentity(host: "node1", process: .max - 1, started: 5) && !old.isDead)
        #expect("\(old)" == "process 2147483646 on node1")
    }

    /// A container with the same host name, in which the process' number is another's or nobody's.
    @Test func anotherContainer() throws {
        let unshare = ["unshare", "--pid", "--fork", "--mount-proc", "readlink", "/proc/self/ns/pid"]
        guard let inside = try? run("/usr/bin/env", unshare), inside.status == 0 else {
            // Not everybody may make a namespace.
            return
        }
        let namespace = inside.output.trimmingCharacters(in: .whitespacesAndNewlines)
        #expect(namespace.hasPrefix("pid:[") && namespace != here.namespace)
        #expect(!changed(process: try ended(), namespace: namespace).isDead)
    }
}
