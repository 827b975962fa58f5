import Archives
import Files
import Foundation

/// Bytes that are read from the front: a file's own, or what a gzip file inflates to.
final class ByteSource {
    private enum Kind {
        case plain(Data)
        case gzip(Inflater)
    }
    private let kind: Kind
    private var at = 0

    /// - Throws: `FileError` with a clause.
    init(_ data: Data) throws {
        kind = data.starts(with: [0x1F, 0x8B]) ? .gzip(try Inflater(data, .gzip)) : .plain(data)
    }

    /// The next bytes, so many of them.
    /// - Throws: `FileError` with a clause where there are fewer.
    func next(_ count: Int) throws -> [UInt8] {
        let found: [UInt8]
        switch kind {
        case .plain(let data): found = [UInt8](data.dropFirst(at).prefix(count))
        case .gzip(let inflater): found = try inflater.next(count)
        }
        at += found.count
        guard found.count == count else {
            throw FileError("it ends after \(at) bytes where \(count - found.count) more were expected; fetch it again")
        }
        return found
    }

    /// Refuses bytes behind those that were read; what they would inflate to is not looked at.
    /// - Throws: `FileError` with a clause.
    func expectEnd() throws {
        let more: Bool
        switch kind {
        case .plain(let data): more = at < data.count
        case .gzip(let inflater): more = try !inflater.next(1).isEmpty || inflater.rest > 0
        }
        if more { throw FileError("it has more than the \(at) bytes that it says; fetch it again") }
    }
}
