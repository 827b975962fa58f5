import Foundation
import TestSupport
import Testing

/// A third of the damaged and hostile files, each given to the built executable by Tests/Peers/hostile.py.
@Suite struct HostileFileTests {
    private let scratch = TemporaryFolder()

    @Test(.enabled(if: peerPython != nil && pillowPython != nil, "PyTorch and Pillow are needed: they make the files"))
    func everyFileIsRefused() throws {
        try SmallNetwork.architecture.write(toFile: scratch("a.json"), atomically: true, encoding: .utf8)
        let ads = Program.folder + "/ads"
        let trained = try run(
            ads,
            [
                "train", "--data", "shapes", "--arch", scratch("a.json"), "--epochs", "1", "--limit-train", "64",
                "--batch-size", "32", "--quiet", "--out", scratch("dense"),
            ])
        try #require(trained.status == 0, "\(trained.errors)")
        try FileManager.default.createDirectory(atPath: scratch("files"), withIntermediateDirectories: true)
        let done = try run(
            try #require(pillowPython),
            [
                packageRoot + "/Tests/Peers/hostile.py", ads, scratch("dense/weights.safetensors"),
                // All of them take a minute and a half: python3 Tests/Peers/hostile.py.
                scratch("files"), "3",
            ])
        #expect(done.status == 0, "\(done.output)\(done.errors)")
        let counts = done.output.split(separator: "\n").first?.split(separator: " ").compactMap { Int($0) } ?? []
        #expect((counts.first ?? 0) >= 120 && (counts.dropFirst().first ?? 0) >= 100, "\(done.output)")
    }
}
