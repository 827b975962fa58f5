import DenseNetArchitecture
import Foundation
import TestSupport
import Testing

@testable import NetworkExport

/// What other programs make of what is exported, against the interpreter here.
@Suite(.serialized) struct ExportPeerTests {
    private func numbers(_ list: [Any]) -> [Float] { list.compactMap { ($0 as? NSNumber)?.floatValue } }

    /// The largest difference, of the largest logit's size where that is over 1.
    private func difference(_ a: [Float], _ b: [Float]) -> Double {
        guard a.count == b.count else { return .infinity }
        let largest = zip(a, b).map { abs(Double($0) - Double($1)) }.max() ?? .infinity
        return largest / max(1, b.map { abs(Double($0)) }.max() ?? 0)
    }

    /// All examples in a format: where they lie, and what each network says.
    private func exported(
        _ format: any ExportFormat.Type, normalizes: Bool, to scratch: TemporaryFolder
    ) throws -> (paths: [String], expected: [[Float]]) {
        var (paths, expected): ([String], [[Float]]) = ([], [])
        for (name, network) in try TrainedExamples.all() {
            let trained = try TrainedExamples.trained(network)
            let reference = try TrainedExamples.reference(trained, count: 3)
            let done = try format.export(
                trained, against: reference, normalizes: normalizes, to: scratch("\(name).mlpackage"), replacing: false)
            #expect((done.verification.largestDifference ?? 0) < 1e-6)
            paths.append(done.path)
            expected.append(reference.logits)
        }
        return (paths, expected)
    }

    @Test(
        .enabled(
            if: hasONNXPeers,
            "onnx, ONNX Runtime and OpenVINO for Python are needed: pip install onnx onnxruntime openvino"),
        arguments: [true, false])
    func onnx(normalizes: Bool) throws {
        let scratch = TemporaryFolder()
        let (paths, expected) = try exported(ONNXFormat.self, normalizes: normalizes, to: scratch)
        for checked in try exportPeer("onnx", paths) {
            #expect(checked.first as? Int == 7 && checked[1] as? Int == 13)
            #expect(!checked.contains { $0 as? String == "Gather" }, "\(checked)")
        }
        for peer in ["onnxruntime", "openvino"] {
            for (i, theirs) in try exportPeer(peer, paths, images: 3).enumerated() {
                #expect(difference(numbers(theirs), expected[i]) < 1e-5, "\(peer), \(paths[i])")
            }
        }
    }

    /// coremltools infers every type again; the program as it loaded it is computed by torch, operation by operation.
    @Test(
        .enabled(if: hasCoreMLTools, "coremltools for Python is needed, beside PyTorch: pip install coremltools"),
        arguments: [true, false])
    func coreML(normalizes: Bool) throws {
        let scratch = TemporaryFolder()
        let (paths, expected) = try exported(CoreMLFormat.self, normalizes: normalizes, to: scratch)
        for (i, seen) in try exportPeer("coremltools", paths).enumerated() {
            let network = try TrainedExamples.all()[i].network
            let a = network.architecture
            #expect(seen[0] as? Int == 6 && seen[1] as? String == "image")
            let input = seen[2] as? [Any] ?? []
            if normalizes {
                #expect(input[0] as? Int == a.imageSize && input[1] as? Int == a.imageSize)
                #expect(input[2] as? String == (a.inputChannels == 1 ? "GRAYSCALE" : "RGB"))
            } else {
                #expect(input as? [Int] == [1, a.inputChannels, a.imageSize, a.imageSize])
            }
            #expect(seen[3] as? [String] == ["classLabel", "classLabel_probs"])
            #expect(seen[4] as? String == "classLabel" && seen[5] as? String == "classLabel_probs")
            #expect(seen[6] as? [String] == (0..<a.classes).map(String.init))
            let kinds = try #require(seen[7] as? [String: Int])
            let concats = network.blocks.reduce(0) { sum, block in
                sum + block.layers.count { $0.sources.count > 1 } + (block.endSources.count > 1 ? 1 : 0)
            }
            #expect(kinds["concat", default: 0] == concats && kinds["gather"] == nil)
            #expect(kinds["sub"] == (normalizes ? 1 : nil))
            #expect((seen[8] as? [String: String])?["imgsz"] == "[\(a.imageSize), \(a.imageSize)]")
            #expect(seen[9] as? String == "densenet-ads test")
        }
        for (i, theirs) in try exportPeer("coreml", paths, images: 3).enumerated() {
            #expect(difference(numbers(theirs), expected[i]) < 1e-5, "\(paths[i])")
        }
    }

    @Test(.enabled(if: peerPython != nil, "PyTorch for Python is needed: these tests compare with it"))
    func theLoader() throws {
        let scratch = TemporaryFolder()
        let (paths, expected) = try exported(SafetensorsFormat.self, normalizes: false, to: scratch)
        for (i, theirs) in try exportPeer("pytorch", paths, images: 3).enumerated() {
            #expect(difference(numbers(theirs), expected[i]) < 1e-5, "\(paths[i])")
        }
    }

    /// The folder compares itself, and notices other weights.
    @Test(.enabled(if: peerPython != nil, "PyTorch for Python is needed: these tests compare with it"))
    func theLoaderAsAProgram() throws {
        let scratch = TemporaryFolder()
        let network = try TrainedExamples.network("densenet-10-4", "log", size: 8)
        let trained = try TrainedExamples.trained(network)
        let reference = try TrainedExamples.reference(trained)
        let folder = scratch("f")
        _ = try SafetensorsFormat.export(
            trained, against: reference, normalizes: false, to: folder, replacing: false)
        let python = try #require(peerPython)
        let same = try run(python, [folder + "/densenet_ads.py"])
        #expect(same.status == 0 && same.output.hasPrefix("2 images: largest difference"), "\(same)")
        let other = try TrainedExamples.trained(network, seed: 2)
        let files = try SafetensorsFormat.files(other, normalizes: false, against: reference)
        let weights = try #require(files.first { $0.name == "model.safetensors" })
        try weights.pieces.reduce(Data(), +).write(to: URL(fileURLWithPath: folder + "/model.safetensors"))
        let different = try run(python, [folder + "/densenet_ads.py"])
        #expect(different.status == 1 && different.output.contains("too large"), "\(different)")
    }
}
