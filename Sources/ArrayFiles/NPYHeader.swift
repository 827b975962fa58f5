import Files
import Foundation

/// The text before an array of numpy's, a Python dictionary of three entries:
/// `{'descr': '|u1', 'fortran_order': False, 'shape': (60000, 28, 28), }`.
package struct NPYHeader {
    /// What an element is, as numpy writes it: `|u1`, `<i8`.
    package private(set) var type = ""
    /// The lengths of its dimensions; none of a single number.
    package private(set) var shape: [Int] = []

    /// The type of bytes.
    package static let bytes = "|u1"

    /// Whether elements of a type are whole numbers.
    package static func isWhole(_ type: String) -> Bool { ["u", "i"].contains(type.dropFirst().first) }

    private var text: ArraySlice<UInt8>

    /// The longest one that is read.
    private static let most = 1 << 16
    /// So many of a file's bytes hold its header, whichever it is.
    static let room = 12 + most

    /// Reads the beginning of a file; no more than `room` bytes are looked at.
    /// - Returns: the header, and the byte at which the elements begin.
    /// - Throws: `FileError` with a clause.
    static func read(from data: Data) throws -> (header: NPYHeader, end: Int) {
        var rest = data[...]
        func next(_ count: Int) throws -> Data {
            guard rest.count >= count else { throw cutOff(data.count) }
            defer { rest = rest.dropFirst(count) }
            return rest.prefix(count)
        }
        guard data.starts(with: [0x93] + Array("NUMPY".utf8)) else {
            throw FileError("it is no array of numpy's: one begins with \\x93NUMPY")
        }
        let version = [UInt8](try next(8).suffix(2))
        guard 1...3 ~= version[0], version[1] == 0 else {
            throw FileError("its format is \(version[0]).\(version[1]); 1.0, 2.0 and 3.0 are read")
        }
        let length = try next(version[0] == 1 ? 2 : 4).reversed().reduce(0) { $0 << 8 | Int($1) }
        guard length <= most else { throw FileError("its header has \(length) bytes; up to \(most) are read") }
        let header = try NPYHeader(try next(length))
        return (header, data.count - rest.count)
    }

    /// What is said of a file that ends early.
    static func cutOff(_ bytes: Int) -> FileError { FileError("it is cut off after \(bytes) bytes; fetch it again") }

    /// - Throws: `FileError` with a clause.
    private init(_ data: Data) throws {
        text = [UInt8](data)[...]
        var (isFortran, seen): (Bool, Set<String>) = (false, [])
        try expect("{")
        while !take("}") {
            let key = try string()
            guard seen.insert(key).inserted else { throw damage }
            try expect(":")
            switch key {
            case "descr":
                skipSpaces()
                guard text.first != UInt8(ascii: "[") else {
                    throw FileError("its elements are records of several fields; save one array of numbers")
                }
                type = try string()
            case "fortran_order":
                if word("True") { isFortran = true } else if !word("False") { throw damage }
            case "shape": try readShape()
            default: throw damage
            }
            if !take(",") {
                try expect("}")
                break
            }
        }
        skipSpaces()
        guard text.isEmpty, seen.count == 3 else { throw damage }
        guard !type.hasSuffix("O") else {
            throw FileError("it holds Python's objects, which are not read; save an array of numbers")
        }
        guard elementBytes > 0 else {
            throw FileError("its elements are '\(type.inSentence)'; whole numbers, truth values and floats are read")
        }
        guard !isFortran || shape.count < 2 else {
            throw FileError("its columns lie together (fortran_order); save numpy.ascontiguousarray of it")
        }
    }

    /// Bytes of an element; 0 where it is no number.
    var elementBytes: Int {
        let letters = Array(type)
        guard letters.count == 3, let size = letters[2].wholeNumberValue,
            letters[0] == "|" ? size == 1 : letters[0] == "<" || letters[0] == ">"
        else { return 0 }
        switch letters[1] {
        case "u", "i": return [1, 2, 4, 8].contains(size) ? size : 0
        case "b": return size == 1 ? 1 : 0
        case "f": return [2, 4, 8].contains(size) ? size : 0
        default: return 0
        }
    }

    private var damage: FileError { FileError("its header is none of numpy's; save it again") }

    private mutating func skipSpaces() { text = text.drop { $0 == 0x20 || $0 == 0x0A } }

    private mutating func take(_ sign: Character) -> Bool {
        skipSpaces()
        guard let value = sign.asciiValue, text.first == value else { return false }
        text = text.dropFirst()
        return true
    }

    private mutating func expect(_ sign: Character) throws { if !take(sign) { throw damage } }

    private mutating func word(_ word: String) -> Bool {
        skipSpaces()
        guard text.starts(with: word.utf8) else { return false }
        text = text.dropFirst(word.utf8.count)
        return true
    }

    /// A text in quotes, without any within.
    private mutating func string() throws -> String {
        skipSpaces()
        guard let quote = text.first, quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\""),
            let end = text.dropFirst().firstIndex(of: quote)
        else { throw damage }
        defer { text = text[(end + 1)...] }
        return String(decoding: text[(text.startIndex + 1)..<end], as: UTF8.self)
    }

    private mutating func readShape() throws {
        try expect("(")
        while !take(")") {
            skipSpaces()
            let digits = text.prefix { 0x30...0x39 ~= $0 }
            guard let length = Int(String(decoding: digits, as: UTF8.self)), shape.count < 32 else { throw damage }
            shape.append(length)
            text = text.dropFirst(digits.count)
            if !take(",") {
                try expect(")")
                break
            }
        }
    }
}
