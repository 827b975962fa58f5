import Foundation

/// A process that works on a study.
public struct WorkerIdentity: Codable, Sendable, Hashable, CustomStringConvertible {
    /// The machine's name.
    public let host: String
    /// The process.
    public let process: Int32
    /// When it started, in the system's own count; tells it from a later process of the same number.
    public let started: UInt64

    /// This process.
    public static let current = WorkerIdentity(
        host: ProcessInfo.processInfo.hostName, process: getpid(), started: Self.start(of: getpid()) ?? 0)

    /// Whether the process is known to have ended; of other machines nothing is known.
    public var isDead: Bool {
        guard host == Self.current.host else { return false }
        if kill(process, 0) != 0, errno == ESRCH { return true }
        guard started != 0, let now = Self.start(of: process) else { return false }
        return now != started
    }

    public var description: String { "process \(process) on \(host)" }

    /// The start of a process in clock ticks since boot, where the system tells and the process has not ended: field 22 of
    /// `/proc/PID/stat` (proc(5)).
    private static func start(of process: Int32) -> UInt64? {
        guard let text = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8),
            // The command's name in parentheses may hold spaces.
            let close = text.lastIndex(of: ")")
        else { return nil }
        let fields = text[text.index(after: close)...].split(separator: " ")
        // A zombie has ended; its parent has not looked yet.
        guard fields.count > 19, fields[0] != "Z" else { return 1 }
        return UInt64(fields[19])
    }
}
