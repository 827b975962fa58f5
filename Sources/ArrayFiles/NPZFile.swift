import Archives
import Files
import Foundation

/// Arrays by name, as `numpy.savez` and `numpy.savez_compressed` write them: a zip of `.npy` files.
package struct NPZFile {
    private let zip: ZipFile
    private let name: String
    private let limit: Int
    private static let suffix = ".npy"

    /// Reads a file's directory.
    /// - Parameter limit: the most bytes of an array.
    /// - Throws: `FileError` that begins with `name`.
    package init(_ data: Data, named name: String, atMost limit: Int = 1 << 33) throws {
        (self.name, self.limit) = (name, limit)
        do { zip = try ZipFile(data) } catch let error as FileError {
            throw FileError("\(name) is no .npz file that can be read: \(error)")
        }
    }

    /// The arrays' names, ascending.
    package var names: [String] {
        zip.names.filter { $0.hasSuffix(Self.suffix) }.map { String($0.dropLast(Self.suffix.count)) }
    }

    /// What an array is, of which no more than the header is inflated; `nil` where there is none of that name.
    /// - Throws: `FileError` that begins with the file's name.
    package func header(of array: String) throws -> NPYHeader? {
        do {
            guard let start = try zip.beginning(of: array + Self.suffix, NPYHeader.room) else { return nil }
            do {
                let (header, end) = try NPYHeader.read(from: start.bytes)
                let bytes = try arrayBytes(header.shape, elementBytes: header.elementBytes, atMost: limit)
                guard start.size - end >= bytes else { throw NPYHeader.cutOff(start.size) }
                guard start.size - end == bytes else {
                    throw FileError("it has \(start.size - end - bytes) bytes behind its \(bytes); fetch it again")
                }
                return header
            } catch let error as FileError { throw FileError("'\(array.inSentence)': \(error)") }
        } catch let error as FileError {
            throw FileError("\(name): \(error)")
        }
    }

    /// An array; `nil` where there is none of that name.
    /// - Throws: `FileError` that begins with the file's name.
    package func array(_ array: String) throws -> NPYArray? {
        // The header's bytes beside the elements'.
        let most = limit + NPYHeader.room
        // What is no array of so many bytes is not inflated.
        guard try header(of: array) != nil else { return nil }
        do {
            guard let data = try zip.contents(of: array + Self.suffix, atMost: most) else { return nil }
            return try NPYArray(data, named: "'\(array.inSentence)'", atMost: limit)
        } catch let error as FileError {
            throw FileError("\(name): \(error)")
        }
    }
}
