import Foundation

// All supported platforms are little endian; the bytes are the memory.
extension Array where Element: BitwiseCopyable {
    /// The elements that little-endian bytes are; what is left of an element at their end is not.
    package init(littleEndian data: Data) {
        let count = data.count / MemoryLayout<Element>.stride
        self = [Element](unsafeUninitializedCapacity: count) { buffer, initialized in
            _ = data.copyBytes(to: UnsafeMutableRawBufferPointer(buffer), count: count * MemoryLayout<Element>.stride)
            initialized = count
        }
    }
    /// The elements' bytes, little endian.
    package var littleEndianBytes: Data { withUnsafeBytes { Data($0) } }
}

extension StoredTensor {
    /// The elements of an `F32` array.
    package var floats: [Float] { [Float](littleEndian: bytes) }
}
