import Archives
import Files
import Foundation
import TestSupport
import Testing
import WeightFiles

@testable import PickleFiles
@testable import TorchFiles

/// Files made byte by byte: those PyTorch writes, and those it never would.
@Suite struct TorchFileTests {
    private let one = StateBytes(entries: [.init(name: "w")])
    private let values: [Float] = [1, 2, 3, 4]

    private func read(_ data: Data) throws -> [String: [Float]] { try ReadTorch.read(data) }
    private func message(_ data: Data) -> String { ReadTorch.message(data) }

    @Test func checksum() {
        #expect(ZipFile.checksum(Data("123456789".utf8)) == 0xCBF4_3926)
        #expect(ZipFile.checksum(Data()) == 0 && ZipFile.checksum(Data([0])) == 0xD202_EF8D)
    }

    @Test(arguments: [false, true]) func zipOfEitherDirectory(isZip64: Bool) throws {
        var zip = one.zip(["0": values], also: [.init(name: "archive/version", data: Data("3\n".utf8))])
        zip.isZip64 = isZip64
        #expect(try read(zip.data) == ["w": values])
        // A comment may follow the end.
        var commented = zip.data
        commented.replaceSubrange(commented.count - 2..<commented.count, with: Data([3, 0]) + Data("abc".utf8))
        #expect(try read(commented) == ["w": values])
    }

    @Test func legacyStoragesInTheOrderOfTheirKeys() throws {
        let entries = ["10", "2"].map { StateBytes.Entry(name: "t" + $0, key: $0) }
        let file = StateBytes(entries: entries).legacy([("10", [1, 2, 3, 4]), ("2", [5, 6, 7, 8])])
        #expect(try read(file) == ["t10": [1, 2, 3, 4], "t2": [5, 6, 7, 8]])
        // Nothing of the order of use: the list of keys decides.
        let other = StateBytes(entries: entries).legacy([("2", [5, 6, 7, 8]), ("10", [1, 2, 3, 4])])
        #expect(try read(other) == read(file))
        // A part of a storage, as the legacy container has it, begins where the part does.
        let part = StateBytes.Entry(name: "w", elements: 6, offset: 1, shape: [2], strides: [1], part: [3, 3])
        #expect(try read(StateBytes(entries: [part]).legacy([("0", [0, 1, 2, 3, 4, 5])])) == ["w": [4, 5]])
        // Protocol 4 says how long its pickles are.
        let framed = file.replacingPrefix(2, with: Data([0x80, 4, 0x95, 13, 0, 0, 0, 0, 0, 0, 0]))
        #expect(try read(framed) == read(file))
    }

    @Test func stridesAndOffsets() throws {
        let eight = (0..<8).map(Float.init)
        func tensor(_ offset: Int, _ shape: [Int], _ strides: [Int]) throws -> [Float]? {
            let entry = StateBytes.Entry(name: "w", elements: 8, offset: offset, shape: shape, strides: strides)
            return try read(StateBytes(entries: [entry]).zip(["0": eight]).data)["w"]
        }
        #expect(try tensor(1, [2, 3], [3, 1]) == [1, 2, 3, 4, 5, 6])
        #expect(try tensor(1, [2, 3], [1, 2]) == [1, 3, 5, 2, 4, 6])
        #expect(try tensor(0, [2, 1, 2, 2], [4, 99, 1, 2]) == [0, 2, 1, 3, 4, 6, 5, 7])
        // One entry has any stride, as PyTorch has it: nothing is ever that far.
        #expect(try tensor(0, [2, 2, 1], [1, 2, .max]) == [0, 2, 1, 3])
        #expect(try tensor(7, [], []) == [7] && tensor(0, [0, 3], [3, 1]) == [])
    }

    @Test func gatheringNeedsMemoryOnlyWithinLimits() throws {
        // Ten thousand transposed views of 64 KiB each.
        let count = 128
        let entries = (0..<10_000).map {
            StateBytes.Entry(
                name: "\($0)", elements: count * count, shape: [count, count], strides: [1, count])
        }
        let zip = StateBytes(entries: entries).zip(["0": [Float](repeating: 1, count: count * count)])
        #expect(message(zip.data).contains("over twice what its storages hold"))
    }

