import DenseNetArchitecture
import DenseNetModel
import Foundation
import Runs
import TestSupport
import Testing
import Training
import WeightFiles

/// `ads transfer`: a run's connections on other data, from fresh weights or the run's.
@Suite(.serialized) struct TransferTests {
    private let scratch = TemporaryFolder()
    private let short = ["--epochs", "1", "--batch-size", "8", "--quiet"]

    private func ads(_ arguments: [String]) throws -> Finished { try run(Program.folder + "/ads", arguments) }

    /// Images in three class folders, from the fuzzers' corpus.
    private func images() throws -> [String] {
        for (split, count) in [("train", 16), ("test", 4)] {
            for name in ["cup", "hat", "tie"] {
                let folder = scratch("images/\(split)/\(name)")
                try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
                for i in 0..<count {
                    let seed = ["jpeg/valid-cmyk", "jpeg/valid-progressive", "png/valid-alpha"][i % 3]
                    try FileManager.default.copyItem(
                        atPath: packageRoot + "/Tests/Fuzz/corpus/" + seed, toPath: "\(folder)/\(i)")
                }
            }
        }
        return ["--data", "folder", "--data-dir", scratch("images")]
    }

    private func network() throws -> [String] { try SmallNetwork.options(in: scratch) }

    private func done(_ arguments: [String]) throws {
        let done = try ads(arguments)
        #expect(done.status == 0, "\(arguments): \(done.errors)")
    }

    private func search(_ name: String, _ more: [String]) throws {
        try done(
            ["search"] + network() + [
                "--limit-validation", "40", "--strategy", "random", "--target-macs", "0.9", "--children", "2", "--top",
                "0", "--workers", "1", "--out", scratch(name),
            ] + more)
    }

    private func weights(_ name: String) throws -> [String: StoredTensor] {
        try Safetensors(contentsOf: RunFolder(scratch(name)).weights).tensors
    }

    private func configuration(_ name: String) throws -> TrainingConfiguration {
        let folder = RunFolder(scratch(name))
        return try folder.read(TrainingConfiguration.self, from: folder.configuration)
    }

