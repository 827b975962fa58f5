import Foundation
import Studies

/// A worker of this machine whose process has ended.
func endedWorker() throws -> WorkerIdentity {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = ["-c", "exit 0"]
    try process.run()
    process.waitUntilExit()
    let here = WorkerIdentity.current
    return WorkerIdentity(
        host: "node3", process: process.processIdentifier, started: 5, boot: here.boot, namespace: here.namespace)
}