    /// Whoever uses tensors may copy each, whether they lie in order or not.
    @Test func tensorsOfOneStorageWithinLimits() throws {
        func zip(_ tensors: Int) -> Data {
            // 64 KiB each.
            let entries = (0..<tensors).map {
                StateBytes.Entry(name: "\($0)", elements: 1 << 14, shape: [1 << 14], strides: [1])
            }
            return StateBytes(entries: entries).zip(["0": [Float](repeating: 1, count: 1 << 14)]).data
        }
        // Twice the storage and 64 MiB.
        #expect(try TorchFile(zip(1026), named: "x").tensors.count == 1026)
        #expect(
            message(zip(1027))
                == "its tensors are \(1027 << 16) bytes and more, over twice what its storages hold")
        // Parts of one storage are no more than it is, however large.
        let parts = (0..<8).map {
            StateBytes.Entry(name: "\($0)", elements: 32, offset: 4 * $0, shape: [2, 2], strides: [2, 1])
        }
        #expect(try read(StateBytes(entries: parts).zip(["0": (0..<32).map(Float.init)]).data).count == 8)
    }

    @Test func tensorsThatReachElsewhere() {
        func refusal(_ change: (inout StateBytes.Entry) -> Void) -> String {
            var entry = StateBytes.Entry(name: "w")
            change(&entry)
            return message(StateBytes(entries: [entry]).zip(["0": values]).data)
        }
        let behind = "'w' reaches behind its storage of 4 elements"
        #expect(refusal { $0.offset = 1 } == behind && refusal { $0.shape = [3, 2] } == behind)
        #expect(refusal { $0.strides = [3, 1] } == behind)
        #expect(refusal { $0.strides = [.max, 1] } == behind && refusal { $0.shape = [.max, .max] } == behind)
        #expect(refusal { ($0.shape, $0.strides) = ([1 << 32, 1 << 32], [0, 0]) } == behind)
        #expect(
            refusal { ($0.shape, $0.strides) = ([1 << 40], [0]) }
                == "'w' of [1099511627776] has more elements than its storage's 4")
        for change: (inout StateBytes.Entry) -> Void in [
            { $0.offset = -1 }, { $0.shape = [-2, 2] }, { $0.strides = [-2, 1] }, { $0.strides = [2] },
            { ($0.shape, $0.strides) = ([Int](repeating: 1, count: 65), [Int](repeating: 1, count: 65)) },
        ] { #expect(refusal(change) == "'w' has impossible sizes") }
        #expect(refusal { $0.elements = 5 } == "storage '0' has 16 bytes where its tensors need 20")
        #expect(refusal { $0.elements = -1 } == "'w' has a storage of -1 elements")
        #expect(refusal { $0.elements = .max } == "'w' has a storage of \(Int.max) elements")
        #expect(refusal { $0.key = "1" } == "it has no 'archive/data/1', which a tensor needs")
        #expect(refusal { $0.type = "torch\nFloatTensor" }.contains("it wants 'torch.FloatTensor', which is refused"))
        let two = [StateBytes.Entry(name: "a"), StateBytes.Entry(name: "b", type: "torch\nHalfStorage")]
        #expect(
            message(StateBytes(entries: two).zip(["0": values]).data)
                == "'b' needs storage '0' to be of another type or size than others do")
        #expect(
            message(StateBytes(entries: [one.entries[0], one.entries[0]]).zip(["0": values]).data)
                == "'w' is in it twice")
    }

    /// An empty tensor lies nowhere, whatever it says.
    @Test func emptyTensorsFarBehindTheirStorage() throws {
        for (offset, shape) in [(1 << 62, [0]), (.max, [0]), (7, [3, 0]), (0, [0, 1 << 62])] {
            let entry = StateBytes.Entry(
                name: "w", elements: 1, offset: offset, shape: shape, strides: shape.map { _ in 1 })
            #expect(try ReadTorch.read(StateBytes(entries: [entry]).zip(["0": [5]]).data) == ["w": []])
        }
    }

    @Test func zipsThatPyTorchNeverWrites() {
        func refusal(_ change: (inout ZipBytes) -> Void) -> String {
            var zip = one.zip(["0": values])
            change(&zip)
            return message(zip.data)
        }
        #expect(
            refusal { $0.entries[1].method = 8 }.contains("'archive/data/0' is compressed, which PyTorch never does"))
        #expect(refusal { $0.entries[1].flags = 1 } == "'archive/data/0' is encrypted")
        #expect(refusal { $0.entries.append($0.entries[1]) }.contains("'archive/data/0' is in it twice"))
        #expect(
            refusal { $0.entries[1].checksum = 7 }
                == "'archive/data/0' does not match its checksum, so that it is damaged")
        #expect(refusal { $0.entries[1].stored = 15 }.contains("has 15 bytes in the file and 16 outside of it"))
        #expect(
            refusal { $0.entries[1].size = 1 << 30 }
                == "it is no whole zip file: 'archive/data/0' of 1073741824 bytes ends behind the others; fetch or write it again"
        )
        #expect(refusal { ($0.isZip64, $0.entries[1].size) = (true, 1 << 62) }.contains("ends behind the others"))
        #expect(refusal { $0.entries[1].localName = "archive/data/1" }.contains("is not where the directory says"))
        #expect(refusal { $0.entries[1].offset = 1 }.contains("is not where the directory says"))
        #expect(
            refusal { ($0.isZip64, $0.entries[1].offset) = (true, .max) }.contains("is not where the directory says"))
        #expect(refusal { $0.count = 3 }.contains("its directory is damaged at byte"))
        #expect(refusal { ($0.isZip64, $0.count) = (true, 1 << 50) }.contains("up to 100000 are read"))
        #expect(
            refusal { $0.entries[0].name = "archive/data.txt" }
                == "it is a zip file without a data.pkl, as torch.save does not write it")
        #expect(
            refusal { $0.entries.append(.init(name: "archive/byteorder", data: Data("big".utf8))) }.contains(
                "big-endian"))
        #expect(
            refusal { $0.entries.append(.init(name: "archive/constants.pkl", data: Data("K\u{1}.".utf8))) }
                .contains("it is TorchScript, a program; where you trust it"))
    }

    @Test func entriesThatShareBytes() {
        // Quoted within one another, entries make a small file as large as one likes.
        var outer = one.zip(["0": [Float](repeating: 0, count: 1000)])
        outer.entries[0].size = outer.entries[0].data.count + 200
        #expect(message(outer.data).contains("'archive/data.pkl' and 'archive/data/0' share bytes"))
    }

    @Test func legacyThatLies() {
        let good = one.legacy([("0", values)])
        func patched(_ from: Data, _ to: Data) -> String {
            var data = good
            guard let range = data.range(of: from) else { return "not found" }
            data.replaceSubrange(range, with: to)
            return message(data)
        }
        #expect(
            patched(Data([0x4D, 0xE9, 3, 0x2E]), Data([0x4D, 0xEA, 3, 0x2E])).contains("another version than 1001"))
        #expect(patched(Data([0x88, 0x73, 0x2E]), Data([0x89, 0x73, 0x2E])).contains("big-endian"))
        #expect(
            message(one.legacy([("0", [1, 2, 3])])) == "storage '0' has 3 elements, and its tensors were of one with 4")
        #expect(message(one.legacy([])) == "it has no storage '0', which a tensor needs")
        #expect(
            message(one.legacy([("1", values)]))
                == "it holds a storage that no tensor uses, so that its size is unknown")
        #expect(message(one.legacy([("0", values), ("0", values)])) == "storage '0' is in it twice")
        #expect(message(good + Data([0])) == "1 bytes follow its last storage")
        #expect(message(good.dropLast()) == "it ends in the middle of storage '0'; fetch or write it again")
    }

    @Test(arguments: [true, false]) func everyTruncationIsRefused(isZip: Bool) {
        let whole = isZip ? one.zip(["0": values]).data : one.legacy([("0", values)])
        for length in 0..<whole.count {
            #expect(!message(whole.prefix(length)).hasPrefix("read"), "\(length) of \(whole.count) bytes")
        }
    }

    @Test func everyFlippedByteOfAZipIsRefusedOrChangesNothing() {
        let whole = one.zip(["0": values]).data
        var refused = 0
        for i in whole.indices {
            var broken = whole
            broken[i] ^= 0x21
            let outcome = message(broken)
            if outcome.hasPrefix("read") { #expect(outcome == "read \(["w": values])") } else { refused += 1 }
        }
        // What is left are times, versions, attributes and what is between the entries.
        #expect(refused > whole.count / 2, "\(refused) of \(whole.count)")
    }
}

extension Data {
    /// The same behind another beginning.
    fileprivate func replacingPrefix(_ count: Int, with other: Data) -> Data { other + dropFirst(count) }
}
