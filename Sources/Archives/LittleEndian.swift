import Files
import Foundation

/// Bytes with numbers in them, none of which is read beyond their end.
package struct LittleEndian {
    private let data: Data

    package init(_ data: Data) { self.data = data }

    package var count: Int { data.count }

    /// The unsigned number of 2, 4 or 8 bytes at a place.
    /// - Throws: `FileError` with a clause where the bytes do not reach, or no `Int` holds it.
    package func number(_ at: Int, _ bytes: Int) throws -> Int {
        guard at >= 0, at <= data.count - bytes else {
            throw FileError("byte \(at) is needed, and it has \(data.count)")
        }
        let start = data.startIndex + at
        let value = data[start..<start + bytes].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard let number = Int(exactly: value) else {
            throw FileError("the number \(value) at byte \(at) is impossible")
        }
        return number
    }

    /// The bytes in a range, which are not copied.
    /// - Throws: `FileError` with a clause where they do not reach.
    package func data(_ range: Range<Int>) throws -> Data {
        guard range.lowerBound >= 0, range.upperBound <= data.count else {
            throw FileError("byte \(range.upperBound) is needed, and it has \(data.count)")
        }
        return data[data.startIndex + range.lowerBound..<data.startIndex + range.upperBound]
    }
}
