import Foundation

/// The pixels of a set, a byte each: in memory, or in a mapped file, of which only what is looked at takes memory.
public struct PixelStorage: Sendable, RandomAccessCollection {
    private enum Place {
        case memory([UInt8])
        case file(Data)
    }
    private let place: Place
    /// The number of bytes.
    public let count: Int

    /// Pixels in memory.
    public init(_ bytes: [UInt8]) { (place, count) = (.memory(bytes), bytes.count) }

    /// Pixels of a mapped file, or of a part of it. Nobody may shorten the file in place while it is mapped: looking at
    /// what is gone would end the program.
    public init(mapped data: Data) { (place, count) = (.file(data), data.count) }

    /// Whether they are a file's.
    var isMapped: Bool { if case .file = place { true } else { false } }

    public var startIndex: Int { 0 }
    public var endIndex: Int { count }

    /// The byte at a place.
    public subscript(position: Int) -> UInt8 {
        switch place {
        case .memory(let bytes): bytes[position]
        case .file(let data): data[data.startIndex + position]
        }
    }

    /// Calls `body` with all bytes where they lie.
    public func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        switch place {
        case .memory(let bytes): try bytes.withUnsafeBytes(body)
        case .file(let data): try data.withUnsafeBytes(body)
        }
    }

    /// As `withUnsafeBytes`, for the standard library.
    public func withContiguousStorageIfAvailable<Result>(
        _ body: (UnsafeBufferPointer<UInt8>) throws -> Result
    ) rethrows -> Result? {
        try withUnsafeBytes { try body($0.bindMemory(to: UInt8.self)) }
    }
}
