import Foundation
import ImageDecoding
import TestSupport
import Testing

/// Against Pillow, byte for byte: files of every kind that it writes, and some that it only reads.
@Suite(.enabled(if: pillowPython != nil, "Pillow is needed: these tests compare with it"))
struct PillowTests {
    @Test func everyKindOfFile() throws {
        let folder = TemporaryFolder()
        let finished = try run(
            try #require(pillowPython), [packageRoot + "/Tests/Peers/images.py", "decode", folder("all")])
        try #require(finished.status == 0, "\(finished.errors)")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder("all")).filter { !$0.hasSuffix(".rgb") }
        #expect(names.count == 128)
        for name in names.sorted() {
            let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: folder("all/" + name))))
            let expected = try Data(contentsOf: URL(fileURLWithPath: folder("all/\(name).rgb")))
            let numbers = (0..<3).map { i in expected[4 * i..<4 * i + 4].reversed().reduce(0) { $0 << 8 | Int($1) } }
            let decoded = try ImageDecoder.decode(bytes, named: name)
            #expect([decoded.image.width, decoded.image.height] == Array(numbers[0..<2]), "\(name)")
            #expect(decoded.isAlphaDropped == (numbers[2] == 1), "\(name)")
            let isSame = decoded.image.pixels == Array(expected.dropFirst(12))
            #expect(isSame, "\(name)")
        }
    }
}
