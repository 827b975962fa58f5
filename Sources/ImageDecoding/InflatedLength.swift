import CZlib

/// Counts what a zlib stream inflates to, without keeping it.
///
/// libpng inflates a PNG's pixels to the stream's end, though all rows are there: a megabyte may hold a gigabyte behind
/// them.
final class InflatedLength {
    // zlib remembers where this lies; as memory of its own it does not move.
    private let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    private var scratch = [UInt8](repeating: 0, count: 64 << 10)

    /// - Throws: `ImageError` where there is no memory.
    init() throws {
        stream.initialize(to: z_stream())
        guard inflateInit_(stream, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
            stream.deallocate()
            throw ImageError("cannot be decoded: there is no memory")
        }
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
    }

    /// Whether the stream that lies in parts of `bytes` inflates to more than a number of bytes; one that is damaged is
    /// counted as far as it goes.
    func exceeds(_ limit: Int, _ bytes: [UInt8], parts: [Range<Int>]) -> Bool {
        var count = 0
        for part in parts where !part.isEmpty {
            let isOver: Bool? = bytes.withUnsafeBufferPointer { bytes in
                scratch.withUnsafeMutableBufferPointer { scratch in
                    // zlib only reads what it is given here.
                    stream.pointee.next_in = UnsafeMutablePointer(
                        mutating: bytes.baseAddress?.advanced(by: part.lowerBound))
                    stream.pointee.avail_in = UInt32(part.count)
                    while true {
                        stream.pointee.next_out = scratch.baseAddress
                        stream.pointee.avail_out = UInt32(scratch.count)
                        let status = inflate(stream, Z_NO_FLUSH)
                        count += scratch.count - Int(stream.pointee.avail_out)
                        if count > limit { return true }
                        if status != Z_OK && status != Z_BUF_ERROR { return false }
                        // All of this part is read, and nothing waits to be given.
                        if stream.pointee.avail_in == 0, stream.pointee.avail_out > 0 { return nil }
                    }
                }
            }
            if let isOver { return isOver }
        }
        return false
    }
}
