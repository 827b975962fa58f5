import CZlib
import Files
import Foundation

/// A zip file as PyTorch and numpy write it, its entries stored as they are or deflated; read by its central directory.
///
/// Sizes and checksums beside the entries themselves are zero in PyTorch's files, and its directory may be zip64's
/// at any size (PKWARE's APPNOTE, 4.3 and 4.5.3).
package struct ZipFile {
    /// Where an entry's bytes lie in the file.
    private struct Entry {
        let range: Range<Int>
        /// Bytes of its contents.
        let size: Int
        /// 0 for stored, 8 for deflated.
        let method: Int
        let checksum: UInt32
        /// Why its bytes are not its contents.
        let obstacle: String?
    }

    /// More than any file of weights has.
    private static let mostEntries = 100_000
    private let bytes: LittleEndian
    private var entries: [String: Entry] = [:]

    /// The entries' names, ascending.
    package var names: [String] { entries.keys.sorted() }

    /// Reads the directory.
    /// - Throws: `FileError` with a clause: what is wrong, and where.
    package init(_ data: Data) throws {
        bytes = LittleEndian(data)
        let directory = try Self.directory(of: bytes)
        guard directory.count <= Self.mostEntries else {
            throw FileError("it has \(directory.count) entries; up to \(Self.mostEntries) are read")
        }
        var at = directory.start
        var starts: [(range: Range<Int>, name: String)] = []
        for _ in 0..<directory.count {
            let (name, entry, next) = try self.entry(at: at, before: directory.start)
            guard entries.updateValue(entry, forKey: name) == nil else {
                throw FileError("'\(name.inSentence)' is in it twice")
            }
            starts.append((entry.range, name))
            at = next
        }
        // Entries that share bytes make little of a file much.
        starts.sort { ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound) }
        for (one, other) in zip(starts, starts.dropFirst()) where one.range.upperBound > other.range.lowerBound {
            throw FileError("'\(one.name.inSentence)' and '\(other.name.inSentence)' share bytes")
        }
    }

    /// A stored entry's bytes, which stay where they are; `nil` where there is none of that name.
    /// - Parameter otherwise: what is said of one that is compressed.
    /// - Throws: `FileError` with a clause when they are damaged.
    package func stored(_ name: String, otherwise: String) throws -> Data? {
        guard let entry = entries[name] else { return nil }
        guard entry.method == 0 else { throw FileError("'\(name.inSentence)' \(otherwise)") }
        return try contents(of: name, atMost: .max)
    }

    /// An entry's contents; `nil` where there is none of that name.
    /// - Parameter limit: the most bytes of the contents; no more are inflated than the directory says.
    /// - Throws: `FileError` with a clause when they are damaged or too many.
    package func contents(of name: String, atMost limit: Int) throws -> Data? {
        guard let entry = entries[name] else { return nil }
        let shown = "'\(name.inSentence)'"
        if let obstacle = entry.obstacle { throw FileError("\(shown) \(obstacle)") }
        guard entry.size <= limit else {
            throw FileError("\(shown) has \(entry.size) bytes; up to \(limit) are read")
        }
        var data = try bytes.data(entry.range)
        switch entry.method {
        case 0: break
        case 8:
            do { data = try Self.inflated(data, size: entry.size) } catch { throw FileError("\(shown): \(error)") }
        default:
            throw Self.unread(shown, entry.method)
        }
        guard Self.checksum(data) == entry.checksum else {
            throw FileError("\(shown) does not match its checksum, so that it is damaged")
        }
        return data
    }

    /// The first of an entry's bytes, unverified, and how many it has in all; `nil` where there is none of that name.
    /// - Throws: `FileError` with a clause when they cannot be had.
    package func beginning(of name: String, _ count: Int) throws -> (bytes: Data, size: Int)? {
        guard let entry = entries[name] else { return nil }
        let shown = "'\(name.inSentence)'"
        if let obstacle = entry.obstacle { throw FileError("\(shown) \(obstacle)") }
        let data = try bytes.data(entry.range)
        switch entry.method {
        case 0: return (data.prefix(count), entry.size)
        case 8:
            do { return (Data(try Inflater(data, .deflate).next(min(count, entry.size))), entry.size) } catch {
                throw FileError("\(shown): \(error)")
            }
        default: throw Self.unread(shown, entry.method)
        }
    }

    private static func unread(_ shown: String, _ method: Int) -> FileError {
        FileError("\(shown) is compressed in a way that is not read (\(method)); write it again")
    }

    private static func inflated(_ data: Data, size: Int) throws -> Data {
        let inflater = try Inflater(data, .deflate)
        let bytes = try inflater.whole(size)
        guard bytes.count == size, try inflater.next(1).isEmpty, inflater.rest == 0 else {
            throw FileError("it does not inflate to the \(size) bytes that the directory says; fetch it again")
        }
        return bytes
    }

    /// The CRC-32 of some bytes.
    package static func checksum(_ data: Data) -> UInt32 {
        // An empty buffer's address may be none, for which zlib gives the same 0.
        data.withUnsafeBytes { UInt32(crc32_z(0, $0.bindMemory(to: UInt8.self).baseAddress, $0.count)) }
    }

    /// Where the directory begins, and how many entries it has.
    private static func directory(of bytes: LittleEndian) throws -> (start: Int, count: Int) {
        let cut = FileError("its end is missing")
        // A comment of up to 65,535 bytes may stand behind the end's record.
        let last = bytes.count - 22
        guard last >= 0 else { throw cut }
        var end: Int?
        for at in stride(from: last, through: max(0, last - 0xFFFF), by: -1)
        where try bytes.number(at, 4) == 0x0605_4B50 && bytes.number(at + 20, 2) == last - at {
            end = at
            break
        }
        guard let end else { throw cut }
        if end >= 20, try bytes.number(end - 20, 4) == 0x0706_4B50 {
            let record = try bytes.number(end - 12, 8)
            guard try bytes.number(record, 4) == 0x0606_4B50 else { throw cut }
            // Where the two records differ one program reads another directory than the next one.
            for (own, width, wide) in [
                (end + 10, 2, record + 32), (end + 12, 4, record + 40), (end + 16, 4, record + 48),
            ] {
                let (value, all) = (try bytes.number(own, width), 1 << (8 * width) - 1)
                guard try value == all || value == bytes.number(wide, 8) else {
                    throw FileError("its two directories are not the same one")
                }
            }
            return (try bytes.number(record + 48, 8), try bytes.number(record + 32, 8))
        }
        return (try bytes.number(end + 16, 4), try bytes.number(end + 10, 2))
    }

    /// The directory's entry at a byte, with the byte of the next.
    private func entry(at: Int, before limit: Int) throws -> (name: String, entry: Entry, next: Int) {
        guard try bytes.number(at, 4) == 0x0201_4B50 else { throw FileError("its directory is damaged at byte \(at)") }
        let (nameLength, extraLength) = (try bytes.number(at + 28, 2), try bytes.number(at + 30, 2))
        let next = at + 46 + nameLength + extraLength + (try bytes.number(at + 32, 2))
        let name = String(decoding: try bytes.data(at + 46..<at + 46 + nameLength), as: UTF8.self)
        func refuse(_ reason: String) -> FileError { FileError("'\(name.inSentence)' \(reason)") }
        var obstacle: String?
        if try bytes.number(at + 8, 2) & 1 != 0 { obstacle = "is encrypted" }
        let method = try bytes.number(at + 10, 2)
        var (size, stored, local) = (
            try bytes.number(at + 24, 4), try bytes.number(at + 20, 4), try bytes.number(at + 42, 4)
        )
        var extra = at + 46 + nameLength
        let extraEnd = extra + extraLength
        while extra + 4 <= extraEnd {
            let (kind, length) = (try bytes.number(extra, 2), try bytes.number(extra + 2, 2))
            if kind == 1 {
                var field = extra + 4
                func wide(_ value: inout Int) throws {
                    guard value == 0xFFFF_FFFF, field + 8 <= extra + 4 + length else { return }
                    value = try bytes.number(field, 8)
                    field += 8
                }
                try wide(&size)
                try wide(&stored)
                try wide(&local)
            }
            extra += 4 + length
        }
        if method == 0, size != stored, obstacle == nil {
            obstacle = "has \(stored) bytes in the file and \(size) outside of it"
        }
        guard local >= 0, local < limit, try bytes.number(local, 4) == 0x0403_4B50 else {
            throw refuse("is not where the directory says")
        }
        let ownName = try bytes.number(local + 26, 2)
        guard try bytes.data(local + 30..<local + 30 + ownName) == bytes.data(at + 46..<at + 46 + nameLength) else {
            throw refuse("is not where the directory says")
        }
        let start = local + 30 + ownName + (try bytes.number(local + 28, 2))
        guard stored >= 0, stored <= limit - start else {
            throw refuse("of \(stored) bytes ends behind the others")
        }
        let entry = Entry(
            range: start..<start + stored, size: size, method: method, checksum: UInt32(try bytes.number(at + 16, 4)),
            obstacle: obstacle)
        return (name, entry, next)
    }
}
