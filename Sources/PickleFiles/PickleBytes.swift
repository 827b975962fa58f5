import Files
import Foundation

/// A pickle's bytes, read from front to back; no length in them is believed before it is compared with what is left.
struct PickleBytes {
    private let data: Data
    private var position: Int

    init(_ data: Data) {
        self.data = data
        position = data.startIndex
    }

    /// The number of the next byte.
    var offset: Int { position - data.startIndex }

    func fail(_ reason: String) -> PickleError { PickleError("pickle, byte \(offset): \(reason)") }

    mutating func take(_ count: Int) throws -> Data {
        guard count >= 0, count <= data.endIndex - position else { throw fail("it ends in the middle of a value") }
        defer { position += count }
        return data[position..<position + count]
    }

    mutating func byte() throws -> UInt8 {
        guard position < data.endIndex else { throw fail("it ends in the middle of a value") }
        defer { position += 1 }
        return data[position]
    }

    /// An unsigned number of 1, 2, 4 or 8 bytes, little endian.
    mutating func number(_ bytes: Int) throws -> Int {
        let value = try take(bytes).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard let number = Int(exactly: value) else { throw fail("the length \(value) is impossible") }
        return number
    }

    /// A signed number of so many bytes, up to 8.
    mutating func signed(_ bytes: Int) throws -> Int {
        guard bytes <= 8 else { throw fail("a number of \(bytes) bytes is too large") }
        let raw = try take(bytes).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard bytes > 0 else { return 0 }
        let shift = 64 - 8 * bytes
        return Int(truncatingIfNeeded: Int64(bitPattern: raw << shift) >> shift)
    }

    /// Big endian, as pickles write it.
    mutating func double() throws -> Double {
        Double(bitPattern: try take(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
    }

    /// Bytes behind their own length.
    mutating func text(lengthBytes: Int) throws -> Data {
        let count = try number(lengthBytes)
        return Data(try take(count))
    }

    mutating func line() throws -> String { String(decoding: try lineBytes(), as: UTF8.self) }

    private mutating func lineBytes() throws -> Data {
        guard let end = data[position...].firstIndex(of: 0x0A) else { throw fail("a line does not end") }
        defer { position = end + 1 }
        return data[position..<end]
    }

    /// Digits of an escaped character's number, by the letter before them.
    private static let escapeDigits: [UInt8: Int] = [UInt8(ascii: "u"): 4, UInt8(ascii: "U"): 8]

    /// Python's text of protocol 0: a byte is the character of its number, and any other is escaped: a
    /// backslash, `u` and four hexadecimal digits, or `U` and eight.
    mutating func escapedLine() throws -> String {
        let line = try lineBytes()
        guard line.contains(where: { $0 >= 0x80 || $0 == 0x5C }) else { return String(decoding: line, as: UTF8.self) }
        var text = String.UnicodeScalarView()
        var rest = line.makeIterator()
        while let byte = rest.next() {
            guard byte == 0x5C, let next = rest.next() else {
                text.append(UnicodeScalar(byte))
                continue
            }
            guard let count = Self.escapeDigits[next] else {
                // In front of anything else a backslash is one, and what follows it is itself.
                text.append(UnicodeScalar(byte))
                text.append(UnicodeScalar(next))
                continue
            }
            var digits = ""
            while digits.count < count, let digit = rest.next() { digits.append(Character(UnicodeScalar(digit))) }
            // Half of a surrogate pair is no character, as numbers behind the last are none.
            guard digits.count == count, digits.allSatisfy({ $0.isHexDigit }),
                let scalar = UInt32(digits, radix: 16).flatMap({ UnicodeScalar($0) })
            else {
                let escape = "\\\(Character(UnicodeScalar(next)))\(digits)"
                throw fail("a text has the escape '\(escape.inSentence)', which is no character")
            }
            text.append(scalar)
        }
        return String(text)
    }

    /// A line that is a number.
    mutating func numberLine<Number>(_ parse: (String) -> Number?) throws -> Number {
        let text = try line()
        guard text.utf8.count <= 64, let number = parse(text) else { throw fail("'\(text.inSentence)' is no number") }
        return number
    }

    /// Python's quoted text of protocol 0, where nothing in it is escaped.
    mutating func quotedLine() throws -> Data {
        let text = try line().utf8
        guard text.count >= 2, let quote = text.first, quote == 0x27 || quote == 0x22, text.last == quote,
            !text.contains(0x5C)
        else {
            throw fail("a quoted text without escapes was expected")
        }
        return Data(text.dropFirst().dropLast())
    }
}
