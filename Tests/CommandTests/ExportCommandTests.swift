import Foundation
import TestSupport
import Testing

/// `ads export` as a user types it: what it writes is the run's network, and what goes wrong is one sentence.
@Suite(.serialized) struct ExportCommandTests {
    private let scratch = TemporaryFolder()

    private func ads(_ arguments: [String]) throws -> Finished {
        try run(Program.folder + "/ads", arguments, in: scratch.path)
    }

    /// A finished training of a BC network of part of the connections.
    private func train() throws {
        let text =
            #"{"blocks":[3,3],"growth_rate":4,"bottleneck":true,"compression":0.5,"stem":{"kind":"imagenet","channels":8},"input_channels":3,"image_size":32,"classes":10}"#
        try text.write(toFile: scratch("a.json"), atomically: true, encoding: .utf8)
        let done = try ads([
            "train", "--data", "shapes", "--arch", "a.json", "--connectivity", "log", "--limit-train", "64",
            "--batch-size", "32", "--epochs", "1", "--quiet", "--out", "run",
        ])
        try #require(done.status == 0, "\(done.errors)")
    }

    private func files(_ folder: String) throws -> Set<String> {
        Set(try FileManager.default.contentsOfDirectory(atPath: scratch(folder)))
    }

    /// What the run's own network says of the images that exports are compared on.
    private func ownLogits(_ folder: String) throws -> [Double] {
        let config = try JSONSerialization.jsonObject(
            with: Data(contentsOf: URL(fileURLWithPath: scratch(folder + "/config.json"))))
        let own = (config as? [String: Any])?["ads"] as? [String: Any]
        return try #require(own?["logits"] as? [[Double]]).flatMap { $0 }
    }

    @Test func everyFormat() throws {
        try train()
        let before = try files("run")
        let json = try ads(["export", "run", "--format", "onnx", "--json"]).json()
        #expect(json["path"] as? String == "run/model.onnx" && json["normalizes"] as? Bool == true)
        #expect(json["format"] as? String == "onnx")
        #expect((json["class_names"] as? [String])?.first == "scenes 0")
        let file = try Data(contentsOf: URL(fileURLWithPath: scratch("run/model.onnx")))
        #expect(json["bytes"] as? Int == file.count && file.count > 4 * (json["parameters"] as? Int ?? .max))
        #expect(try #require(json["largest_difference"] as? Double) < 1e-4)
        #expect(
            json["verified"] as? String == "read back and computed by the operators' definitions on 4 made-up images")

