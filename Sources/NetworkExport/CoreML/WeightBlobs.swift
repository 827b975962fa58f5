import Foundation
import WeightFiles

/// The arrays of a package's `weight.bin`: a header, then for each a record of 64 bytes and its data, both at multiples
/// of 64 (https://github.com/apple/coremltools/blob/main/mlmodel/src/MILBlob/Blob/StorageFormat.hpp).
struct WeightBlobs {
    /// What headers and records fill, and data are aligned to.
    static let unit = 64
    private static let version: UInt32 = 2
    private static let sentinel: UInt32 = 0xDEAD_BEEF
    /// The number of 32-bit floats among the types of arrays.
    private static let float32: UInt32 = 2
    private static let header = 8
    private static let record = 24

    /// The data after the header, in pieces that need no copies.
    private var pieces: [Data] = []
    private var length = unit
    /// How many arrays there are.
    private(set) var count = 0

    /// Adds an array's bytes.
    /// - Returns: where its record begins, which is what a model names.
    mutating func add(_ data: Data) -> Int {
        let padding = Self.padding(length)
        let offset = length + padding
        let start = offset + Self.unit
        var record = [Self.sentinel, Self.float32].littleEndianBytes
        record += [UInt64(data.count), UInt64(start)].littleEndianBytes
        pieces += [Data(count: padding), record + Data(count: Self.unit - Self.record), data]
        length = start + data.count
        count += 1
        return offset
    }

    /// The file, in pieces.
    var file: [Data] {
        [[UInt32(count), Self.version].littleEndianBytes + Data(count: Self.unit - Self.header)] + pieces
    }

    private static func padding(_ length: Int) -> Int { (unit - length % unit) % unit }

    /// A file of arrays that was read.
    struct Reader {
        private let file: Data
        /// How many arrays its header speaks of.
        let count: Int
        /// Bytes that no array has had yet: arrays that overlap would fill more memory than the file has bytes.
        private var left: Int

        /// - Throws: `ExportError` that begins with `name` where it is no such file.
        init(_ file: Data, named name: String) throws {
            self.file = file.startIndex == 0 ? file : Data(file)
            guard self.file.count >= unit else {
                throw ExportError("\(name) is no file of weights: it has \(file.count) bytes")
            }
            let start = [UInt32](littleEndian: self.file.prefix(header))
            guard start[1] == version else {
                throw ExportError("\(name) is no file of weights of version \(version): it says \(start[1])")
            }
            count = Int(start[0])
            left = file.count
        }

        /// The floats of the array whose record begins at a byte.
        /// - Throws: `ExportError` with a clause where there is none.
        mutating func floats(at offset: Int) throws -> [Float] {
            guard offset >= unit, offset % unit == 0, offset <= file.count - unit else {
                throw ExportError("the weights have no record at byte \(offset)")
            }
            let kind = [UInt32](littleEndian: file[offset..<offset + 8])
            let place = [UInt64](littleEndian: file[offset + 8..<offset + record])
            guard kind == [sentinel, float32] else {
                throw ExportError("the weights have no array of floats at byte \(offset)")
            }
            // Compared before they are added: they may be any numbers.
            let (size, start) = (place[0], place[1])
            guard start % UInt64(unit) == 0, size % 4 == 0, start >= UInt64(offset + unit),
                start <= UInt64(file.count), size <= UInt64(file.count) - start, size <= left
            else { throw ExportError("the weights' array at byte \(offset) is said to be \(size) bytes at \(start)") }
            left -= Int(size)
            return [Float](littleEndian: file[Int(start)..<Int(start) + Int(size)])
        }
    }
}
