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

    /// An array; `nil` where there is none of that name.
    /// - Throws: `FileError` that begins with the file's name.
    package func array(_ array: String) throws -> NPYArray? {
        // The header's bytes beside the elements'.
        let most = limit + (1 << 17)
        do {
            guard let data = try zip.contents(of: array + Self.suffix, atMost: most) else { return nil }
            return try NPYArray(data, named: "'\(array.inSentence)'", atMost: limit)
        } catch let error as FileError {
            throw FileError("\(name): \(error)")
        }
    }
}
