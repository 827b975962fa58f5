import CPostgreSQL
import Files
import Foundation

/// Where a study lies in PostgreSQL: `postgresql://user@host/database?study=name`, as libpq reads it, and a name, as
/// one database holds many studies.
///
/// - Passwords come from libpq's own files, never from the address, which shows in lists of processes:
///   https://www.postgresql.org/docs/current/libpq-pgpass.html, libpq-pgservice.html.
/// - Over a network the server's certificate is checked (`sslmode=verify-full`) unless the address says otherwise.
/// - A cut connection is an error in seconds: libpq's defaults wait for minutes.
public struct PostgresAddress: Sendable, Hashable, CustomStringConvertible {
    /// The study's name.
    public private(set) var study: String
    /// The address as it was written.
    public private(set) var description: String
    /// What libpq connects with: names of its parameters with their values.
    let parameters: [String: String]

    /// Of studies whose address names none.
    public static let usualName = "study"

    /// Whether a text is meant as one: an address of PostgreSQL, not a path.
    public static func isOne(_ text: String) -> Bool {
        text.hasPrefix("postgresql://") || text.hasPrefix("postgres://")
    }

    /// The parts of an address.
    /// - Throws: `FileError` with what is wrong in it; never with a password.
    public init(_ text: String) throws {
        // libpq also reads lists of words, which nobody means here.
        guard Self.isOne(text) else { throw FileError("it does not begin with postgresql://") }
        let (address, name) = try Self.withoutStudy(text)
        var error: UnsafeMutablePointer<CChar>?
        guard let options = PQconninfoParse(address, &error) else {
            defer { PQfreemem(error) }
            throw FileError("\(Self.shown(text)) is no address of PostgreSQL: \(Self.sentence(error, hiding: text))")
        }
        defer { PQconninfoFree(options) }
        var found: [String: String] = [:]
        var option = options
        while let keyword = option.pointee.keyword {
            if let value = option.pointee.val { found[String(cString: keyword)] = String(cString: value) }
            option += 1
        }
        for secret in ["password", "sslpassword"] where found[secret] != nil {
            throw FileError(
                "the address \(Self.shown(text)) has a password in it, which every list of processes shows; put it into the file that PGPASSFILE names (~/.pgpass), readable by you alone, or into a service file"
            )
        }
        guard !name.isEmpty, name.utf8.count <= 200, name.unicodeScalars.allSatisfy({ $0.value >= 32 }) else {
            throw FileError("'\(name.inSentence)' is no name of a study: 1 to 200 bytes, no control characters")
        }
        (study, description) = (name, text)
        parameters = Self.safe(found)
    }

    /// The address of another study in the same database.
    public func study(named name: String) -> PostgresAddress {
        var other = self
        let halves = description.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let rest = halves.dropFirst().flatMap { $0.split(separator: "&") }.filter { !$0.hasPrefix("study=") }
        let encoded = name.addingPercentEncoding(withAllowedCharacters: Self.plain) ?? name
        (other.study, other.description) = (
            name, halves[0] + "?" + (rest.map(String.init) + ["study=" + encoded]).joined(separator: "&")
        )
        return other
    }

    private static let plain = CharacterSet.alphanumerics.union(CharacterSet(charactersIn: "-_."))

    /// What is added to what an address says.
    private static func safe(_ found: [String: String]) -> [String: String] {
        var out = [
            "application_name": "ads", "connect_timeout": "10", "keepalives_idle": "15", "keepalives_interval": "5",
            "keepalives_count": "3", "tcp_user_timeout": "10000",
        ]
        let environment = ProcessInfo.processInfo.environment
        if environment["PGSSLMODE"] == nil {
            if found["service"] != nil || environment["PGSERVICE"] != nil {
                // What a service file says goes before the environment, and a parameter before both.
                setenv("PGSSLMODE", "verify-full", 0)
            } else if !isLocal(found) {
                out["sslmode"] = "verify-full"
            }
        }
        out.merge(found) { _, typed in typed }
        out["client_encoding"] = "UTF8"
        return out
    }

    /// Whether nothing leaves the machine: a socket, or the loopback alone.
    private static func isLocal(_ found: [String: String]) -> Bool {
        let environment = ProcessInfo.processInfo.environment
        let named: [String?] = [
            found["hostaddr"] ?? environment["PGHOSTADDR"], found["host"] ?? environment["PGHOST"],
        ]
        return named.compactMap(\.self).flatMap { $0.split(separator: ",") }.allSatisfy { host in
            if host.hasPrefix("127.") { return host.allSatisfy { $0.isNumber || $0 == "." } }
            return host.hasPrefix("/") || host.hasPrefix("@") || host == "localhost" || host == "::1"
        }
    }

    /// The address without the name of the study, which libpq knows nothing of.
    private static func withoutStudy(_ text: String) throws -> (address: String, study: String) {
        let halves = text.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        guard halves.count == 2 else { return (text, usualName) }
        var names: [String] = []
        let rest = halves[1].split(separator: "&").filter { part in
            guard part.hasPrefix("study=") else { return true }
            names.append(String(part.dropFirst(6)))
            return false
        }
        guard names.count <= 1 else { throw FileError("the address \(shown(text)) names two studies") }
        guard let name = (names.first ?? usualName).removingPercentEncoding else {
            throw FileError("the address \(shown(text)) has a study's name with a % that encodes nothing")
        }
        return (halves[0] + (rest.isEmpty ? "" : "?" + rest.joined(separator: "&")), name)
    }

    /// An address as messages show it: not at all where any of it may be a password.
    private static func shown(_ text: String) -> String {
        let keys = text.split(separator: "?").dropFirst().flatMap { $0.split(separator: "&") }.map { part in
            let key = String(part.prefix { $0 != "=" })
            return (key.removingPercentEncoding ?? "pass").lowercased()
        }
        let hides = text.contains(/:\/\/[^\/?]*:.*@/) || keys.contains { $0.contains("pass") }
        return hides ? "postgresql://…" : text.inSentence(upTo: 300)
    }

    /// libpq's own words, one line; only where they cannot quote a secret.
    private static func sentence(_ error: UnsafeMutablePointer<CChar>?, hiding text: String) -> String {
        guard let error, shown(text) == text else { return "libpq cannot read it" }
        return String(cString: error).split(whereSeparator: \.isNewline).joined(separator: "; ").inSentence(upTo: 300)
    }
}
