import Synchronization

/// What can be named by a user: what is built in, in its order, then what other packages registered, by name.
///
/// The order is the same whatever was registered first, so that help texts and errors do not depend on it.
package final class Registry<Entry: Sendable>: Sendable {
    private let noun: String
    private let name: @Sendable (Entry) -> String
    private let builtIn: [Entry]
    private let registered = Mutex<[Entry]>([])

    /// A registry of what is built in; `noun` is what an entry is called in errors.
    package init(_ noun: String, _ builtIn: [Entry], name: @escaping @Sendable (Entry) -> String) {
        self.noun = noun
        self.builtIn = builtIn
        self.name = name
    }

    /// Every entry.
    package var all: [Entry] { builtIn + registered.withLock { $0 } }

    /// The entry of a name, `nil` when there is none.
    package func named(_ wanted: String) -> Entry? { all.first { name($0) == wanted } }

    /// Adds an entry.
    /// - Throws: `RegistryError` when its name is taken, or is none that can be typed: lower-case letters, digits and
    ///   `-`.
    package func register(_ entry: Entry) throws(RegistryError) {
        let new = name(entry)
        guard new.utf8.first != UInt8(ascii: "-"), !new.isEmpty, new.utf8.allSatisfy(Self.canBeTyped) else {
            throw RegistryError("'\(new)' is no name for \(article) \(noun); use lower-case letters, digits and '-'")
        }
        // Looked up and added in one go: two threads may register the same name.
        let isTaken = registered.withLock { registered in
            if (builtIn + registered).contains(where: { name($0) == new }) { return true }
            registered.append(entry)
            registered.sort { name($0) < name($1) }
            return false
        }
        guard !isTaken else {
            throw RegistryError("\(article) \(noun) named '\(new)' is there already; choose another name")
        }
    }

    private var article: String { "aeiou".contains(noun.prefix(1)) ? "an" : "a" }

    private static func canBeTyped(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): true
        default: false
        }
    }
}

/// Why something cannot be registered.
package struct RegistryError: Error, CustomStringConvertible {
    /// One sentence: what, why, what to do.
    package let description: String
    init(_ description: String) { self.description = description }
}
