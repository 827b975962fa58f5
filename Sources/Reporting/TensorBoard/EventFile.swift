import Foundation
import Protobuf

/// A file of scalars as TensorBoard reads it: events, each a record of its length, its bytes and a checksum of both
/// (https://www.tensorflow.org/tutorials/load_data/tfrecord, event.proto of TensorFlow).
struct EventFile {
    /// The file's bytes so far.
    private(set) var bytes: Data
    /// When its first event happened, in seconds since 1970.
    let start: Double
    private static let version = "brain.Event:2"

    /// A file that begins at a time.
    init(start: Double) {
        self.start = start
        bytes = Self.first(start)
    }

    /// When an earlier file began, so that it can be made again; `nil` where its first record is none.
    static func start(of file: Data) -> Double? {
        // A length and its checksum; the event then begins with its time.
        let place = 12 + 1
        guard file.count >= place + 8 else { return nil }
        let bits = file.dropFirst(place).prefix(8).reversed().reduce(0) { $0 << 8 | UInt64($1) }
        let start = Double(bitPattern: bits)
        return start.isFinite && start > 0 && file.starts(with: first(start)) ? start : nil
    }

    private static func first(_ start: Double) -> Data {
        var event = ProtobufMessage()
        event.add(1, start)
        event.add(3, version)
        return record(event.bytes)
    }

    /// Adds an event of scalars by tag; those that are absent or no finite number are left out.
    /// - Parameter seconds: when it happened, since the file's start.
    mutating func add(step: Int, after seconds: Double, _ scalars: [(tag: String, value: Double?)]) {
        var summary = ProtobufMessage()
        for (tag, value) in scalars {
            guard let value, Float(value).isFinite else { continue }
            var scalar = ProtobufMessage()
            scalar.add(1, tag)
            scalar.add(2, Float(value))
            summary.add(1, scalar)
        }
        guard !summary.bytes.isEmpty else { return }
        var event = ProtobufMessage()
        event.add(1, start + seconds)
        event.add(2, step)
        event.add(5, summary)
        bytes += Self.record(event.bytes)
    }

    private static func record(_ data: Data) -> Data {
        func littleEndian(_ value: UInt64, _ count: Int) -> Data {
            Data((0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * UInt64($0))) })
        }
        func checksum(_ data: Data) -> Data {
            let sum = CRC32C.checksum(data)
            // Masked, as the format has it: checksums of what holds checksums are bad ones.
            return littleEndian(UInt64((sum >> 15 | sum << 17) &+ 0xA282_EAD8), 4)
        }
        let length = littleEndian(UInt64(data.count), 8)
        return length + checksum(length) + data + checksum(data)
    }
}

/// The checksum of iSCSI, RFC 3720.
enum CRC32C {
    private static let table: [UInt32] = (0..<256).map { byte in
        (0..<8).reduce(UInt32(byte)) { rest, _ in rest & 1 == 1 ? rest >> 1 ^ 0x82F6_3B78 : rest >> 1 }
    }

    /// The checksum of bytes.
    static func checksum(_ data: Data) -> UInt32 {
        ~data.reduce(~UInt32(0)) { $0 >> 8 ^ table[Int(UInt8(truncatingIfNeeded: $0) ^ $1)] }
    }
}
