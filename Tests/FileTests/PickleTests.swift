import Foundation
import Randomness
import TestSupport
import Testing

@testable import PickleFiles

@Suite struct PickleTests {
    private func message(_ bytes: [UInt8]) -> String {
        do {
            return "read \(try PickleReader.read(Data(bytes)))"
        } catch { return "\(error)" }
    }

    @Test func plainData() throws {
        // Protocol 2: {'a': [1, 300, -2], 'b': (True, None, 1.5)}
        let bytes: [UInt8] =
            [
                0x80, 2, 0x7D, 0x71, 0, 0x28, 0x55, 1, 0x61, 0x5D, 0x71, 1, 0x28, 0x4B, 1, 0x4D, 0x2C, 1, 0x4A, 0xFE,
                0xFF, 0xFF, 0xFF, 0x65,
            ]
            + [0x55, 1, 0x62, 0x88, 0x4E, 0x47, 0x3F, 0xF8, 0, 0, 0, 0, 0, 0, 0x87, 0x75, 0x2E]
        #expect(
            try PickleReader.read(Data(bytes))
                == .dictionary([
                    .bytes(Data("a".utf8)): .list([.int(1), .int(300), .int(-2)]),
                    .bytes(Data("b".utf8)): .tuple([.bool(true), .none, .float(1.5)]),
                ]))
    }

    /// Protocol 0 writes a byte for a character up to U+00FF, and escapes for the others.
    @Test func textOfProtocol0() throws {
        // {'x': 'café'}
        let whole = Array("(dp0\nVx\np1\nVcaf".utf8) + [0xE9] + Array("\np2\ns.".utf8)
        #expect(try PickleReader.read(Data(whole)) == .dictionary([.string("x"): .string("café")]))
        // Bytes are no UTF-8.
        #expect(try PickleReader.read(Data([0x56, 0xC3, 0xA9, 0x0A, 0x2E])) == .string("\u{C3}\u{A9}"))
        for (line, expected) in [
            (#"a\u005cb\u000a"#, "a\\b\n"), (#"\u0100\U0001f600\U0001F600"#, "Ā😀😀"), (#"\\u0041"#, #"\\u0041"#),
            (#"\\\u0041"#, #"\\A"#), (#"\x41\"#, #"\x41\"#), (#"\u00e9\u0041"#, "éA"), ("", ""),
        ] {
            let read = try PickleReader.read(Data("V\(line)\n.".utf8))
            #expect(read == .string(expected), "\(line)")
        }
        for (line, escape) in [
            (#"a\u004"#, #"\u004"#), (#"\u"#, #"\u"#), (#"\u00zz00"#, #"\u00zz"#), (#"\u+041"#, #"\u+041"#),
            (#"\U0001f60"#, #"\U0001f60"#), (#"\ud83d\ude00"#, #"\ud83d"#), (#"\U0000dfff"#, #"\U0000dfff"#),
            (#"\U00110000"#, #"\U00110000"#),
        ] {
            let said = message(Array("V\(line)\n.".utf8))
            #expect(said.hasSuffix(": a text has the escape '\(escape)', which is no character"), "\(line): \(said)")
        }
        #expect(message([0x56, 0x5C, 0x75, 0xE9, 0x30, 0x30, 0x30, 0x0A, 0x2E]).contains("which is no character"))
        #expect(message(Array(#"V\u0041"#.utf8)).contains("a line does not end"))
    }

    @Test func whatWouldRunIsRefusedByName() {
        // cos\nsystem\n(S'true'\ntR.
        let attack = Array("cos\nsystem\n(S'true'\ntR.".utf8)
        #expect(
            message(attack)
                == "pickle, byte 0: it wants 'os.system', which is refused: only plain data and NumPy arrays are read, and nothing is executed"
        )
        // Protocol 4: 'builtins' 'eval' STACK_GLOBAL
        let modern: [UInt8] =
            [0x80, 4, 0x8C, 8] + Array("builtins".utf8) + [0x8C, 4] + Array("eval".utf8) + [0x93, 0x2E]
        #expect(message(modern).contains("it wants 'builtins.eval', which is refused"))
        // INST and OBJ build objects too.
        #expect(message(Array("(ios\nsystem\n.".utf8)).contains("opcode 0x69 makes or calls an object"))
    }

    @Test func damageIsRefused() {
        #expect(message([]).contains("it ends in the middle"))
        #expect(message([0x2E]).contains("the stack is empty"))
        #expect(message([0x55, 9, 1]).contains("byte 2: it ends in the middle of a value"))
        #expect(message([0x68, 3, 0x2E]).contains("memo 3 was never stored"))
        #expect(message([0x80, 9]).contains("protocol 9 is unknown"))
    }

    // MARK: What costs more than its bytes

    /// EMPTY_LIST, n times: MEMOIZE, then a list of the memo's last value twice.
    private func doubling(_ levels: Int, list: Bool) -> [UInt8] {
        var out: [UInt8] = [0x80, 4, 0x5D, 0x94]
        for level in 0..<levels {
            let get: [UInt8] = [0x68, UInt8(level)]
            out += list ? [0x5D, 0x28] + get + get + [0x65, 0x94] : get + get + [0x86, 0x94]
        }
        return out + [0x2E]
    }

    @Test(arguments: [true, false]) func sharedValuesThatDouble(list: Bool) throws {
        #expect(doubling(90, list: list).count < 900)
        #expect(
            message(doubling(90, list: list)).hasSuffix("its values would be over 2000000, counted wherever they stand")
        )
        #expect(
            message(doubling(24, list: list)).hasSuffix("its values would be over 2000000, counted wherever they stand")
        )
        let small = try PickleReader.read(Data(doubling(2, list: list)))
        let (none, make): (PickleValue, ([PickleValue]) -> PickleValue) = (
            .list([]), list ? { .list($0) } : { .tuple($0) }
        )
        #expect(small == make([make([none, none]), make([none, none])]))
    }

    @Test func nestingWithoutEnd() {
        let million = 1_000_000
        #expect(
            message([0x4E] + [UInt8](repeating: 0x85, count: million) + [0x2E]).contains(
                "values are nested over 100 deep"))
        #expect(
            message([UInt8](repeating: 0x5D, count: million) + [UInt8](repeating: 0x61, count: million - 1) + [0x2E])
                .contains("values are nested over 100 deep"))
        // Thrown away, a deep tuple is no problem.
        #expect(message([0x4E] + [UInt8](repeating: 0x85, count: million) + [0x30, 0x4E, 0x2E]) == "read none")
        #expect(message([UInt8](repeating: 0x28, count: 3 * million)).contains("it has over 2000000 instructions"))
        // A list that holds itself.
        #expect(message([0x5D, 0x71, 0, 0x68, 0, 0x61, 0x2E]).contains("values are nested over 100 deep"))
        #expect(message([0x5D, 0x71, 0, 0x28, 0x68, 0, 0x68, 0, 0x65, 0x2E]).contains("nested over 100 deep"))
    }

    @Test func depthAndCountAtTheirLimits() throws {
        let limits = PickleLimits(bytes: 100, instructions: 50, values: 5, depth: 3)
        func read(_ bytes: [UInt8]) throws -> PickleValue { try PickleReader.read(Data(bytes), limits: limits) }
        #expect(throws: Never.self) { try read([0x4E, 0x85, 0x85, 0x85, 0x2E]) }
        #expect(throws: PickleError("pickle, byte 5: values are nested over 3 deep")) {
            try read([0x4E, 0x85, 0x85, 0x85, 0x85, 0x2E])
        }
        #expect(throws: Never.self) { try read([0x28, 0x4E, 0x4E, 0x4E, 0x4E, 0x74, 0x2E]) }
        #expect(throws: PickleError.self) { try read([0x28, 0x4E, 0x4E, 0x4E, 0x4E, 0x4E, 0x74, 0x2E]) }
        #expect(throws: Never.self) { try read([UInt8](repeating: 0x4E, count: 49) + [0x2E]) }
        #expect(throws: PickleError.self) { try read([UInt8](repeating: 0x4E, count: 50) + [0x2E]) }
        #expect(throws: PickleError("pickle: it has 101 bytes; up to 100 are read")) {
            try read([UInt8](repeating: 0x4E, count: 101))
        }
    }

    @Test func containersAreNoKeys() {
        #expect(
            message([0x7D, 0x29, 0x4E, 0x73, 0x2E])
                == "pickle, byte 4: a dictionary has a key that is no number or text")
        #expect(message([0x7D, 0x5D, 0x4E, 0x73, 0x2E]).contains("a key that is no number or text"))
    }

    /// A key is looked at as often as it stands somewhere, and three bytes say that it stands in one more place.
    @Test func keysOfAnyLength() {
        for count in [1000, 1001] {
            let key: [UInt8] =
                [0x42, UInt8(count & 255), UInt8(count >> 8), 0, 0] + [UInt8](repeating: 7, count: count)
            let said = message([0x7D, 0x28] + key + [0x4E, 0x75, 0x2E])
            #expect(said.contains("a dictionary has a key of over 1000 bytes") == (count > 1000), "\(said)")
        }
        // What lies below a mark stays as it is.
        let nested: [UInt8] = [0x5D, 0x28, 0x4B, 1, 0x28, 0x4B, 2, 0x28, 0x74, 0x74, 0x28, 0x74, 0x65, 0x2E]
        #expect(message(nested) == message([0x5D, 0x28, 0x4B, 1, 0x28, 0x4B, 2, 0x29, 0x74, 0x29, 0x65, 0x2E]))
        #expect(message(nested).hasPrefix("read list"))
    }

    @Test func lengthsThatAreNotThere() {
        let most = [UInt8](repeating: 0xFF, count: 8)
        for opcode: UInt8 in [0x8D, 0x8E] {
            #expect(message([opcode] + most + [0x2E]).contains("the length 18446744073709551615 is impossible"))
            #expect(message([opcode] + most.dropLast() + [0x7F, 0x2E]).contains("it ends in the middle of a value"))
            #expect(message([opcode, 2, 0, 0, 0, 0, 0, 0, 0, 0x61, 0x62, 0x2E]).contains("read"))
        }
        for opcode: UInt8 in [0x54, 0x42, 0x58] {
            #expect(message([opcode] + most.prefix(4) + [0x2E]).contains("it ends in the middle of a value"))
        }
        #expect(message([0x8B] + most.prefix(4)).contains("a number of 4294967295 bytes is too large"))
        #expect(message([0x8A, 9] + most + most).contains("a number of 9 bytes is too large"))
        #expect(message([0x8A, 8] + most + [0x2E]) == "read int(-1)")
        #expect(message([0x6A] + most.prefix(4)).contains("memo 4294967295 was never stored"))
        #expect(message(Array("g99999999999999999999\n.".utf8)).contains("'99999999999999999999' is no number"))
        #expect(message(Array("Np-1\n.".utf8)).contains("'-1' is no number"))
        #expect(message([0x28, 0x71, 0, 0x2E]).contains("the stack is empty"))
        #expect(message([0x4E, 0x28, 0x71, 0, 0x2E]).contains("a mark stands where a value was expected"))
        #expect(message([0x74]).contains("there is no mark on the stack"))
        #expect(message([0x4E, 0x28, 0x4E, 0x75, 0x2E]).contains("a key without a value"))
        #expect(message([0x4E, 0x4E, 0x61, 0x2E]).contains("a list was expected"))
    }

    /// `numpy.zeros(shape, type)` as Python 2 writes it.
    private func array(sizes: [UInt8], type: String = "u1", order: String = "|", bytes: UInt8) -> [UInt8] {
        Array(
            "cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\nK\u{0}\u{85}U\u{1}btR".unicodeScalars.map {
                UInt8($0.value)
            })
            + [0x28, 0x4B, 1, 0x28] + sizes + [0x74]
            + Array("cnumpy\ndtype\nU".utf8) + [UInt8(type.utf8.count)] + Array(type.utf8) + [
                0x4B, 0, 0x4B, 1, 0x87, 0x52,
            ]
            + [0x28, 0x4B, 3, 0x55, 1] + Array(order.utf8) + [0x4E, 0x74, 0x62]
            + [0x89, 0x55, bytes] + [UInt8](repeating: 7, count: Int(bytes)) + [0x74, 0x62, 0x2E]
    }

    @Test func arraysAreFilledByTheirBytes() throws {
        #expect(
            try PickleReader.read(Data(array(sizes: [0x4B, 2, 0x4B, 3], bytes: 6)))
                == .array(type: "u1", shape: [2, 3], bytes: Data(repeating: 7, count: 6)))
        #expect(
            message(array(sizes: [0x4B, 2, 0x4B, 3], bytes: 5)).contains("an array of [2, 3] takes 6 bytes; it has 5"))
        #expect(message(array(sizes: [0x4B, 3], type: "f4", order: "<", bytes: 12)).hasPrefix("read array"))
        #expect(message(array(sizes: [0x4B, 3], type: "f4", order: ">", bytes: 12)).contains("big-endian"))
        #expect(message(array(sizes: [0x4B, 3], type: "O8", bytes: 24)).contains("an array's elements are no numbers"))
        let huge: [UInt8] = [0x8A, 8, 0, 0, 0, 0, 0, 0, 0, 0x40]
        #expect(message(array(sizes: huge + huge, bytes: 6)).contains("an array has an impossible size"))
        #expect(message(array(sizes: [0x4B, 0] + huge + huge, bytes: 0)).contains("an array has an impossible size"))
        #expect(
            message(array(sizes: [0x4A, 0xFF, 0xFF, 0xFF, 0xFF], bytes: 6)).contains("an array has an impossible size"))
        #expect(message(array(sizes: [], bytes: 1)).hasPrefix("read array"))
        #expect(message(array(sizes: [UInt8](repeating: 0x4E, count: 65), bytes: 1)).contains("65 dimensions"))
    }

    @Test func aHostileNameStaysOnOneLine() {
        let text = message(Array("cos\u{1b}[2J\r\n\(String(repeating: "x", count: 10_000))\n".utf8))
        #expect(text.contains(#"it wants 'os\u{1b}[2J\u{d}.xxx"#) && text.utf8.count < 300 && !text.contains("\u{1b}"))
    }

    @Test func randomBytesNeverCrash() {
        var random = SeededGenerator(seed: 11)
        for _ in 0..<20_000 {
            let bytes = (0..<Int.random(in: 0..<40, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            _ = message(bytes)
        }
    }

    @Test(.enabled(if: realData("cifar-10-batches-py") != nil, "real data needed: unpack CIFAR-10's Python files"))
    func everyTruncationOfAnOfficialHead() throws {
        let folder = try #require(realData("cifar-10-batches-py"))
        let data = try Data(contentsOf: URL(fileURLWithPath: folder + "/cifar-10-batches-py/batches.meta"))
        _ = try PickleReader.read(data)
        for length in 0..<data.count {
            #expect(throws: PickleError.self) { try PickleReader.read(data.prefix(length)) }
        }
    }
}