    @Test func aFoundNetworkOnOtherData() throws {
        let data = try images()
        try done(["train"] + network() + ["--epochs", "1", "--out", scratch("dense")])
        try search("found", ["--dense", scratch("dense")])
        try done(["retrain", scratch("found"), "--out", scratch("retrained"), "--label", "mine"] + short)
        let found = try RunFolder(scratch("found")).network()

        // Connections move, the classifier and the size are the data's; the test set is used once.
        let fresh = try ads(["transfer", scratch("found")] + data + short + ["--json", "--out", scratch("fresh")])
        #expect(fresh.status == 0 && fresh.errors.isEmpty, "\(fresh.errors)")
        let result = try fresh.json()
        #expect(result["split"] as? String == "test" && result["label"] as? String == "random")
        let moved = try RunFolder(scratch("fresh")).network()
        #expect(moved.connectivity == found.connectivity && moved.connectivity != .dense(found.architecture))
        #expect(moved.architecture.classes == 3 && moved.architecture.imageSize == 32)
        #expect(try configuration("fresh").initialWeights == nil)
        let uses = try String(contentsOfFile: scratch("fresh/test-uses.jsonl"), encoding: .utf8)
        #expect(uses.split(separator: "\n").count == 1)

        // With weights: those of the run, or of the network that the search pruned; a step of nothing leaves them.
        let still = short + ["--inherit", "--learning-rate", "1e-12", "--no-augment", "--image-size", "24"]
        for (name, source, own) in [("trained", "retrained", "retrained"), ("pruned", "found", "dense")] {
            try done(["transfer", scratch(source)] + data + still + ["--out", scratch(name)])
            let (mine, theirs) = (try weights(name), try weights(own))
            #expect(mine["classifier.weight"]?.shape.first == 3 && theirs["classifier.weight"]?.shape.first == 10)
            // Of every layer, also those that lost connections.
            let kept = try RunFolder(scratch(own)).model().rebuilt(found.connectivity).tensors
            let learned = kept.filter { $0.tensor.requiresGrad && !$0.name.hasPrefix("classifier") }
            #expect(learned.count > 10)
            for (tensor, expected) in try learned.map({ ($0.name, try $0.tensor.floats()) }) {
                let values = mine[tensor]?.floats ?? []
                #expect(
                    values.count == expected.count && zip(values, expected).allSatisfy { abs($0 - $1) < 1e-6 },
                    "\(name): \(tensor)")
            }
            let c = try configuration(name)
            #expect(
                c.initialWeights == URL(fileURLWithPath: RunFolder(scratch(own)).weights).standardizedFileURL.path)
            #expect(c.label == (name == "trained" ? "mine" : "random") && c.data.preparation?.size == 24)
            // The weights know images as they were trained on them.
            #expect(try c.normalization != nil && c.normalization == configuration(own).normalization)
            #expect(try RunFolder(scratch(name)).network().connectivity == found.connectivity)
        }
        // Weights that are others' by now are no search's any more.
        let dense = RunFolder(scratch("dense")).weights
        let before = try Data(contentsOf: URL(fileURLWithPath: dense))
        try FileManager.default.removeItem(atPath: dense)
        try FileManager.default.copyItem(atPath: RunFolder(scratch("retrained")).weights, toPath: dense)
        let changed = try ads(
            ["transfer", scratch("found")] + data + short + ["--inherit", "--out", scratch("changed")])
        #expect(
            changed.status == 1
                && changed.errors
                    == "ads: the weights of \(scratch("dense")) have changed since the search in \(scratch("found")) was started\n",
            "\(changed.errors)")
        #expect(!FileManager.default.fileExists(atPath: scratch("changed")))
        try before.write(to: URL(fileURLWithPath: dense))
        // The report says how to do it again.
        try done(["report", scratch("pruned")])
        let page = try String(contentsOfFile: scratch("pruned/report.html"), encoding: .utf8)
        #expect(
            page.contains("ads train --data folder") && page.contains("--weights")
                && page.contains("pruned/architecture.json"))

        // It goes on from where it is, and only there.
        let again = try ads(["transfer", scratch("found"), "--resume", "--quiet", "--json", "--out", scratch("fresh")])
        #expect(again.status == 0 && again.output == fresh.output, "\(again.errors)")
        let rest = "in \(scratch("fresh")) and cannot change; leave it out or start a new run\n"
        for (typed, sentence) in [
            (["--seed", "1"], "--seed is 0"), (["--inherit"], "--inherit is not set"),
            (["--epochs", "2"], "--epochs is 1"), (["--image-size", "24"], "--image-size is 32"),
            (["--data", "shapes"], "--data is folder"), (["--limit-train", "9"], "--limit-train is not set"),
            (["--label", "x"], "--label is random"), (["--all-data"], "--all-data is not set"),
            (["--no-exif"], "--no-exif is not set"),
        ] {
            let refused = try ads(
                ["transfer", scratch("found"), "--resume", "--quiet", "--out", scratch("fresh")] + typed)
            #expect(refused.status == 64 && refused.errors == "ads: \(sentence) \(rest)", "\(refused.errors)")
        }
        // The same connections of other layers are another network, too.
        let deep = try String(contentsOfFile: scratch("found/architecture.json"), encoding: .utf8)
        try deep.replacing("\"growth_rate\" : 4", with: "\"growth_rate\" : 5").write(
            toFile: scratch("found/architecture.json"), atomically: true, encoding: .utf8)
        let grown = try ads(["transfer", scratch("found"), "--resume", "--out", scratch("fresh")])
        #expect(grown.status == 1 && grown.errors.contains("holds a run of another network"), "\(grown.errors)")
        let other = try ads(["transfer", scratch("dense"), "--resume", "--out", scratch("fresh")])
        #expect(
            other.status == 1
                && other.errors
                    == "ads: \(scratch("fresh")) holds a run of another network than that of \(scratch("dense")); choose another folder with --out\n"
        )
    }

    @Test func refusals() throws {
        let data = try images()
        try search("bare", ["--evaluator", "scratch", "--child-epochs", "0.1"])
        func refused(_ arguments: [String], _ status: Int32, _ sentence: String) throws {
            let out = ["--out", scratch("new")] + short
            let refused = try ads(["transfer"] + arguments + out)
            #expect(refused.status == status && refused.errors == "ads: \(sentence)\n", "\(refused.errors)")
            #expect(!FileManager.default.fileExists(atPath: scratch("new")))
        }
        let bare = scratch("bare")
        try refused(
            [scratch("none")] + data, 1,
            "\(scratch("none")) holds no run: there is no \(scratch("none"))/config.json")
        try refused(
            [bare], 64,
            "--data is needed, the data set to train on: cifar10, cifar100, mnist, fashion-mnist, shapes, folder or npz"
        )
        try refused(
            [bare, "--data", "shapes"], 64,
            "shapes is what \(bare) was made with; its network is trained there by 'ads retrain \(bare)'")
        try refused(
            [bare, "--inherit"] + data, 1,
            "the search in \(bare) trained its children from scratch and has no weights; transfer what 'ads retrain' made of it"
        )
        try refused(
            [bare, "--image-size", "1"] + data, 64,
            "the network of \(bare) does not fit the images of folder: invalid architecture: images of 1 pixels are halved to nothing before block 2"
        )
        try done(["retrain", bare, "--out", scratch("retrained")] + short)
        try refused(
            [scratch("retrained"), "--data", "shapes"], 64,
            "shapes is what \(scratch("retrained")) was made with; its network is trained there by 'ads train --arch \(scratch("retrained"))/architecture.json'"
        )
        try refused(
            [scratch("retrained"), "--inherit", "--initialization", "fan-in"] + data, 64,
            "--initialization is for fresh weights; leave it out with --inherit")
        try FileManager.default.removeItem(atPath: scratch("retrained/weights.safetensors"))
        let bytes = try ads(["transfer", scratch("retrained"), "--inherit", "--out", scratch("new")] + data + short)
        #expect(bytes.status == 1 && !FileManager.default.fileExists(atPath: scratch("new")))
        // A search that has not ended has no network yet.
        try FileManager.default.removeItem(atPath: bare + "/architecture.json")
        try refused(
            [bare] + data, 1,
            "the search in \(bare) is not finished; continue it with 'ads search --resume --out \(bare)'")
    }
}