        let folder = try ads(["export", "run", "--format", "safetensors"])
        #expect(folder.status == 0 && folder.errors.isEmpty, "\(folder.errors)")
        #expect(folder.output.hasPrefix("run/pytorch: ") && folder.output.contains("\nverified: read back, all "))
        #expect(try files("run/pytorch") == ["config.json", "densenet_ads.py", "model.safetensors"])
        let swift = try ads(["export", "run", "--format", "swift", "--json"]).json()
        #expect(swift["path"] as? String == "run/classifier" && swift["normalizes"] as? Bool == false)
        #expect(swift["verified"] as? String == "run by DenseNetRuntime on 4 images")
        #expect(try #require(swift["largest_difference"] as? Double) < 1e-5)
        #expect(try files("run/classifier") == ["model.safetensors", "network.json"])
        let package = try ads(["export", "run", "--format", "coreml"])
        #expect(package.status == 0 && package.errors.isEmpty, "\(package.errors)")
        #expect(package.output.hasPrefix("run/model.mlpackage: "))
        #expect(
            package.output.contains(
                "\nverified: read back and computed by the operations' definitions on 4 made-up images;"))
        #expect(
            package.output.contains("; it was not run on Apple's machines, try it there before you rely on it; largest")
        )
        #expect(try files("run/model.mlpackage") == ["Data", "Manifest.json"])
        #expect(
            try files("run").subtracting(before) == ["model.onnx", "pytorch", "classifier", "model.mlpackage"])
        // The run is as it was: it is evaluated and reported, and the export's folder is taken for no run.
        #expect(try ads(["evaluate", "run", "--quiet"]).status == 0)
        let report = try ads(["report", "run"])
        #expect(report.status == 0 && report.errors.isEmpty, "\(report.errors)")

        // Not twice unless it is asked for, and then to the same bytes.
        let again = try ads(["export", "run", "--format", "onnx"])
        #expect(again.status == 1 && again.output.isEmpty)
        #expect(
            again.errors
                == "ads: run/model.onnx is there already; replace it with --replace, or choose another name with --out\n"
        )
        #expect(try ads(["export", "run", "--format", "onnx", "--replace"]).status == 0)
        #expect(try Data(contentsOf: URL(fileURLWithPath: scratch("run/model.onnx"))) == file)
        let weights = scratch("run/model.mlpackage/Data/com.apple.CoreML/weights/weight.bin")
        let first = try Data(contentsOf: URL(fileURLWithPath: weights))
        let once = try ads(["export", "run", "--format", "coreml"])
        #expect(once.status == 1 && once.errors.contains("/weight.bin is there already; replace it with --replace"))
        #expect(try ads(["export", "run", "--format", "coreml", "--replace"]).status == 0)
        #expect(try Data(contentsOf: URL(fileURLWithPath: weights)) == first)
    }

    /// Our kernels' logits against PyTorch's.
    @Test(.enabled(if: peerPython != nil, "PyTorch for Python is needed: these tests compare with it"))
    func theLoaderSaysWhatTheRunSays() throws {
        try train()
        #expect(try ads(["export", "run", "--format", "safetensors", "--out", "out"]).status == 0)
        let theirs = try exportPeer("pytorch", [scratch("out")], images: 4)[0].compactMap { $0 as? Double }
        #expect(relativeError(theirs, try ownLogits("out")) < 1e-4)
    }

    @Test(
        .enabled(
            if: hasONNXPeers,
            "onnx, ONNX Runtime and OpenVINO for Python are needed: pip install onnx onnxruntime openvino"))
    func theRuntimesSayWhatTheRunSays() throws {
        try train()
        #expect(try ads(["export", "run", "--format", "safetensors", "--out", "out"]).status == 0)
        #expect(try ads(["export", "run", "--format", "onnx", "--out", "a.onnx"]).status == 0)
        #expect(try ads(["export", "run", "--format", "onnx", "--no-normalization", "--out", "b.onnx"]).status == 0)
        let own = try ownLogits("out")
        let paths = [scratch("a.onnx"), scratch("b.onnx")]
        _ = try exportPeer("onnx", paths)
        for peer in ["onnxruntime", "openvino"] {
            for theirs in try exportPeer(peer, paths, images: 4) {
                #expect(relativeError(theirs.compactMap { $0 as? Double }, own) < 1e-4, "\(peer)")
            }
        }
    }

    /// Our kernels' logits against those of the program that coremltools loads.
    @Test(.enabled(if: hasCoreMLTools, "coremltools for Python is needed, beside PyTorch: pip install coremltools"))
    func thePackageSaysWhatTheRunSays() throws {
        try train()
        #expect(try ads(["export", "run", "--format", "safetensors", "--out", "out"]).status == 0)
        let json = try ads(["export", "run", "--format", "coreml", "--out", "a.mlpackage", "--json"]).json()
        #expect(json["normalizes"] as? Bool == true)
        #expect(try #require(json["largest_difference"] as? Double) < 1e-5)
        let floats = try ads(["export", "run", "--format", "coreml", "--no-normalization", "--out", "b.mlpackage"])
        #expect(floats.status == 0)
        let own = try ownLogits("out")
        let seen = try exportPeer("coremltools", [scratch("a.mlpackage")])[0]
        #expect(seen[2] as? [AnyHashable] == [32, 32, "RGB"])
        #expect((seen[6] as? [String])?.first == "scenes 0")
        for theirs in try exportPeer("coreml", [scratch("a.mlpackage"), scratch("b.mlpackage")], images: 4) {
            #expect(relativeError(theirs.compactMap { $0 as? Double }, own) < 1e-4)
        }
    }

    private func refused(_ arguments: [String], _ status: Int32, _ sentence: String) throws {
        let finished = try ads(["export"] + arguments)
        #expect(finished.status == status && finished.output.isEmpty, "\(arguments)")
        #expect(finished.errors == "ads: \(sentence)\n", "\(arguments)")
    }

    @Test func whatIsRefused() throws {
        try train()
        let before = try files("run")
        try refused(["run"], 64, "Missing expected argument '--format <format>'; see 'ads export --help'")
        try refused(
            ["run", "--format", "tflite"], 64, "unknown format 'tflite'; known are onnx, safetensors, coreml, swift")
        try refused(
            ["run", "--format", "safetensors", "--no-normalization"], 64,
            "--no-normalization: safetensors takes normalised images anyway; leave it out")
        try refused(["none", "--format", "onnx"], 1, "none holds no run: there is no none/config.json")
        try refused(
            ["run", "--format", "onnx", "--out", "run/weights.safetensors", "--replace"], 64,
            "run/weights.safetensors is a file of a run, which must not be replaced; choose another name")
        try refused(
            ["run", "--format", "safetensors", "--out", "run", "--replace"], 64,
            "run is a run's folder; choose another with --out, such as run/pytorch")
        try refused(
            ["run", "--format", "swift", "--out", "run"], 64,
            "run is a run's folder; choose another with --out, such as run/classifier")
        try refused(
            ["run", "--format", "onnx", "--out", "."], 1,
            ". is a folder; name a file in it with --out, such as ./model.onnx")
        try refused(
            ["run", "--format", "coreml", "--out", "run/model"], 1,
            "run/model is no name of a package; let it end in .mlpackage")
        let nowhere = try ads(["export", "run", "--format", "onnx", "--out", "none/a.onnx"])
        #expect(nowhere.status == 1 && nowhere.errors.hasPrefix("ads: cannot create none/a.onnx: no such file"))
        #expect(try files("run") == before)
        // Damaged weights are exported by nothing.
        let weights = scratch("run/weights.safetensors")
        let whole = try Data(contentsOf: URL(fileURLWithPath: weights))
        for count in [0, 7, whole.count / 2, whole.count - 1] {
            try whole.prefix(count).write(to: URL(fileURLWithPath: weights))
            let finished = try ads(["export", "run", "--format", "onnx"])
            #expect(finished.status == 1 && finished.errors.contains("is not a whole safetensors file"), "\(count)")
            #expect(finished.errors.split(separator: "\n").count == 1)
        }
        // Where weights come from depends on the kind of run.
        for (name, configuration, sentence) in [
            (
                "search", #"{"kind":"search"}"#,
                "search has no weights yet; a search's network gets them from 'ads retrain search'"
            ),
            (
                "begun", #"{"kind":"training"}"#,
                "begun has no weights yet; a training has them after its first epoch, and goes on with --resume"
            ),
            (
                "given", #"{"kind":"import"}"#,
                "given has no weights any more: there is no given/weights.safetensors"
            ),
            ("measured", "{}", "measured has no weights of its own: it is no training, search or import"),
        ] {
            try FileManager.default.createDirectory(atPath: scratch(name), withIntermediateDirectories: true)
            try configuration.write(toFile: scratch("\(name)/config.json"), atomically: true, encoding: .utf8)
            try refused([name, "--format", "onnx"], 1, sentence)
            #expect(try ads(["evaluate", name]).errors == "ads: \(sentence)\n")
        }
    }
}
