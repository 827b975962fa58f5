import Files
import Foundation

/// A named array in a safetensors file.
public struct StoredTensor: Equatable {
    /// The element type as safetensors spells it: `F32`, `F64`, `I64`, `U8`, ...
    public let type: String
    /// The sizes of the dimensions.
    public let shape: [Int]
    /// The elements in row-major order, little endian.
    public let bytes: Data

    /// An array; `bytes` must fill the shape.
    public init(type: String, shape: [Int], bytes: Data) {
        self.type = type
        self.shape = shape
        self.bytes = bytes
    }

    private static let elementBytes = [
        "F64": 8, "I64": 8, "U64": 8, "F32": 4, "I32": 4, "U32": 4, "F16": 2, "BF16": 2, "I16": 2, "U16": 2, "U8": 1,
        "I8": 1,
        "BOOL": 1,
    ]
    /// As many as NumPy's arrays may have.
    private static let mostDimensions = 64

    /// The bytes that an array of a type and shape takes.
    /// - Throws: `StoredTensorError` for types and shapes that no array has.
    package static func byteCount(type: String, shape: [Int]) throws -> Int {
        guard let size = elementBytes[type] else {
            throw StoredTensorError(
                "the unknown type '\(type.inSentence)'; known are \(elementBytes.keys.sorted().joined(separator: ", "))"
            )
        }
        guard shape.count <= mostDimensions else {
            throw StoredTensorError("\(shape.count) dimensions; up to \(mostDimensions) are read")
        }
        var count = size
        for n in shape {
            // Without its zeros, too, a shape must be countable: strides are computed from it.
            let (next, overflows) = count.multipliedReportingOverflow(by: max(n, 1))
            guard n >= 0, !overflows else { throw StoredTensorError("the impossible shape \(shape)") }
            count = next
        }
        return shape.contains(0) ? 0 : count
    }
}

/// What is wrong with an array, to follow "it has".
package struct StoredTensorError: Error {
    package let description: String
    init(_ description: String) { self.description = description }
}
