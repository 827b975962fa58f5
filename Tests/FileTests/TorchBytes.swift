import Archives
import Foundation
import Testing

@testable import TorchFiles

/// Zip files as PyTorch writes them, and any others.
struct ZipBytes {
    struct Entry {
        var name: String
        var data: Data
        var method = 0
        var flags = 0
        /// What the directory says, where not what is so.
        var size: Int?
        var stored: Int?
        var checksum: UInt32?
        var localName: String?
        var offset: Int?
    }
    var entries: [Entry]
    /// Whether the directory's end is zip64's, as PyTorch's is at any size, and its entries' sizes are.
    var isZip64 = false
    var count: Int?

    static func number(_ value: Int, _ bytes: Int) -> Data {
        Data((0..<bytes).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) })
    }

    var data: Data {
        var out = Data()
        var directory = Data()
        for entry in entries {
            let n = Self.number
            let start = out.count
            let local = Data((entry.localName ?? entry.name).utf8)
            // PyTorch leaves sizes and checksum out here, and pads to 64.
            let padding = (64 - (start + 30 + local.count + 4) % 64) % 64
            out += n(0x0403_4B50, 4) + n(0, 2) + n(entry.flags, 2) + n(entry.method, 2) + n(0, 16)
            out += n(local.count, 2) + n(4 + padding, 2) + local + n(0x4246, 2) + n(padding, 2) + Data(count: padding)
            out += entry.data
            let (size, stored) = (entry.size ?? entry.data.count, entry.stored ?? entry.size ?? entry.data.count)
            let name = Data(entry.name.utf8)
            let place = entry.offset ?? start
            let extra = isZip64 ? n(1, 2) + n(24, 2) + n(size, 8) + n(stored, 8) + n(place, 8) : Data()
            directory += n(0x0201_4B50, 4) + n(0, 4) + n(entry.flags, 2) + n(entry.method, 2) + n(0, 4)
            directory += n(Int(entry.checksum ?? ZipFile.checksum(entry.data)), 4)
            directory += (isZip64 ? n(-1, 8) : n(stored, 4) + n(size, 4)) + n(name.count, 2) + n(extra.count, 2)
            directory += n(0, 10) + (isZip64 ? n(-1, 4) : n(place, 4)) + name + extra
        }
        let (n, start, count) = (Self.number, out.count, count ?? entries.count)
        out += directory
        if isZip64 {
            let record = out.count
            out +=
                n(0x0606_4B50, 4) + n(44, 8) + n(0, 12) + n(count, 8) + n(count, 8) + n(directory.count, 8)
                + n(start, 8)
            out += n(0x0706_4B50, 4) + n(0, 4) + n(record, 8) + n(1, 4)
        }
        out += n(0x0605_4B50, 4) + n(0, 4) + n(isZip64 ? 0xFFFF : count, 2) + n(isZip64 ? 0xFFFF : count, 2)
        return out + n(directory.count, 4) + (isZip64 ? n(-1, 4) : n(start, 4)) + n(0, 2)
    }
}

/// Pickles of state dicts, by hand: protocol 2.
struct StateBytes {
    /// A tensor: its storage, and how it lies in it.
    struct Entry {
        var name: String
        var key = "0"
        var type = "torch\nFloatStorage"
        var elements = 4
        var offset = 0
        var shape = [2, 2]
        var strides = [2, 1]
        var part: [Int]?
    }
    var entries: [Entry]

    static func text(_ text: String) -> Data { Data([0x58]) + ZipBytes.number(text.utf8.count, 4) + Data(text.utf8) }
    static func int(_ value: Int) -> Data { Data([0x8A, 8]) + ZipBytes.number(value, 8) }
    static func tuple(_ values: [Int]) -> Data {
        Data("(".utf8) + values.reduce(Data()) { $0 + int($1) } + Data("t".utf8)
    }
    static func name(_ module: String, _ attribute: String) -> Data { Data("c\(module)\n\(attribute)\n".utf8) }
    static let ordered = name("collections", "OrderedDict") + Data(")R".utf8)

    /// Pieces, as a long sum of them takes the compiler minutes.
    static func tensor(_ entry: Entry) -> Data {
        let part: [Data] =
            entry.part.map { part in
                [Data("(".utf8), text("view"), int(part[0]), int(part[1]), Data("t".utf8)]
            } ?? []
        let storage: [Data] = [
            Data("((".utf8), text("storage"), Data("c\(entry.type)\n".utf8), text(entry.key), text("cpu"),
            int(entry.elements),
        ]
        let view: [Data] = [
            Data("tQ".utf8), int(entry.offset), tuple(entry.shape), tuple(entry.strides), Data([0x89]), ordered,
            Data("tR".utf8),
        ]
        let function: [Data] = [name("torch._utils", "_rebuild_tensor_v2")]
        return Data([function, storage, part, view].joined().joined())
    }

    var pickle: Data {
        Data([0x80, 2]) + Self.ordered + Data("(".utf8)
            + entries.reduce(Data()) { $0 + Self.text($1.name) + Self.tensor($1) } + Data("u.".utf8)
    }

    /// In a zip file with storages.
    func zip(_ storages: [String: [Float]], also more: [ZipBytes.Entry] = []) -> ZipBytes {
        let parts = storages.sorted { $0.key < $1.key }.map { key, values in
            ZipBytes.Entry(name: "archive/data/\(key)", data: values.withUnsafeBytes { Data($0) })
        }
        return ZipBytes(entries: [.init(name: "archive/data.pkl", data: pickle)] + parts + more)
    }

    /// In the legacy container.
    func legacy(_ storages: [(key: String, values: [Float])]) -> Data {
        let machine = Data([0x80, 2, 0x7D]) + Self.text("little_endian") + Data([0x88]) + Data("s.".utf8)
        let keys =
            Data([0x80, 2]) + Data("](".utf8) + storages.reduce(Data()) { $0 + Self.text($1.key) } + Data("e.".utf8)
        return Data([0x80, 2, 0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, 0x2E])
            + Data([0x80, 2, 0x4D, 0xE9, 3, 0x2E]) + machine + pickle + keys
            + storages.reduce(Data()) { all, storage in
                all + ZipBytes.number(storage.values.count, 8) + storage.values.withUnsafeBytes { Data($0) }
            }
    }
}

/// Reading bytes as a PyTorch file.
enum ReadTorch {
    static func read(_ data: Data) throws -> [String: [Float]] {
        try TorchFile(data, named: "/x/f.pth").tensors.mapValues { tensor in
            #expect(tensor.type == "F32" && tensor.shape.reduce(4, *) == tensor.bytes.count)
            return tensor.bytes.withUnsafeBytes { bytes in
                (0..<bytes.count / 4).map { bytes.loadUnaligned(fromByteOffset: $0 * 4, as: Float.self) }
            }
        }
    }

    static func message(_ data: Data) -> String {
        let clock = ContinuousClock()
        var sentence = ""
        let time = clock.measure {
            do { sentence = "read \(try read(data))" } catch { sentence = "\(error)" }
        }
        // Hangs are found here; how long refusals take is measured by Tests/Peers/hostile.py.
        #expect(time < .seconds(30), "\(time): \(sentence)")
        #expect(sentence.hasPrefix("/x/f.pth is not read: ") || sentence.hasPrefix("read"), "\(sentence)")
        return sentence.replacing("/x/f.pth is not read: ", with: "")
    }
}
