import DenseNetArchitecture
import DenseNetRuntime
import Files
import Foundation
import TestSupport
import Testing
import WeightFiles

@testable import NetworkExport

/// What is kept and what is not: files are there whole and proven, or not at all, and nothing is lost.
@Suite struct ExportTests {
    private let scratch = TemporaryFolder()
    private let trained: TrainedNetwork
    private let reference: ReferenceLogits

    init() throws {
        trained = try TrainedExamples.trained(TrainedExamples.network("densenet-10-4", "log", size: 8))
        reference = try TrainedExamples.reference(trained)
    }

    private func export(
        _ format: any ExportFormat.Type, _ name: String, replacing: Bool = false, against other: ReferenceLogits? = nil
    ) throws -> Exported {
        try format.export(
            trained, against: other ?? reference, normalizes: format.canNormalize, to: scratch(name),
            replacing: replacing)
    }

    private func files(_ name: String = "") throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: scratch(name)).sorted()
    }

    @Test func namesAreKnownAndNewOnesCanBeRegistered() throws {
        #expect(ExportFormats.all.prefix(4).map { $0.name } == ["onnx", "safetensors", "coreml", "swift"])
        #expect(ExportFormats.named("tflite") == nil)
        #expect(throws: ExportError("a format named 'onnx' is there already; choose another name")) {
            try ExportFormats.register(ONNXFormat.self)
        }
    }

    @Test func whatIsThereIsReplacedOnlyWhenAsked() throws {
        let first = try export(ONNXFormat.self, "a.onnx")
        let file = try Data(contentsOf: URL(fileURLWithPath: scratch("a.onnx")))
        #expect(first.path == scratch("a.onnx") && first.bytes == file.count)
        let taken = "\(first.path) is there already; replace it with --replace, or choose another name with --out"
        #expect(throws: ExportError(taken)) { try export(ONNXFormat.self, "a.onnx") }
        _ = try export(ONNXFormat.self, "a.onnx", replacing: true)
        let folder = try export(SafetensorsFormat.self, "f/")
        #expect(try files("f") == ["config.json", "densenet_ads.py", "model.safetensors"])
        #expect(throws: ExportError.self) { try export(SafetensorsFormat.self, "f") }
        // What else lies in the folder stays.
        try "mine".write(toFile: scratch("f/notes"), atomically: true, encoding: .utf8)
        #expect(try export(SafetensorsFormat.self, "f", replacing: true).bytes == folder.bytes)
        #expect(try files("f") == ["config.json", "densenet_ads.py", "model.safetensors", "notes"])
        // A folder of the user's is written into, as long as nothing there has the names.
        try FileManager.default.createDirectory(atPath: scratch("mine"), withIntermediateDirectories: true)
        _ = try export(SafetensorsFormat.self, "mine")
        #expect(try files("mine").count == 3)
        // A folder where a file would be: known before the first of the files is replaced.
        try FileManager.default.removeItem(atPath: scratch("mine/densenet_ads.py"))
        try FileManager.default.createDirectory(
            atPath: scratch("mine/densenet_ads.py"), withIntermediateDirectories: true)
        try Data("old".utf8).write(to: URL(fileURLWithPath: scratch("mine/model.safetensors")))
        let blocked =
            "\(scratch("mine/densenet_ads.py")) is a folder, and no safetensors export's; choose another name with --out"
        #expect(throws: ExportError(blocked)) { try export(SafetensorsFormat.self, "mine", replacing: true) }
        #expect(try String(contentsOfFile: scratch("mine/model.safetensors"), encoding: .utf8) == "old")
        // A run's folder has a config.json: no --replace takes it.
        try FileManager.default.createDirectory(atPath: scratch("run"), withIntermediateDirectories: true)
        try "{}".write(toFile: scratch("run/config.json"), atomically: true, encoding: .utf8)
        #expect(
            throws: ExportError(
                "\(scratch("run")) has a config.json that is no safetensors export's; choose another name with --out")
        ) { try export(SafetensorsFormat.self, "run", replacing: true) }
        #expect(try files("run") == ["config.json"])
        #expect(try files() == ["a.onnx", "f", "mine", "run"])
    }

    @Test(arguments: ["folder", "file/below"]) func placesWhereNothingCanBe(name: String) throws {
        try FileManager.default.createDirectory(atPath: scratch("folder"), withIntermediateDirectories: true)
        try "x".write(toFile: scratch("file"), atomically: true, encoding: .utf8)
        #expect(throws: FileError.self) { try export(ONNXFormat.self, name, replacing: true) }
        let path = name == "folder" ? "file" : name
        #expect(throws: FileError.self) { try export(SafetensorsFormat.self, path, replacing: true) }
        #expect(try files() == ["file", "folder"] && files("folder").isEmpty)
    }

    /// One logit that is another's: nothing is kept, and what was there before stays.
    @Test func whatDisagreesIsNotKept() throws {
        var logits = reference.logits
        logits[3] += 0.001 * (logits.map(abs).max() ?? 1)
        let other = try ReferenceLogits(pixels: reference.pixels, logits: logits, count: reference.count)
        #expect { try export(ONNXFormat.self, "a.onnx", against: other) } throws: { error in
            "\(error)".hasPrefix("the ONNX file disagrees with the network: logits differ by up to 0.")
        }
        #expect(try files().isEmpty)
        _ = try export(ONNXFormat.self, "a.onnx")
        let kept = try Data(contentsOf: URL(fileURLWithPath: scratch("a.onnx")))
        #expect(throws: ExportError.self) { try export(ONNXFormat.self, "a.onnx", replacing: true, against: other) }
        #expect(try Data(contentsOf: URL(fileURLWithPath: scratch("a.onnx"))) == kept && files() == ["a.onnx"])
    }

    /// Each weight counts: a file in which one of any kind is another is not verified.
    @Test func everyTensorIsVerified() throws {
        for (name, network) in try TrainedExamples.all() {
            let trained = try TrainedExamples.trained(network)
            let reference = try TrainedExamples.reference(trained)
            let model = try ONNXModel(trained, normalizes: true)
            for i in model.constants.indices {
                var damaged = model
                var values = [Float](littleEndian: model.constants[i].bytes)
                for k in values.indices { values[k] = values[k] * 1.5 + 0.5 }
                damaged.constants[i].bytes = values.littleEndianBytes
                let path = scratch("damaged.onnx")
                try damaged.encoded().write(to: URL(fileURLWithPath: path))
                #expect(throws: ExportError.self, "\(name), \(model.constants[i].name)") {
                    try ONNXFormat.verify(path, trained, normalizes: true, against: reference)
                }
            }
        }
    }

    /// Nor is a package in which one constant of any kind is another.
    @Test func everyConstantOfAPackageIsVerified() throws {
        // Of the larger one, what the smaller does not have.
        for (name, only) in [("a chain of one channel", []), ("ImageNet's stem", ["_conv0_", "_norm0_", "_pool0_"])] {
            let network = try #require(try TrainedExamples.all().first { $0.name == name }).network
            let trained = try TrainedExamples.trained(network)
            let reference = try TrainedExamples.reference(trained)
            let (model, blobs) = try CoreMLModel.described(trained, normalizes: true)
            let weights = blobs.file.reduce(Data(), +)
            for i in model.program.operations.indices {
                let operation = model.program.operations[i]
                let isMeant = only.isEmpty || only.contains { operation.name.contains($0) }
                guard let value = operation.value, isMeant else { continue }
                var (damaged, damagedWeights) = (model, weights)
                switch value.contents {
                case .floats(let values):
                    damaged.program.operations[i].value?.contents = .floats(values.map { $0 * 1.5 + 0.5 })
                case .ints(let values): damaged.program.operations[i].value?.contents = .ints(values.map { $0 + 1 })
                case .bools(let values): damaged.program.operations[i].value?.contents = .bools(values.map { !$0 })
                case .text: damaged.program.operations[i].value?.contents = .text("same")
                case .texts: Issue.record("a list")
                case .blob(_, let offset):
                    var reader = try WeightBlobs.Reader(weights, named: "x")
                    let values = try reader.floats(at: offset).map { $0 * 1.5 + 0.5 }
                    damagedWeights.replaceSubrange(
                        offset + 64..<offset + 64 + 4 * values.count, with: values.littleEndianBytes)
                }
                let path = scratch("damaged.mlpackage")
                for file in try CoreMLPackage.files(damaged, blobs) {
                    let url = URL(fileURLWithPath: path + "/" + file.name)
                    try FileManager.default.createDirectory(
                        at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
                    let isWeights = file.name.hasSuffix("weight.bin")
                    try (isWeights ? damagedWeights : file.pieces.reduce(Data(), +)).write(to: url)
                }
                #expect(throws: ExportError.self, "\(name), \(model.program.operations[i].name)") {
                    try CoreMLFormat.verify(path, trained, normalizes: true, against: reference)
                }
            }
        }
    }

    /// A package is one thing: it is there with all its files or not at all, and replaced with what others put into it.
    @Test func aPackageIsReplacedAsAWhole() throws {
        let package = scratch("a.mlpackage")
        let done = try export(CoreMLFormat.self, "a.mlpackage/")
        #expect(done.path == package)
        let inside = ["Data", "Data/com.apple.CoreML", "Data/com.apple.CoreML/model.mlmodel"]
        let all =
            inside + ["Data/com.apple.CoreML/weights", "Data/com.apple.CoreML/weights/weight.bin", "Manifest.json"]
        #expect(try FileManager.default.subpathsOfDirectory(atPath: package).sorted() == all)
        let taken =
            "\(package)/Data/com.apple.CoreML/weights/weight.bin is there already; replace it with --replace, or choose another name with --out"
        #expect(throws: ExportError(taken)) { try export(CoreMLFormat.self, "a.mlpackage") }
        try "mine".write(toFile: package + "/Data/notes", atomically: true, encoding: .utf8)
        // A link to it stays one.
        try FileManager.default.createSymbolicLink(atPath: scratch("link.mlpackage"), withDestinationPath: package)
        _ = try export(CoreMLFormat.self, "link.mlpackage", replacing: true)
        #expect(try FileManager.default.subpathsOfDirectory(atPath: package).sorted() == all)
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: scratch("link.mlpackage")) == package)
        #expect(try files() == ["a.mlpackage", "link.mlpackage"])
        // What disagrees leaves what was there.
        let before = try Data(contentsOf: URL(fileURLWithPath: package + "/Data/com.apple.CoreML/model.mlmodel"))
        var logits = reference.logits
        logits[3] += 0.001 * (logits.map(abs).max() ?? 1)
        let other = try ReferenceLogits(pixels: reference.pixels, logits: logits, count: reference.count)
        #expect { try export(CoreMLFormat.self, "a.mlpackage", replacing: true, against: other) } throws: { error in
            "\(error)".hasPrefix("the Core ML package disagrees with the network: logits differ by up to 0.")
        }
        #expect(
            try Data(contentsOf: URL(fileURLWithPath: package + "/Data/com.apple.CoreML/model.mlmodel")) == before)
        #expect(try files() == ["a.mlpackage", "link.mlpackage"])
    }

    @Test func wherePackagesAreNotWritten() throws {
        #expect(throws: ExportError("\(scratch("model")) is no name of a package; let it end in .mlpackage")) {
            try export(CoreMLFormat.self, "model")
        }
        let mine = scratch("mine.mlpackage")
        try FileManager.default.createDirectory(atPath: mine, withIntermediateDirectories: true)
        let sentence = "\(mine) is there already, and no coreml export; choose another name with --out"
        #expect(throws: ExportError(sentence)) { try export(CoreMLFormat.self, "mine.mlpackage", replacing: true) }
        try "{}".write(toFile: mine + "/Manifest.json", atomically: true, encoding: .utf8)
        #expect(
            throws: ExportError(
                "\(mine) has a Manifest.json that is no coreml export's; choose another name with --out")
        ) { try export(CoreMLFormat.self, "mine.mlpackage", replacing: true) }
        #expect(try files("mine.mlpackage") == ["Manifest.json"] && files() == ["mine.mlpackage"])
    }

    @Test func packagesThatAreNone() throws {
        _ = try export(CoreMLFormat.self, "a.mlpackage")
        let package = scratch("a.mlpackage")
        func message(_ file: String, _ bytes: Data?) throws -> String {
            let path = package + "/" + file
            let whole = try Data(contentsOf: URL(fileURLWithPath: path))
            if let bytes { try bytes.write(to: URL(fileURLWithPath: path)) } else { unlink(path) }
            defer { try? whole.write(to: URL(fileURLWithPath: path)) }
            do {
                _ = try CoreMLFormat.verify(package, trained, normalizes: true, against: reference)
                return ""
            } catch { return "\(error)" }
        }
        #expect(try message("Manifest.json", nil) == "there is no file \(package)/Manifest.json")
        #expect(try message("Manifest.json", Data("{}".utf8)).hasPrefix("\(package)/Manifest.json: '"))
        let manifest = try String(contentsOfFile: package + "/Manifest.json", encoding: .utf8)
        let other = manifest.replacingOccurrences(of: "com.apple.CoreML/model.mlmodel", with: "../../model.mlmodel")
        #expect(
            try message("Manifest.json", Data(other.utf8))
                == "\(package)/Manifest.json names other files than a package has here")
        let (model, weights) = ("Data/com.apple.CoreML/model.mlmodel", "Data/com.apple.CoreML/weights/weight.bin")
        #expect(try message(model, nil) == "there is no file \(package)/\(model)")
        #expect(try message(weights, Data()) == "weight.bin is no file of weights: it has 0 bytes")
        let whole = try Data(contentsOf: URL(fileURLWithPath: package + "/" + weights))
        #expect(try message(weights, whole.dropLast()).hasPrefix("the weights' array at byte "))
        #expect(
            try message(model, Data([0x0b]))
                == "\(package)/\(model) is no Core ML model as it is written here: byte 1: wire type 3 is not read here"
        )
    }

    @Test func classesOfOneName() throws {
        let names = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "b"]
        let trained = try TrainedExamples.trained(trained.network, classNames: names)
        #expect(
            throws: ExportError(
                "two classes are called 'b', and Core ML tells classes apart by their names; rename one and train again"
            )
        ) { try CoreMLFormat.files(trained, normalizes: true, against: reference) }
        // And a package whose classes are another network's is not verified.
        _ = try export(CoreMLFormat.self, "a.mlpackage")
        let other = try TrainedExamples.trained(self.trained.network, classNames: names.dropLast() + ["j"])
        #expect(
            throws: ExportError("the package has other classes than the network; nothing is kept, please report it")
        ) { try CoreMLFormat.verify(scratch("a.mlpackage"), other, normalizes: true, against: reference) }
    }

    @Test func safetensorsOfAnotherNetworkAreNotVerified() throws {
        _ = try export(SafetensorsFormat.self, "f")
        let path = scratch("f/model.safetensors")
        var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        bytes[bytes.count - 1] ^= 1
        try bytes.write(to: URL(fileURLWithPath: path))
        #expect(throws: ExportError("the written weights are not the network's; nothing is kept, please report it")) {
            try SafetensorsFormat.verify(scratch("f"), trained, normalizes: false, against: reference)
        }
    }

    @Test func partsThatDoNotBelongTogether() throws {
        let network = trained.network
        let weights = TrainedExamples.weights(network, seed: 1)
        func message(
            _ weights: [String: StoredTensor], channels: Int = 3, names: [String]? = nil
        ) -> String {
            do {
                _ = try TrainedNetwork(
                    network, weights: weights,
                    preprocessing: Preprocessing(
                        size: network.architecture.imageSize, mean: [Float](repeating: 0, count: channels),
                        deviation: [Float](repeating: 1, count: channels)),
                    classNames: names, producer: "p")
                return ""
            } catch { return "\(error)" }
        }
        #expect(message(weights) == "")
        #expect(message(weights, names: ["a"]) == "the network tells 10 classes apart and 1 have names")
        #expect(message(weights, channels: 1).hasPrefix("the network takes 3 channels and is normalised by 1 means"))
        var other = weights
        other["features.conv0.weight"] = nil
        #expect(message(other) == "the weights have no 'features.conv0.weight'")
        other["features.conv0.weight"] = StoredTensor(type: "F32", shape: [1], bytes: Data(count: 4))
        #expect(
            message(other)
                == "'features.conv0.weight' is F32 of shape [1]; F32 of [16, 3, 3, 3] is exported")
        other = weights
        other["classifier.bias"] = StoredTensor(
            type: "F32", shape: [10], bytes: [Float](repeating: .nan, count: 10).littleEndianBytes)
        #expect(message(other).hasPrefix("'classifier.bias' holds what is no finite number: the training diverged"))
        #expect(throws: ExportError.self) { try ReferenceLogits(pixels: [], logits: [.infinity], count: 1) }
    }
}
