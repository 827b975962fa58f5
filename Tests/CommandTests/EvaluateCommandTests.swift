import Foundation
import TestSupport
import Testing

/// `ads evaluate` on other images than the run's, and options that would do nothing.
@Suite struct EvaluateCommandTests {
    private let scratch = TemporaryFolder()

    private func ads(_ arguments: String...) throws -> Finished { try run(Program.folder + "/ads", arguments) }

    /// Four IDX files of 8×8 pixels, 64 to train on and 16 to test on; of MNIST or Fashion-MNIST by where they lie.
    private func fill(_ folder: String) throws {
        func write(_ name: String, _ shape: [Int], _ bytes: [UInt8]) throws {
            var file = Data([0, 0, 8, UInt8(shape.count)])
            for length in shape { file.append(contentsOf: [0, 0, UInt8(length >> 8), UInt8(length & 255)]) }
            try (file + Data(bytes)).write(to: URL(fileURLWithPath: scratch(folder) + "/" + name))
        }
        try FileManager.default.createDirectory(atPath: scratch(folder), withIntermediateDirectories: true)
        for (part, count) in [("train", 64), ("t10k", 16)] {
            let pixels = (0..<count * 64).map { UInt8(truncatingIfNeeded: $0 * $0 / 7 + folder.count * $0) }
            try write("\(part)-images-idx3-ubyte", [count, 8, 8], pixels)
            try write("\(part)-labels-idx1-ubyte", [count], (0..<count).map { UInt8($0 % 10) })
        }
    }

    @Test func otherImagesThanTheRuns() throws {
        try fill("digits")
        try fill("clothes")
        let network =
            #"{"blocks":[2],"growth_rate":2,"bottleneck":false,"compression":1,"stem":{"kind":"cifar","channels":4},"input_channels":1,"image_size":8,"classes":10}"#
        try network.write(toFile: scratch("a.json"), atomically: true, encoding: .utf8)
        let trained = try ads(
            "train", "--data", "mnist", "--data-dir", scratch("digits"), "--arch", scratch("a.json"), "--epochs", "1",
            "--batch-size", "16", "--all-data", "--quiet", "--out", scratch("run"))
        #expect(trained.status == 0, "\(trained.errors)")
        // It knows all of its own images that are held out, and none of others.
        let own = try ads("evaluate", scratch("run"), "--quiet")
        #expect(
            own.status == 1
                && own.errors
                    == "ads: \(scratch("run")) was trained on the validation images too (--all-data); use --split test\n"
        )
        let other = try ads(
            "evaluate", scratch("run"), "--data", "fashion-mnist", "--data-dir", scratch("clothes"), "--quiet", "--json"
        )
        #expect(other.status == 0, "\(other.errors)")
        #expect(
            other.errors
                == "ads: \(scratch("run")) was made with mnist, whose '0' is 't-shirt' in fashion-mnist: an accuracy only means something where these are the same classes\n"
        )
        let json = try other.json()
        #expect((json["confusion"] as? [[Int]])?.count == 10 && json["confusionEntries"] == nil)
    }

    @Test func optionsThatWouldDoNothing() throws {
        let split = try ads("train", "--data", "shapes", "--all-data", "--split", "validation", "--out", scratch("run"))
        #expect(
            split.status == 64
                && split.errors
                    == "ads: --all-data holds no images out; leave --split validation out, or say --split test\n"
        )
        for (options, sentence) in [
            (["--json", "--markdown"], "--json and --markdown both say how to print the comparison; leave one out"),
            (["--json", "--out", "x"], "--json prints the comparison, and --out names the page's file; leave one out"),
            (
                ["--markdown", "--out", "x"],
                "--markdown prints the comparison, and --out names the page's file; leave one out"
            ),
        ] {
            let refused = try run(Program.folder + "/ads", ["report", scratch.path] + options)
            #expect(refused.status == 64 && refused.errors == "ads: \(sentence)\n", "\(refused.errors)")
        }
        #expect(!FileManager.default.fileExists(atPath: scratch("run")))
    }
}
