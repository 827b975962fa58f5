import Files
import Foundation

/// An array of bytes in the format of the MNIST files (http://yann.lecun.com/exdb/mnist), plain or in a gzip file.
package struct IDXFile: Sendable {
    /// The lengths of its dimensions.
    package let shape: [Int]
    /// Its bytes in row-major order.
    package let bytes: [UInt8]

    /// Reads a file's bytes.
    /// - Parameter limit: the most bytes of the array; no more are inflated than it says it has.
    /// - Parameter check: refuses a shape by its sentence, before anything of it is inflated.
    /// - Throws: `FileError` that begins with `name`; what `check` throws.
    package init(
        _ data: Data, named name: String, atMost limit: Int = 1 << 33, checking check: ([Int]) throws -> Void = { _ in }
    ) throws {
        do {
            let source = try ByteSource(data)
            let head = try source.next(4)
            guard head[0] == 0, head[1] == 0, 1...4 ~= head[3] else {
                throw FileError("it is no IDX file: one begins with two zeros, a type and 1 to 4 dimensions")
            }
            guard head[2] == 0x08 else {
                throw FileError("it has values of type \(head[2]); bytes, type 8, are read")
            }
            let lengths = try source.next(4 * Int(head[3]))
            shape = stride(from: 0, to: lengths.count, by: 4).map { start in
                lengths[start..<start + 4].reduce(0) { $0 << 8 | Int($1) }
            }
            try check(shape)
            bytes = try source.next(try arrayBytes(shape, elementBytes: 1, atMost: limit))
            try source.expectEnd()
        } catch let error as FileError {
            throw FileError("\(name): \(error)")
        }
    }
}

/// The bytes of an array, which a file may say are any number.
/// - Throws: `FileError` with a clause for more than the limit.
func arrayBytes(_ shape: [Int], elementBytes: Int, atMost limit: Int) throws -> Int {
    var count = elementBytes
    // Whatever the other dimensions are.
    if shape.contains(0) { return 0 }
    for length in shape {
        let (product, overflows) = count.multipliedReportingOverflow(by: length)
        guard !overflows, product <= limit else {
            let text = shape.map(String.init).joined(separator: "×")
            throw FileError("it says it is an array of \(text); up to \(limit) bytes are read")
        }
        count = product
    }
    return count
}
