import Foundation
import ImageResizing
import TestSupport
import Testing

/// Against Pillow, byte for byte.
@Suite(.enabled(if: pillowPython != nil, "Pillow is needed: these tests compare with it"))
struct PillowTests {
    /// What `Tests/Peers/images.py` wrote: images before and after.
    private func peer(_ what: String) throws -> [(before: RGBImage, after: RGBImage)] {
        let folder = TemporaryFolder()
        let finished = try run(
            try #require(pillowPython), [packageRoot + "/Tests/Peers/images.py", what, folder("out")])
        #expect(finished.status == 0, "\(finished.errors)")
        var bytes = try Data(contentsOf: URL(fileURLWithPath: folder("out")))[...]
        func word() -> Int {
            defer { bytes = bytes.dropFirst(4) }
            return bytes.prefix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
        }
        func image(_ width: Int, _ height: Int) throws -> RGBImage {
            defer { bytes = bytes.dropFirst(width * height * 3) }
            return try RGBImage(width: width, height: height, pixels: Array(bytes.prefix(width * height * 3)))
        }
        var pairs: [(RGBImage, RGBImage)] = []
        while !bytes.isEmpty {
            let sizes = (word(), word(), word(), word())
            pairs.append((try image(sizes.0, sizes.1), try image(sizes.2, sizes.3)))
        }
        return pairs
    }

    @Test func resizedToAnySize() throws {
        let pairs = try peer("resize")
        #expect(pairs.count == 221)
        for (before, after) in pairs {
            let isSame = try before.resized(width: after.width, height: after.height) == after
            #expect(isSame, "\(before.width)×\(before.height) to \(after.width)×\(after.height)")
        }
    }

    @Test func resizedAndCutToASquare() throws {
        let pairs = try peer("square")
        #expect(pairs.count == 60)
        for (before, after) in pairs {
            let isSame = try before.squared(after.width) == after
            #expect(isSame, "\(before.width)×\(before.height) to \(after.width)")
        }
    }
}
