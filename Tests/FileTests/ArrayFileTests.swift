import Files
import Foundation
import TestSupport
import Testing

@testable import Archives
@testable import ArrayFiles

/// Arrays of others: byte by byte, and against numpy.
@Suite struct ArrayFileTests {
    /// An IDX file by hand.
    static func idx(_ shape: [Int], _ bytes: [UInt8], type: UInt8 = 8) -> Data {
        var data = Data([0, 0, type, UInt8(shape.count)])
        for length in shape {
            for shift in [24, 16, 8, 0] { data.append(UInt8(length >> shift & 255)) }
        }
        return data + Data(bytes)
    }

    /// An array of numpy's by hand.
    static func npy(_ header: String, _ bytes: [UInt8], version: UInt8 = 1) -> Data {
        var data = Data([0x93]) + Data("NUMPY".utf8) + Data([version, 0])
        for place in 0..<(version == 1 ? 2 : 4) { data.append(UInt8(header.utf8.count >> (8 * place) & 255)) }
        return data + Data(header.utf8) + Data(bytes)
    }

    private func message(_ body: () throws -> Void) -> String {
        do {
            try body()
            return "read"
        } catch { return "\(error)" }
    }
    private func refusal(idx data: Data, atMost limit: Int = 1 << 20) -> String {
        message { _ = try IDXFile(data, named: "x", atMost: limit) }
    }
    private func refusal(npy data: Data, atMost limit: Int = 1 << 20) -> String {
        message { _ = try NPYArray(data, named: "x", atMost: limit) }
    }

    @Test func idxByHand() throws {
        let file = try IDXFile(Self.idx([2, 1, 3], [1, 2, 3, 4, 5, 6]), named: "x")
        #expect(file.shape == [2, 1, 3] && file.bytes == [1, 2, 3, 4, 5, 6])
        #expect(try IDXFile(Self.idx([0, 5], []), named: "x").bytes.isEmpty)
        // A slice of data, which does not begin at 0.
        let slice = (Data([9, 9]) + Self.idx([1], [7])).dropFirst(2)
        #expect(try IDXFile(slice, named: "x").bytes == [7])
    }

