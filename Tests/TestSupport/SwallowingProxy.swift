import Foundation
import Synchronization

/// Stands between libpq and a server's socket, and breaks connections after some answers have come from the server and
/// before they reach the client: what was asked for has happened, and who asked does not know.
public final class SwallowingProxy: Sendable {
    /// Which answers are swallowed.
    public typealias Rule = @Sendable (Answer) -> Bool

    /// What a server answers to.
    public struct Answer: Sendable {
        /// Counted over all connections, from 1, those that let a client in included.
        public let number: Int
        /// Counted in its connection; 0 where the client is let in.
        public let place: Int
        /// The statement; empty where a client is let in.
        public let statement: String
        /// How many rows it has.
        public let rows: Int
    }

    private let listener: Int32
    private let server: String
    private let rule: Rule
    private let state = Mutex((answers: 0, swallowed: 0))
    /// The folder of the proxy's socket, which is the server's host for libpq; the port is the server's.
    public let folder: String

    /// A proxy for the server whose socket has a path.
    public init(_ server: String, swallows rule: @escaping Rule) throws {
        (self.server, self.rule) = (server, rule)
        folder = "/tmp/ads-proxy-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        listener = Self.socket(folder + "/" + (server as NSString).lastPathComponent) {
            bind($0, $1, $2) == 0 && listen($0, 64) == 0
        }
        guard listener >= 0 else { throw CocoaError(.fileWriteUnknown) }
        Thread { [listener, weak self] in
            while case let client = accept(listener, nil, nil), client >= 0 {
                guard let self else { break }
                self.serve(client)
            }
        }.start()
    }

    deinit {
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// How many answers it has swallowed.
    public var swallowed: Int { state.withLock(\.swallowed) }

    private static func socket(
        _ path: String, _ use: (Int32, UnsafePointer<sockaddr>, socklen_t) -> Bool
    ) -> Int32 {
        let socket = Foundation.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
        let done = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                use(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        if !done { close(socket) }
        return done ? socket : -1
    }

    private func serve(_ client: Int32) {
        let server = Self.socket(server) { connect($0, $1, $2) == 0 }
        guard server >= 0 else {
            close(client)
            return
        }
        let (asked, left) = (Asked(), Both())
        // Who ends last closes both, so that neither writes into somebody else's.
        @Sendable func ended() {
            guard left.isLast else { return }
            close(client)
            close(server)
        }
        Thread { [self] in
            defer { ended() }
            var (answer, rows, place): ([UInt8], Int, Int) = ([], 0, 0)
            while let message = Self.message(server) {
                answer += message
                if message[0] == UInt8(ascii: "D") { rows += 1 }
                // ReadyForQuery ends an answer.
                guard message[0] == UInt8(ascii: "Z") else { continue }
                let swallows = state.withLock { state in
                    state.answers += 1
                    let whole = Answer(
                        number: state.answers, place: place, statement: asked.statement.withLock(\.self), rows: rows)
                    guard rule(whole) else { return false }
                    state.swallowed += 1
                    return true
                }
                if swallows { break }
                guard Self.write(client, answer) else { break }
                (answer, rows, place) = ([], 0, place + 1)
            }
            shutdown(client, Int32(SHUT_RDWR))
            shutdown(server, Int32(SHUT_RDWR))
        }.start()
        Thread {
            defer { ended() }
            var bytes = [UInt8](repeating: 0, count: 65536)
            while case let count = read(client, &bytes, bytes.count), count > 0 {
                asked.see(bytes[..<count])
                guard Self.write(server, Array(bytes[..<count])) else { break }
            }
            shutdown(client, Int32(SHUT_RDWR))
            shutdown(server, Int32(SHUT_RDWR))
        }.start()
    }

    /// Two threads.
    private final class Both: Sendable {
        private let ended = Mutex(0)

        /// Whether the other has ended before.
        var isLast: Bool {
            ended.withLock { count in
                count += 1
                return count == 2
            }
        }
    }

    /// What a client asked for last. libpq sends a statement in one piece with its parameters, from Parse on.
    private final class Asked: Sendable {
        let statement = Mutex("")

        func see(_ bytes: ArraySlice<UInt8>) {
            // Its type, four bytes of length, the empty name.
            guard bytes.first == UInt8(ascii: "P"), bytes.count > 6, bytes[bytes.startIndex + 5] == 0 else { return }
            let text = String(decoding: bytes.dropFirst(6).prefix { $0 != 0 }, as: UTF8.self)
            statement.withLock { $0 = text }
        }
    }

    /// A message of the server: its type, its length, the rest.
    private static func message(_ server: Int32) -> [UInt8]? {
        guard let head = take(server, 5) else { return nil }
        let length = head[1...].reduce(0) { $0 << 8 | Int($1) }
        guard length >= 4, let rest = take(server, length - 4) else { return nil }
        return head + rest
    }

    private static func take(_ socket: Int32, _ count: Int) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        var done = 0
        while done < count {
            let more = bytes.withUnsafeMutableBytes { recv(socket, $0.baseAddress.map { $0 + done }, count - done, 0) }
            guard more > 0 else { return nil }
            done += more
        }
        return bytes
    }

    private static func write(_ socket: Int32, _ bytes: [UInt8]) -> Bool {
        var done = 0
        while done < bytes.count {
            let more = bytes.withUnsafeBytes {
                send(socket, $0.baseAddress.map { $0 + done }, bytes.count - done, Int32(MSG_NOSIGNAL))
            }
            guard more > 0 else { return false }
            done += more
        }
        return true
    }
}
