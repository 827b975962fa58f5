import Foundation

/// What a JSON text may be before anything decodes it: Foundation's decoders take the last of two equal keys without a
/// word, and build everything a text holds in memory.
public struct JSONLimits: Sendable {
    /// Bytes of the text.
    public var bytes: Int
    /// Arrays and objects within one another.
    public var depth: Int
    /// Values in all, objects' and arrays' own included.
    public var values: Int

    /// Limits for what the defaults would be too many, or too few, for.
    public init(bytes: Int = 64 << 20, depth: Int = 32, values: Int = 5_000_000) {
        self.bytes = bytes
        self.depth = depth
        self.values = values
    }
}

/// One pass over a JSON text in UTF-8: its size, nesting and number of values, and that no object has a key twice.
///
/// Whether it is valid JSON at all is the decoder's to say, which comes after it.
struct JSONText {
    private let limits: JSONLimits
    private var position = 0
    private var values = 1
    private var awaitsKey = false
    /// The keys of each open object; `nil` for an array.
    private var open: [Set<String>?] = []

    /// Refuses a text.
    /// - Throws: `FileError` with a clause that says what and at which byte.
    static func check(_ data: Data, _ limits: JSONLimits) throws {
        guard data.count <= limits.bytes else {
            throw FileError("it has \(data.count) bytes of JSON; up to \(limits.bytes) are read")
        }
        var text = JSONText(limits: limits)
        try data.withUnsafeBytes { try text.run($0) }
    }

    private init(limits: JSONLimits) { self.limits = limits }

    private mutating func run(_ bytes: UnsafeRawBufferPointer) throws {
        if let first = bytes.first, first >= 0x80 { throw FileError("it does not begin as JSON in UTF-8 does") }
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "{"): try enter([])
            case UInt8(ascii: "["): try enter(nil)
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                _ = open.popLast()
                awaitsKey = false
            case UInt8(ascii: ","):
                try count()
                awaitsKey = (open.last ?? nil) != nil
            case UInt8(ascii: "\""):
                try string(bytes)
                continue
            // Another encoding would get past every check here.
            case 0: throw FileError("byte \(position) is 0; JSON is read in UTF-8")
            default: break
            }
            position += 1
        }
    }

    private mutating func count() throws {
        values += 1
        guard values <= limits.values else { throw FileError("it holds over \(limits.values) values; fewer are read") }
    }

    private mutating func enter(_ keys: Set<String>?) throws {
        try count()
        guard open.count < limits.depth else { throw FileError("byte \(position) is nested over \(limits.depth) deep") }
        open.append(keys)
        awaitsKey = keys != nil
    }

    private mutating func string(_ bytes: UnsafeRawBufferPointer) throws {
        let start = position
        var escapes = false
        position += 1
        while position < bytes.count, bytes[position] != UInt8(ascii: "\"") {
            if bytes[position] == UInt8(ascii: "\\") {
                escapes = true
                position += 1
            }
            position += 1
        }
        position = min(position + 1, bytes.count)
        guard awaitsKey, let last = open.indices.last else { return }
        awaitsKey = false
        let raw = Data(bytes[start..<position])
        let plain =
            escapes
            ? try? JSONDecoder().decode(String.self, from: raw)
            : String(decoding: raw.dropFirst().dropLast(), as: UTF8.self)
        // A key that is no text is refused by the decoder.
        guard let key = plain, open[last]?.insert(key).inserted == false else { return }
        throw FileError("byte \(start) names '\(key.inSentence)' a second time")
    }
}
