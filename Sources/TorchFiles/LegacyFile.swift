import Archives
import Files
import Foundation
import PickleFiles

/// PyTorch's container of before 1.6: five pickles (a magic number, a version, the machine, the object, the storages'
/// keys), then the storages in the order of those keys, each an element count of 8 bytes and its elements.
///
/// The keys are sorted as texts and not in the order of their use.
enum LegacyFile {
    /// 0x1950a86a20f9469cfc6c as pickles write it: LONG1 of ten bytes.
    private static let magic = Data([0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, 0x2E])

    /// Where the magic number's pickle ends, in any protocol; `nil` where there is none.
    static func magicEnd(_ data: Data) -> Int? {
        guard data.first == 0x80, data.count > 2 else { return nil }
        // Protocol 4 and later say how long the rest is, behind an opcode.
        for start in [2, 11] where data.dropFirst(start).starts(with: magic) { return start + magic.count }
        return nil
    }

    /// Reads what follows the magic number.
    /// - Throws: `FileError`, `PickleError`.
    static func read(_ data: Data, after magic: Int, names: PickleNames) throws -> TorchFile {
        var at = magic
        func next() throws -> PickleCalls {
            let calls = try PickleReader.readCalls(data.dropFirst(at), names: names, limits: .torch)
            at += calls.length
            return calls
        }
        let version = try next()
        guard version.nodes.int(version.root) == 1001 else {
            throw FileError("its container is of another version than 1001, the only one that was ever written")
        }
        let machine = try next()
        for pair in (machine.nodes.dictionary(machine.root) ?? []).pairs
        where machine.nodes.text(pair.0) == "little_endian" {
            guard case .scalar(.bool(true)) = machine.nodes[pair.1] else {
                throw FileError("its numbers are big-endian, which is not read; write it on a little-endian machine")
            }
        }
        let dictionary = try StateDict(next())
        let keys = try next()
        guard let list = keys.nodes.list(keys.root) else { throw FileError("its list of storages is no list") }

        let bytes = LittleEndian(data)
        var storages: [String: Data] = [:]
        for node in list {
            guard let key = keys.nodes.text(node), let storage = dictionary.allStorages[key] else {
                throw FileError("it holds a storage that no tensor uses, so that its size is unknown")
            }
            guard try bytes.number(at, 8) == storage.count else {
                throw FileError(
                    "storage '\(key.inSentence)' has \(try bytes.number(at, 8)) elements, and its tensors were of one with \(storage.count)"
                )
            }
            at += 8
            guard storage.byteCount <= data.count - at else {
                throw FileError("it ends in the middle of storage '\(key.inSentence)'; fetch or write it again")
            }
            guard storages.updateValue(try bytes.data(at..<at + storage.byteCount), forKey: key) == nil else {
                throw FileError("storage '\(key.inSentence)' is in it twice")
            }
            at += storage.byteCount
        }
        guard at == data.count else { throw FileError("\(data.count - at) bytes follow its last storage") }
        return try TorchFile(dictionary) { storage in
            guard let data = storages[storage.key] else {
                throw FileError("it has no storage '\(storage.key.inSentence)', which a tensor needs")
            }
            return data
        }
    }
}

extension [Int] {
    /// Its items two by two.
    var pairs: [(Int, Int)] { stride(from: 0, to: count - 1, by: 2).map { (self[$0], self[$0 + 1]) } }
}
