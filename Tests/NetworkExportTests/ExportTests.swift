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
        #expect(ExportFormats.all.prefix(2).map { $0.name } == ["onnx", "safetensors"])
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
