import Foundation
import Synchronization

/// A PostgreSQL server of the tests' own: in a folder of its own, on a socket there and on the loopback, not as root.
/// It ends with the process that started it, however that ends.
public final class PostgresServer: Sendable {
    /// The tests' server; `nil` where PostgreSQL is not installed or does not start.
    public static let shared: PostgresServer? = try? PostgresServer()
    /// Whether its programs are here.
    public static let isInstalled = programs != nil

    /// The folder of `initdb` and `postgres`: Debian has them beside no other program.
    private static let programs: String? = {
        let debian = "/usr/lib/postgresql"
        let versions = (try? FileManager.default.contentsOfDirectory(atPath: debian)) ?? []
        let newest = versions.sorted { (Int($0) ?? 0) > (Int($1) ?? 0) }.map { "\(debian)/\($0)/bin" }
        let path = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(String.init)
        return (newest + path).first { folder in
            ["initdb", "postgres"].allSatisfy { FileManager.default.isExecutableFile(atPath: "\(folder)/\($0)") }
        }
    }()

    private let folder: String
    private let programs: String
    private let machine: TwoMachines?
    /// The port it listens on.
    public let port: Int
    private let running = Mutex<Process?>(nil)
    /// Nothing is written to it: its end, and so the end of this process however it ends, ends the server.
    private let life = Pipe()

    /// Makes and starts a server, on this machine or on the first of two, where it trusts the second.
    public init(on machine: TwoMachines? = nil) throws {
        guard let programs = Self.programs else { throw CocoaError(.fileNoSuchFile) }
        (self.programs, self.machine) = (programs, machine)
        // A socket's path has 107 bytes at most, which TMPDIR may fill.
        folder = "/tmp/ads-postgres-\(UUID().uuidString.prefix(8))"
        port = try Self.freePort()
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        if getuid() == 0 { try Self.check(run("/bin/chown", ["nobody", folder])) }
        try Self.check(
            run(
                "/usr/bin/env",
                Self.notRoot + [
                    "\(programs)/initdb", "-D", "\(folder)/data", "-U", "ads_admin", "-A", "trust", "--no-sync",
                ],
                in: folder))
        try Self.check(
            run(
                "/bin/sh",
                [
                    "-c",
                    "printf 'local all all trust\\nhost all all 127.0.0.1/32 scram-sha-256\\n\(machine == nil ? "" : "host all all 10.77.0.0/16 trust\\n")' >\(folder)/data/pg_hba.conf",
                ]))
        try watch()
        try start()
        try sql("CREATE DATABASE ads", in: "postgres")
    }

    deinit { try? life.fileHandleForWriting.close() }

    /// A shell that reads until this process closes the pipe or ends; then it stops the server, and cleans up after it.
    private func watch() throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = [
            "-c",
            """
            read -r line; pid=\(folder)/data/postmaster.pid
            kill -INT $(head -n1 $pid); for i in $(seq 100); do [ -e $pid ] || break; sleep 0.1; done; rm -rf \(folder)
            """,
        ]
        process.standardInput = life
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
    }

    /// What programs begin with that root must not run.
    private static var notRoot: [String] {
        getuid() == 0 ? ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"] : []
    }

    private static func check(_ done: Finished) throws {
        guard done.status == 0 else { throw CocoaError(.executableLoad, userInfo: ["errors": done.errors]) }
    }

    private static func freePort() throws -> Int {
        let socket = Foundation.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(socket) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let got = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(socket, $0, size) == 0 && getsockname(socket, $0, &size) == 0
            }
        }
        guard got else { throw CocoaError(.fileWriteUnknown) }
        return Int(UInt16(bigEndian: address.sin_port))
    }

    /// Starts it, and waits until it answers.
    public func start() throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        let words = [
            "listen_addresses=\(machine?.address ?? "127.0.0.1")", "port=\(port)", "unix_socket_directories=\(folder)",
        ]
        process.arguments =
            (machine.map { ["ip", "netns", "exec", $0.first] } ?? []) + Self.notRoot + [
                "\(programs)/postgres", "-D", "\(folder)/data",
            ] + words.flatMap { ["-c", $0] }
        process.standardInput = FileHandle.nullDevice
        _ = FileManager.default.createFile(atPath: "\(folder)/log", contents: nil)
        let log = try FileHandle(forWritingTo: URL(fileURLWithPath: "\(folder)/log"))
        (process.standardOutput, process.standardError) = (log, log)
        try process.run()
        running.withLock { $0 = process }
        for _ in 0..<300 {
            if (try? sql("SELECT 1", in: "postgres"))?.status == 0 { return }
            Thread.sleep(forTimeInterval: 0.1)
        }
        throw CocoaError(.executableLoad)
    }

    /// Stops it as somebody who maintains it does, or kills it; returns once it is gone.
    public func stop(_ signal: Int32 = SIGINT) {
        guard let process = running.withLock({ $0 }) else { return }
        kill(process.processIdentifier, signal)
        process.waitUntilExit()
    }

    /// Runs statements as the server's administrator.
    @discardableResult public func sql(_ text: String, in database: String = "ads") throws -> Finished {
        try run(
            "\(programs)/psql",
            [
                "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", folder, "-p", "\(port)", "-U", "ads_admin", "-d",
                database, "-c", text,
            ])
    }

    /// Its socket.
    public var socket: String { "\(folder)/.s.PGSQL.\(port)" }

    /// The address of a study, through the socket, or another program's in place of it.
    public func address(_ study: String, user: String = "ads_admin", host: String? = nil) -> String {
        let name = study.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? study
        return "postgresql:///ads?host=\(host ?? folder)&port=\(port)&user=\(user)&study=\(name)"
    }
}