    @Test func whatIsNoIDX() {
        let no = "x: it is no IDX file: one begins with two zeros, a type and 1 to 4 dimensions"
        #expect(refusal(idx: Data([0, 1, 8, 1, 0, 0, 0, 0])) == no)
        #expect(refusal(idx: Data([0, 0, 8, 0])) == no && refusal(idx: Data([0, 0, 8, 5])) == no)
        #expect(refusal(idx: Self.idx([1], [1], type: 13)) == "x: it has values of type 13; bytes, type 8, are read")
        #expect(
            refusal(idx: Data([0, 0])) == "x: it ends after 2 bytes where 2 more were expected; fetch it again")
        #expect(
            refusal(idx: Self.idx([2, 2], [1, 2, 3]))
                == "x: it ends after 15 bytes where 1 more were expected; fetch it again")
        #expect(
            refusal(idx: Self.idx([2], [1, 2, 3])) == "x: it has more than the 10 bytes that it says; fetch it again")
        let most = 0xFFFF_FFFF
        #expect(
            refusal(idx: Self.idx([most, most, most, most], []))
                == "x: it says it is an array of \(most)×\(most)×\(most)×\(most); up to 1048576 bytes are read")
        #expect(refusal(idx: Self.idx([11], [1]), atMost: 10).hasSuffix("array of 11; up to 10 bytes are read"))
        // Zero times anything is nothing.
        #expect(refusal(idx: Self.idx([most, 0, most], [])) == "read")
    }

    @Test func npyByHand() throws {
        for version in 1...3 {
            let array = try NPYArray(
                Self.npy(
                    "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3), }  \n", [1, 2, 3, 4, 5, 6],
                    version: UInt8(version)),
                named: "x")
            #expect(
                array.shape == [2, 3] && array.bytes == [1, 2, 3, 4, 5, 6] && array.integers == [1, 2, 3, 4, 5, 6])
        }
        // Any order, any quotes, no comma at the end; columns of one dimension are rows.
        let array = try NPYArray(
            Self.npy(#"{"shape":(2,),"fortran_order":True,"descr":">i2"}"#, [0xFF, 0xFE, 1, 0]), named: "x")
        #expect(array.integers == [-2, 256] && array.bytes == nil && array.type == ">i2")
        let large = try NPYArray(
            Self.npy("{'descr': '<u8', 'fortran_order': False, 'shape': (), }", [UInt8](repeating: 255, count: 8)),
            named: "x")
        #expect(large.integers == nil && large.shape == [])
        #expect(
            try NPYArray(Self.npy("{'descr': '<f8', 'fortran_order': False, 'shape': (0,), }", []), named: "x").integers
                == nil)
    }

    @Test func whatIsNoNPY() {
        func header(_ type: String, _ order: String = "False", _ shape: String = "(1,)") -> Data {
            Self.npy("{'descr': '\(type)', 'fortran_order': \(order), 'shape': \(shape), }", [0])
        }
        #expect(refusal(npy: header("|u1")) == "read")
        #expect(refusal(npy: Data("PK".utf8)) == #"x: it is no array of numpy's: one begins with \x93NUMPY"#)
        #expect(refusal(npy: header("|u1").prefix(7)) == "x: it is cut off after 7 bytes; fetch it again")
        #expect(refusal(npy: header("|u1").dropLast()).hasPrefix("x: it is cut off after"))
        #expect(refusal(npy: header("|u1") + Data([1])) == "x: it has 1 bytes behind its 1; fetch it again")
        var other = header("|u1")
        other[6] = 4
        #expect(refusal(npy: other) == "x: its format is 4.0; 1.0, 2.0 and 3.0 are read")
        #expect(
            refusal(npy: header("|O")) == "x: it holds Python's objects, which are not read; save an array of numbers")
        for type in ["<U3", "|S2", "<c8", "<M8", "|u2", "<u3", "u1", "<f1", "", "|u12", "<b8"] {
            #expect(
                refusal(npy: header(type))
                    == "x: its elements are '\(type)'; whole numbers, truth values and floats are read")
        }
        let damage = "x: its header is none of numpy's; save it again"
        for text in [
            "", "{", "{}", "[]", "{'descr': '|u1'}", "{'descr': '|u1', 'fortran_order': False}",
            "{'descr': '|u1', 'fortran_order': False, 'shape': (1,), 'more': 1}",
            "{'descr': '|u1', 'descr': '|u1', 'fortran_order': False, 'shape': (1,)}",
            "{'descr': '|u1', 'fortran_order': 0, 'shape': (1,)}",
            "{'descr': '|u1', 'fortran_order': False, 'shape': 1}",
            "{'descr': '|u1', 'fortran_order': False, 'shape': (-1,)}",
            "{'descr': '|u1', 'fortran_order': False, 'shape': (99999999999999999999,)}",
            "{'descr': '|u1', 'fortran_order': False, 'shape': (1,)} x", "{'descr: 1}",
            "{'descr': '|u1', 'fortran_order': False, 'shape': (1,",
        ] {
            #expect(refusal(npy: Self.npy(text, [0])) == damage, "\(text)")
        }
        #expect(
            refusal(npy: header("|u1", "False", "(4611686018427387904, 4)"))
                == "x: it says it is an array of 4611686018427387904×4; up to 1048576 bytes are read")
        var long = Self.npy("", [], version: 2)
        long.replaceSubrange(8..<12, with: [255, 255, 255, 255])
        #expect(refusal(npy: long) == "x: its header has 4294967295 bytes; up to 65536 are read")
    }

    @Test func zipsByHand() throws {
        let array = Self.npy("{'descr': '|u1', 'fortran_order': False, 'shape': (3,), }", [1, 2, 3])
        let zip = ZipBytes(entries: [.init(name: "a.npy", data: array), .init(name: "readme", data: Data())])
        let file = try NPZFile(zip.data, named: "x")
        #expect(file.names == ["a"])
        #expect(try file.array("a")?.bytes == [1, 2, 3] && file.array("b") == nil)
        func refusal(_ change: (inout ZipBytes) -> Void, atMost limit: Int = 1 << 20) -> String {
            var other = zip
            change(&other)
            return message { _ = try NPZFile(other.data, named: "x", atMost: limit).array("a") }
        }
        #expect(refusal { $0.entries[0].checksum = 1 }.hasPrefix("x: 'a.npy' does not match its checksum"))
        #expect(refusal { $0.entries[0].flags = 1 } == "x: 'a.npy' is encrypted")
        #expect(
            refusal { $0.entries[0].method = 12 }
                == "x: 'a.npy' is compressed in a way that is not read (12); write it again")
        #expect(refusal { $0.entries[0].method = 8 }.hasPrefix("x: 'a': it is no array of numpy's"))
        #expect(refusal { $0.entries[0].data = Data("no".utf8) }.hasPrefix("x: 'a': it is no array of numpy's"))
        #expect(refusal({ _ in }, atMost: 2) == "x: 'a': it says it is an array of 3; up to 2 bytes are read")
        #expect(
            refusal { $0.entries[0].size = 1 << 30 }
                == "x is no .npz file that can be read: 'a.npy' of 1073741824 bytes ends behind the others")
        #expect(
            message { _ = try NPZFile(Data("no".utf8), named: "x") }
                == "x is no .npz file that can be read: its end is missing")
    }

    @Test(.enabled(if: peerPython != nil, "PyTorch is needed: numpy beside it writes what this test reads"))
    func whatNumpyWrites() throws {
        let folder = TemporaryFolder()
        let done = try run(try #require(peerPython), [packageRoot + "/Tests/Peers/arrays.py", folder.path])
        #expect(done.status == 0, "\(done.errors)")
        func data(_ name: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: folder(name))) }
        for name in ["stored", "deflated"] {
            let file = try NPZFile(data(name + ".npz"), named: name)
            #expect(file.names == ["x_test", "x_train", "y_test", "y_train"])
            let (train, test) = (try #require(try file.array("x_train")), try #require(try file.array("x_test")))
            #expect(train.shape == [9, 7, 7] && train.type == "|u1")
            #expect(try Data((train.bytes ?? []) + (test.bytes ?? [])) == data(name + ".raw"))
            #expect(try file.array("y_train")?.integers == (0..<9).map { $0 % 3 })
        }
        for kind in ["i", "u"] {
            for name in ["1"] + [2, 4, 8].flatMap({ ["little-\(kind)\($0)", "big-\(kind)\($0)"] }) {
                let array = try NPYArray(data("integers-\(name == "1" ? kind + "1" : name).npy"), named: name)
                #expect(
                    array.integers == [0, 1, 127, kind == "i" ? -128 : 200, 5, 100] && array.shape == [2, 3], "\(name)")
            }
        }
        #expect(
            try NPYArray(data("scalar.npy"), named: "x").bytes == [7]
                && NPYArray(data("scalar.npy"), named: "x").shape == [])
        #expect(try NPYArray(data("empty.npy"), named: "x").shape == [0, 3])
        for (name, sentence) in [
            ("objects", "Python's objects"), ("records", "records of several fields"), ("columns", "fortran_order"),
            ("text", "its elements are '<U3'"),
        ] {
            #expect(refusal(npy: try data(name + ".npy")).contains(sentence), "\(name)")
        }
        // 40 MB in 40 KB stop at the limit.
        let bomb = try data("bomb.npz")
        #expect(bomb.count < 100_000)
        #expect(
            message { _ = try NPZFile(bomb, named: "x", atMost: 1 << 20).array("x_train") }
                == "x: 'x_train': it says it is an array of 4000×100×100; up to 1048576 bytes are read")
        for name in ["plain", "zipped"] {
            let end = name == "plain" ? "" : ".gz"
            let files = try ["train", "t10k"].map {
                try IDXFile(data("\(name)/\($0)-images-idx3-ubyte\(end)"), named: "x")
            }
            #expect(files.map(\.shape) == [[12, 28, 28], [5, 28, 28]])
            #expect(try Data(files.flatMap(\.bytes)) == data(name + ".raw"))
        }
        let zipped = try data("zipped/t10k-labels-idx1-ubyte.gz")
        #expect(
            refusal(idx: zipped) == "read" && refusal(idx: zipped + Data([0])).contains("it has more than the 13 bytes")
        )
        for length in 2..<zipped.count {
            #expect(refusal(idx: zipped.prefix(length)) == "x: it is cut off after \(length) bytes; fetch it again")
        }
        for place in 10..<zipped.count {
            var damaged = zipped
            damaged[place] ^= 1
            #expect(refusal(idx: damaged) != "read", "byte \(place)")
        }
    }
}
