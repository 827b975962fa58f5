import Foundation
import Runs
import TestSupport
import Testing
import Training

/// From somebody's file to everything a run is for, by the built executable.
@Suite(.serialized) struct ImportTests {
    let scratch = TemporaryFolder()

    func ads(_ arguments: String...) throws -> Finished { try run(Program.folder + "/ads", arguments) }

    /// A trained network's weights, in a folder where no run says what they are.
    func weights(_ name: String = "given.safetensors") throws -> String {
        try SmallNetwork.architecture.write(toFile: scratch("a.json"), atomically: true, encoding: .utf8)
        let done = try ads(
            "train", "--data", "shapes", "--arch", scratch("a.json"), "--epochs", "8", "--limit-train", "640",
            "--batch-size", "32", "--learning-rate", "0.1", "--out", scratch("dense"), "--quiet")
        try #require(done.status == 0, "\(done.errors)")
        try FileManager.default.copyItem(atPath: scratch("dense/weights.safetensors"), toPath: scratch(name))
        return scratch(name)
    }

    func normalization() throws -> String {
        let c = try RunFolder(scratch("dense")).read(
            TrainingConfiguration.self, from: RunFolder(scratch("dense")).configuration)
        let n = try #require(c.normalization)
        return [n.mean, n.deviation].map { $0.map { "\(Double($0) / 255)" }.joined(separator: ",") }.joined(
            separator: "/")
    }

