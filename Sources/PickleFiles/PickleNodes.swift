import Foundation

/// The values of a pickle while it is read, each known by its number.
///
/// A pickle's values share one another and nest as they like. As numbers in flat arrays that costs neither copies nor
/// recursion, not even when they are freed; only the result becomes a tree, within its limits.
package struct PickleNodes {
    package enum Node {
        case scalar(PickleValue)
        /// Where its items are in `items`.
        case list(Int)
        case tuple(Int)
        /// Where its keys and values are in `items`, in turn.
        case dictionary(Int)
        /// Where it is in `arrays`.
        case array(Int)
        case name(String)
        case type(String)
        /// A call of a name with arguments, both by number, that nobody makes.
        case call(Int, arguments: Int)
        /// What lies outside of the pickle, by the number of what identifies it.
        case persistent(Int)
    }

    private var nodes: [Node] = []
    private var items: [[Int]] = []
    private var arrays: [PickleValue?] = []

    package subscript(_ number: Int) -> Node { nodes[number] }

    /// The numbers of what identifies what lies outside of the pickle.
    package var persistent: [Int] {
        nodes.compactMap { if case .persistent(let identity) = $0 { identity } else { nil } }
    }

    mutating func add(_ node: Node) -> Int {
        nodes.append(node)
        return nodes.count - 1
    }
    mutating func addList(_ contents: [Int]) -> Int {
        items.append(contents)
        return add(.list(items.count - 1))
    }
    mutating func addTuple(_ contents: [Int]) -> Int {
        items.append(contents)
        return add(.tuple(items.count - 1))
    }
    mutating func addDictionary(_ contents: [Int]) -> Int {
        items.append(contents)
        return add(.dictionary(items.count - 1))
    }
    /// An array whose state comes later.
    mutating func addArray() -> Int {
        arrays.append(nil)
        return add(.array(arrays.count - 1))
    }

    /// The items of a tuple; `nil` for anything else.
    package func tuple(_ number: Int) -> [Int]? {
        if case .tuple(let at) = nodes[number] { items[at] } else { nil }
    }
    /// The items of a list; `nil` for anything else.
    package func list(_ number: Int) -> [Int]? {
        if case .list(let at) = nodes[number] { items[at] } else { nil }
    }
    /// The keys and values of a dictionary, in turn; `nil` for anything else.
    package func dictionary(_ number: Int) -> [Int]? {
        if case .dictionary(let at) = nodes[number] { items[at] } else { nil }
    }
    /// A name or key, which Python 2 writes as bytes; `nil` for anything else, and for what is too long for one.
    package func text(_ number: Int) -> String? {
        guard isShort(number) else { return nil }
        return switch nodes[number] {
        case .scalar(.string(let text)): text
        case .scalar(.bytes(let text)): String(decoding: text, as: UTF8.self)
        default: nil
        }
    }

    /// The most bytes of a name or key: three bytes of a file may say that a text of megabytes, written once, is one
    /// more of them, and each is looked at.
    package static let longestName = 1000

    private func isShort(_ number: Int) -> Bool {
        switch nodes[number] {
        case .scalar(.string(let text)): text.utf8.count <= Self.longestName
        case .scalar(.bytes(let text)): text.count <= Self.longestName
        default: true
        }
    }
    /// A whole number; `nil` for anything else.
    package func int(_ number: Int) -> Int? { if case .scalar(.int(let value)) = nodes[number] { value } else { nil } }
    /// Adds to a list; false when it is none.
    mutating func append(_ contents: some Sequence<Int>, toList number: Int) -> Bool {
        guard case .list(let at) = nodes[number] else { return false }
        items[at].append(contentsOf: contents)
        return true
    }
    /// Adds keys and values in turn; false when it is no dictionary.
    mutating func append(_ contents: some Sequence<Int>, toDictionary number: Int) -> Bool {
        guard case .dictionary(let at) = nodes[number] else { return false }
        items[at].append(contentsOf: contents)
        return true
    }
    /// Fills an array; false when it is none or was filled before.
    mutating func fill(_ number: Int, _ array: PickleValue) -> Bool {
        guard case .array(let at) = nodes[number], arrays[at] == nil else { return false }
        arrays[at] = array
        return true
    }

    /// A value with all it holds.
    /// - Throws: `PickleError` with a clause when it is too large or too deep, or no plain data.
    func value(_ number: Int, _ limits: PickleLimits) throws -> PickleValue {
        var left = limits.values
        return try value(number, limits, depth: 0, &left)
    }

    private func value(_ number: Int, _ limits: PickleLimits, depth: Int, _ left: inout Int) throws -> PickleValue {
        guard left > 0 else {
            throw PickleError("its values would be over \(limits.values), counted wherever they stand")
        }
        left -= 1
        guard depth <= limits.depth else { throw PickleError("values are nested over \(limits.depth) deep") }
        switch nodes[number] {
        case .scalar(let value): return value
        case .list(let at): return .list(try items[at].map { try value($0, limits, depth: depth + 1, &left) })
        case .tuple(let at): return .tuple(try items[at].map { try value($0, limits, depth: depth + 1, &left) })
        case .dictionary(let at):
            var out: [PickleValue: PickleValue] = [:]
            for i in stride(from: 0, to: items[at].count, by: 2) {
                guard case .scalar(let key) = nodes[items[at][i]] else {
                    throw PickleError("a dictionary has a key that is no number or text")
                }
                guard isShort(items[at][i]) else {
                    throw PickleError("a dictionary has a key of over \(Self.longestName) bytes")
                }
                out[key] = try value(items[at][i + 1], limits, depth: depth + 1, &left)
            }
            return .dictionary(out)
        case .array(let at):
            guard let array = arrays[at] else { throw PickleError("an array has no contents") }
            return array
        case .name, .type, .call, .persistent: throw PickleError("a name stands where a value was expected")
        }
    }
}
