import CZlib
import Files
import Foundation

/// Inflates what zlib deflated, as far as it is asked to and no further: a few bytes can stand for any number.
package final class Inflater {
    /// What stands around the deflated bytes.
    package enum Format: Sendable {
        /// A gzip file's header and checksum, which is checked.
        case gzip
        /// Nothing, as in a zip.
        case deflate
    }
    // zlib remembers where this lies; as memory of its own it does not move.
    private let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    private let data: Data
    private var at = 0
    private var isAtEnd = false
    /// What is read and written in one go.
    private static let block = 1 << 20

    /// - Throws: `FileError` with a clause where there is no memory.
    package init(_ data: Data, _ format: Format) throws {
        self.data = data
        stream.initialize(to: z_stream())
        let bits: Int32 = format == .gzip ? 15 + 16 : -15
        guard inflateInit2_(stream, bits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
            stream.deallocate()
            throw FileError("there is no memory to inflate it")
        }
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
    }

    /// The next bytes, so many of them or fewer at the end.
    /// - Throws: `FileError` with a clause where the bytes are damaged or end early.
    package func next(_ count: Int) throws -> [UInt8] {
        var out: [UInt8] = []
        while out.count < count, !isAtEnd {
            out += try [UInt8](unsafeUninitializedCapacity: min(count - out.count, Self.block)) { buffer, filled in
                filled = try inflate(into: buffer)
            }
        }
        return out
    }

    /// The next bytes in memory that is taken once, so many of them or fewer at the end.
    /// - Throws: `FileError` with a clause where the bytes are damaged or end early.
    func whole(_ count: Int) throws -> Data {
        var out = Data(count: count)
        var filled = 0
        try out.withUnsafeMutableBytes { bytes in
            let bytes = bytes.bindMemory(to: UInt8.self)
            while filled < count, !isAtEnd {
                filled += try inflate(into: .init(rebasing: bytes[filled..<min(count, filled + Self.block)]))
            }
        }
        return filled == count ? out : out.prefix(filled)
    }

    /// Bytes of the file behind the end of what was inflated.
    package var rest: Int { data.count - at }

    /// Fills a buffer, but for the last one; the number of bytes.
    private func inflate(into buffer: UnsafeMutableBufferPointer<UInt8>) throws -> Int {
        stream.pointee.next_out = buffer.baseAddress
        stream.pointee.avail_out = UInt32(buffer.count)
        while stream.pointee.avail_out > 0, !isAtEnd {
            let given = min(data.count - at, Self.block)
            let status = data[data.startIndex + at..<data.startIndex + at + given].withUnsafeBytes { bytes in
                // zlib only reads what it is given here.
                stream.pointee.next_in = UnsafeMutablePointer(mutating: bytes.bindMemory(to: UInt8.self).baseAddress)
                stream.pointee.avail_in = UInt32(given)
                return CZlib.inflate(stream, Z_NO_FLUSH)
            }
            at += given - Int(stream.pointee.avail_in)
            switch status {
            case Z_STREAM_END: isAtEnd = true
            case Z_OK: break
            case Z_BUF_ERROR where at < data.count: break
            case Z_BUF_ERROR: throw FileError("it is cut off after \(data.count) bytes; fetch it again")
            default: throw FileError("its compressed bytes are damaged at byte \(at); fetch it again")
            }
        }
        return buffer.count - Int(stream.pointee.avail_out)
    }
}
