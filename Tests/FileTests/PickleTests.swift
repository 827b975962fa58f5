import Foundation
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
            [0x80, 2, 0x7D, 0x71, 0, 0x28, 0x55, 1, 0x61, 0x5D, 0x71, 1, 0x28, 0x4B, 1, 0x4D, 0x2C, 1, 0x4A, 0xFE, 0xFF, 0xFF, 0xFF, 0x65]
            + [0x55, 1, 0x62, 0x88, 0x4E, 0x47, 0x3F, 0xF8, 0, 0, 0, 0, 0, 0, 0x87, 0x75, 0x2E]
        #expect(
            try PickleReader.read(Data(bytes))
                == .dictionary([
                    .bytes(Data("a".utf8)): .list([.int(1), .int(300), .int(-2)]),
                    .bytes(Data("b".utf8)): .tuple([.bool(true), .none, .float(1.5)]),
                ]))
    }

    @Test func whatWouldRunIsRefusedByName() {
        // cos\nsystem\n(S'true'\ntR.
        let attack = Array("cos\nsystem\n(S'true'\ntR.".utf8)
        #expect(
            message(attack)
                == "pickle, byte 0: it wants 'os.system', which is refused: only plain data and NumPy arrays are read, and nothing is executed")
        // Protocol 4: 'builtins' 'eval' STACK_GLOBAL
        let modern: [UInt8] = [0x80, 4, 0x8C, 8] + Array("builtins".utf8) + [0x8C, 4] + Array("eval".utf8) + [0x93, 0x2E]
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

    @Test func randomBytesNeverCrash() {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<20_000 {
            let bytes = (0..<Int.random(in: 0..<40, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
            _ = message(bytes)
        }
    }

    @Test(.enabled(if: realData("cifar-10-batches-py") != nil, "real data needed: unpack CIFAR-10's Python files"))
    func everyTruncationOfAnOfficialHead() throws {
        let folder = try #require(realData("cifar-10-batches-py"))
        let data = try Data(contentsOf: URL(fileURLWithPath: folder + "/cifar-10-batches-py/batches.meta"))
        _ = try PickleReader.read(data)
        for length in 0..<data.count { #expect(throws: PickleError.self) { try PickleReader.read(data.prefix(length)) } }
    }
}
