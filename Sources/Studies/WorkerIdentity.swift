import Files
import Foundation

/// A process that works on a study.
public struct WorkerIdentity: Codable, Sendable, Hashable, CustomStringConvertible {
    /// The machine's name, for people: containers and machines may share it.
    public let host: String
    /// The process.
    public let process: Int32
    /// When it started, in clock ticks since boot; 0 where it is not known. It tells the process from a later one of
    /// its number.
    public let started: UInt64
    /// The running system; absent where it is not known, and in studies of older versions.
    public let boot: String?
    /// The numbering of processes that `process` belongs to; absent where it is not known.
    public let namespace: String?

    /// An identity from its parts.
    public init(host: String, process: Int32, started: UInt64, boot: String? = nil, namespace: String? = nil) {
        (self.host, self.process, self.started) = (host, process, started)
        (self.boot, self.namespace) = (boot, namespace)
    }

    /// This process.
    public static let current: WorkerIdentity = {
        let place = ProcessTable.here
        return WorkerIdentity(
            host: ProcessInfo.processInfo.hostName, process: getpid(), started: ProcessTable.start(of: getpid()) ?? 0,
            boot: place?.boot, namespace: place?.namespace)
    }()

    /// Whether the process is known to have ended. Of another system, another boot or another container nothing is
    /// known: such a process is not dead but silent, and its lease decides.
    public var isDead: Bool { isDead(seenFrom: Self.current) }

    /// The same, as a process with an identity of its own judges it.
    func isDead(seenFrom here: WorkerIdentity) -> Bool {
        guard process > 0, let boot, let namespace, boot == here.boot, namespace == here.namespace else { return false }
        if kill(process, 0) != 0, errno == ESRCH { return true }
        guard started != 0, let now = ProcessTable.start(of: process) else { return false }
        return now != started
    }

    public var description: String { "process \(process) on \(host.inSentence)" }
}

/// What Linux tells of processes; nothing elsewhere.
private enum ProcessTable {
    /// The boot and the process namespace; `nil` where either is not known, or where `/proc` shows the processes of
    /// another namespace.
    static var here: (boot: String, namespace: String)? {
        let manager = FileManager.default
        guard let boot = try? String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8),
            let namespace = try? manager.destinationOfSymbolicLink(atPath: "/proc/self/ns/pid"),
            let own = try? manager.destinationOfSymbolicLink(atPath: "/proc/self"), own == "\(getpid())"
        else { return nil }
        return (boot.trimmingCharacters(in: .whitespacesAndNewlines), namespace)
    }

    /// The start of a process in clock ticks since boot, where the system tells: field 22 of `/proc/PID/stat`
    /// (proc(5)).
    static func start(of process: Int32) -> UInt64? {
        guard let text = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8),
            // The command's name in parentheses may hold spaces.
            let close = text.lastIndex(of: ")")
        else { return nil }
        let fields = text[text.index(after: close)...].split(separator: " ")
        guard fields.count > 19 else { return nil }
        // A zombie has ended; its parent has not looked yet. Nothing starts one tick after boot.
        return fields[0] == "Z" ? 1 : UInt64(fields[19])
    }
}