    @Test func theWholeWay() throws {
        let file = try weights()
        let given = scratch("given")
        let imported = try ads(
            "import", file, "--data", "shapes", "--normalization", try normalization(), "--out", given)
        #expect(imported.status == 0 && imported.errors.isEmpty, "\(imported.errors)")
        let lines = imported.output.split(separator: "\n").map(String.init)
        #expect(
            lines.first
                == "given.safetensors, safetensors: blocks of 2, 2 layers, growth rate 4, compression 1.0, stem 8, 3×32×32 images, 10 classes"
        )
        #expect(
            lines.last == "saved in \(given)" && lines.contains { $0.hasPrefix("images are normalised by mean 0.") })
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: given).sorted() == [
                "architecture.json", "checkpoints", "config.json", "weights.safetensors",
            ])
        let origin = try RunFolder(given).weightOrigin()
        guard case .imported(let c) = origin else {
            Issue.record("no import: \(origin)")
            return
        }
        #expect(c.file == "given.safetensors" && c.digest.count == 64 && c.label == "given" && c.data?.name == "shapes")

        // What it answers is what it answered before.
        for split in ["validation", "test"] {
            let (own, other) = (
                try ads("evaluate", scratch("dense"), "--split", split, "--json"),
                try ads("evaluate", given, "--split", split, "--json")
            )
            #expect(other.status == 0, "\(other.errors)")
            #expect(try own.json()["confusion"] as? [[Int]] == other.json()["confusion"] as? [[Int]])
            #expect(try own.json()["loss"] as? Double == other.json()["loss"] as? Double)
            #expect(
                other.errors
                    == (split == "test"
                        ? ""
                        : "ads: which images given.safetensors was trained on is not known, maybe on these; --split test judges it\n")
            )
        }
        #expect(try ads("inspect", given, "--json").json()["parameters"] as? Int == 2930)

        // The dense network of a search, whatever its seed; what is found inherits its weights.
        let found = scratch("found")
        let searched = try ads(
            "search", "--data", "shapes", "--arch", given + "/architecture.json", "--strategy", "random", "--evaluator",
            "masked", "--dense", given, "--children", "3", "--top", "0", "--limit-validation", "50", "--workers", "1",
            "--seed", "4", "--out", found, "--quiet")
        #expect(searched.status == 0, "\(searched.errors)")
        let retrained = try ads(
            "retrain", found, "--inherit", "--distil", "--epochs", "1", "--limit-train", "128", "--seed", "4", "--quiet"
        )
        #expect(
            retrained.status == 0
                && retrained.errors
                    == "ads: which images given.safetensors was trained on is not known, maybe on those held out here; then the weights that do best on them are an early epoch's, and --all-data, which keeps the last, does better\n",
            "\(retrained.errors)")
        let whole = try ads(
            "retrain", found, "--inherit", "--all-data", "--epochs", "1", "--limit-train", "128", "--seed", "4",
            "--quiet",
            "--out", scratch("whole"))
        #expect(whole.status == 0 && whole.errors == "", "\(whole.errors)")
        let report = try ads("report", scratch.path, "--markdown")
        #expect(
            report.status == 0
                && report.output.contains("| given | given.safetensors (SHA-256 \(c.digest.prefix(8))) | shapes |"))
        #expect(try ads("report", given).status == 0)
        let page = try String(contentsOfFile: given + "/report.html", encoding: .utf8)
        #expect(page.contains("<h2>Imported</h2>") && page.contains(String(c.digest.prefix(8))))

        // It is no training that goes on.
        let resumed = try ads("train", "--resume", "--out", given)
        #expect(resumed.status == 1 && resumed.errors == "ads: \(given) holds an import, not a training\n")
        let again = try ads("import", file, "--out", given)
        #expect(
            again.status == 1 && again.errors == "ads: \(given) holds a run already; choose another folder with --out\n"
        )
        // Another set's search is not its.
        let other = try ads("import", file, "--out", scratch("unbound"))
        #expect(other.status == 0 && other.output.contains("how images are normalised is not known; say it with"))
        let unbound = try ads("evaluate", scratch("unbound"))
        #expect(
            unbound.status == 64
                && unbound.errors == "ads: \(scratch("unbound")) was imported without --data; give it here\n")
        let refused = try ads(
            "search", "--data", "shapes", "--arch", given + "/architecture.json", "--evaluator", "masked", "--dense",
            scratch("unbound"), "--children", "2", "--top", "0", "--out", scratch("no"))
        #expect(
            refused.status == 1
                && refused.errors.contains("was imported for no data set; import its file with --data shapes"),
            "\(refused.errors)")
    }

    @Test func oneObject() throws {
        let file = try weights()
        let done = try ads(
            "import", file, "--json", "--normalization", "imagenet", "--label", "x", "--out", scratch("run"))
        #expect(done.status == 0 && done.errors.isEmpty && done.output.split(separator: "\n").count == 1)
        let json = try done.json()
        #expect(json["parameters"] as? Int == 2930 && json["format"] as? String == "safetensors")
        #expect(json["reads_new_maps_first"] as? Bool == false && json["renamed"] as? Int == 0)
        #expect((json["left_out"] as? [String])?.isEmpty == true && (json["changes"] as? [String])?.isEmpty == true)
        let mean = (json["normalization"] as? [String: Any])?["mean"] as? [Double]
        #expect(abs((mean?.first ?? 0) - 0.485 * 255) < 1e-4)
    }

    @Test(
        .enabled(
            if: realData("cifar-100-binary") != nil || realData("cifar-100-python") != nil,
            "CIFAR-100 is needed: see docs/results.md")
    ) func anotherNumberOfClasses() throws {
        // Ten classes become those of the set: whatever it has, its classifier is a fresh one.
        let file = try weights()
        let done = try ads("import", file, "--data", "cifar100", "--out", scratch("run"))
        #expect(done.status == 0, "\(done.errors)")
        #expect(
            done.output.contains(
                "the classifier of 10 classes was replaced by a fresh one of 100, which must be trained: ads train --weights \(scratch("run"))"
            ))
        #expect(try RunFolder(scratch("run")).network().architecture.classes == 100)
        let evaluated = try ads("evaluate", scratch("run"), "--split", "test", "--json").json()
        #expect(0.002..<0.03 ~= evaluated["accuracy"] as? Double ?? 1)
    }

    // MARK: What is wrong

    @Test func wrongWords() throws {
        let needed = "or means and deviations of each channel from 0 to 1, as 0.49,0.48,0.45/0.2,0.2,0.2, are needed"
        for value in [
            "", "other", "0.5", "0.5/0", "0.5,0.5/0.2", "0.5,0.5,0.5/0.2,0.2,x", "127,127,127/60,60,60", "nan/0.1",
            "0.5/1e-50", "0.5/0.5/0.5",
        ] {
            let refused = try ads("import", "x", "--out", scratch("run"), "--normalization", value)
            #expect(refused.status == 64 && refused.errors.contains(needed), "\(value): \(refused.errors)")
            #expect(refused.errors.contains("cifar10, cifar100, fashion-mnist, imagenet, mnist, shapes, or"))
        }
        #expect(
            try ads("import", scratch("x"), "--out", scratch("run")).errors == "ads: there is no file \(scratch("x"))\n"
        )
        #expect(
            try ads("import", scratch.path, "--out", scratch("run")).errors
                == "ads: \(scratch.path) is a folder; a file was expected\n")
        #expect(try ads("import", scratch("x"), "--data", "imagenet", "--out", scratch("run")).status == 64)
        #expect(
            try ads("import", scratch("x"), "--data-dir", "/", "--out", scratch("run")).errors
                == "ads: --data-dir needs --data\n")
        let file = try weights("densenet121-a639ec97.pth")
        let hub = try ads("import", file, "--out", scratch("run"))
        #expect(
            hub.status == 1 && hub.errors.contains("is not torchvision's: its SHA-256 begins with "), "\(hub.errors)")
        let grey = try ads(
            "import", scratch("dense/weights.safetensors"), "--out", scratch("run"), "--normalization", "0.5/0.5")
        #expect(
            grey.status == 64
                && grey.errors == "ads: --normalization has 1 channels; the network's images have 3\n",
            "\(grey.errors)")
        #expect(!FileManager.default.fileExists(atPath: scratch("run")))
        try Data((try Data(contentsOf: URL(fileURLWithPath: file))).prefix(5000)).write(
            to: URL(fileURLWithPath: scratch("cut.pth")))
        let cut = try ads("import", scratch("cut.pth"), "--out", scratch("run"))
        #expect(cut.status == 1 && cut.errors.contains("is not a whole safetensors file"), "\(cut.errors)")
        #expect(!FileManager.default.fileExists(atPath: scratch("run")))
    }
}
