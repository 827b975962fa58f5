import Files
import Foundation

/// An array as `numpy.save` writes it (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html): numbers
/// alone, nothing is executed.
package struct NPYArray: Sendable {
    /// The lengths of its dimensions; none of a single number.
    package let shape: [Int]
    /// What an element is, as numpy writes it: `|u1`, `<i8`.
    package let type: String
    /// The elements in row-major order, as they lie in the file.
    private let elements: Data

    /// Reads a file's bytes.
    /// - Parameter limit: the most bytes of the elements.
    /// - Throws: `FileError` that begins with `name`.
    package init(_ data: Data, named name: String, atMost limit: Int = 1 << 33) throws {
        do {
            let (header, start) = try NPYHeader.read(from: data)
            (shape, type) = (header.shape, header.type)
            let bytes = try arrayBytes(shape, elementBytes: header.elementBytes, atMost: limit)
            let found = data.dropFirst(start)
            guard found.count >= bytes else { throw NPYHeader.cutOff(data.count) }
            guard found.count == bytes else {
                throw FileError("it has \(found.count - bytes) bytes behind its \(bytes); fetch it again")
            }
            elements = found
        } catch let error as FileError {
            throw FileError("\(name): \(error)")
        }
    }

    /// Its bytes in row-major order; `nil` where an element is none.
    package var bytes: [UInt8]? { type == NPYHeader.bytes ? [UInt8](elements) : nil }

    /// Its whole numbers in row-major order; `nil` where elements are none, or one is more than an `Int`.
    package var integers: [Int]? {
        guard NPYHeader.isWhole(type), let size = type.last?.wholeNumberValue, size > 0 else { return nil }
        let kind = type.dropFirst().first
        var numbers: [Int] = []
        numbers.reserveCapacity(elements.count / size)
        let elements = [UInt8](elements)
        for start in stride(from: 0, to: elements.count, by: size) {
            let digits = elements[start..<start + size]
            var value: UInt64 = 0
            if type.first == ">" {
                for digit in digits { value = value << 8 | UInt64(digit) }
            } else {
                for digit in digits.reversed() { value = value << 8 | UInt64(digit) }
            }
            if kind == "i" {
                // The sign's bit to the top and back.
                let unused = 64 - 8 * size
                numbers.append(Int(Int64(bitPattern: value << unused) >> unused))
            } else {
                guard let number = Int(exactly: value) else { return nil }
                numbers.append(number)
            }
        }
        return numbers
    }
}
