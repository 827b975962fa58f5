import Foundation

/// Two hosts made of network namespaces, with one cable between them that can be cut.
public final class TwoMachines: Sendable {
    /// Whether this system lets us make them.
    public static let isPossible: Bool = {
        guard getuid() == 0, let two = try? TwoMachines() else { return false }
        return two.first != two.second
    }()

    /// What runs a program on each: `ip netns exec NAME`.
    public let first, second: String
    /// The first one's address.
    public let address: String
    private let cable: String

    /// Makes them.
    public init() throws {
        let own = "\(UUID().uuidString.prefix(6))".lowercased()
        let net = Int.random(in: 1...250)
        (first, second, cable) = ("ads-a-\(own)", "ads-b-\(own)", "va\(own)")
        address = "10.77.\(net).1"
        for words in [
            "netns add \(first)", "netns add \(second)",
            "link add \(cable) netns \(first) type veth peer name vb\(own) netns \(second)",
            "-n \(first) addr add \(address)/24 dev \(cable)", "-n \(second) addr add 10.77.\(net).2/24 dev vb\(own)",
            "-n \(first) link set lo up", "-n \(second) link set lo up", "-n \(first) link set \(cable) up",
            "-n \(second) link set vb\(own) up",
        ] {
            let done = try Self.ip(words)
            guard done.status == 0 else { throw CocoaError(.executableLoad, userInfo: ["errors": done.errors]) }
        }
    }

    deinit { for name in [first, second] { _ = try? Self.ip("netns del \(name)") } }

    /// Cuts the cable, or mends it.
    public func cut(_ isCut: Bool) throws { _ = try Self.ip("-n \(first) link set \(cable) \(isCut ? "down" : "up")") }

    private static func ip(_ words: String) throws -> Finished {
        try run("/usr/bin/env", ["ip"] + words.split(separator: " ").map(String.init))
    }
}
