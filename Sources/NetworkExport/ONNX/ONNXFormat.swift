import Files
import Foundation

/// ONNX: one file that ONNX Runtime, OpenVINO, TensorRT and others read.
public enum ONNXFormat: ExportFormat {
    public static let name = "onnx"
    public static let help = "one file for ONNX Runtime, OpenVINO, TensorRT and others"
    public static let defaultName = "model.onnx"
    public static let canNormalize = true
    /// A message of protocol buffers is smaller than 2 GiB.
    private static let mostBytes = Int(Int32.max)

    public static func files(
        _ trained: TrainedNetwork, normalizes: Bool, against reference: ReferenceLogits
    ) throws -> [ExportedFile] {
        let weights = trained.weights.reduce(0) { $0 + $1.tensor.bytes.count }
        guard weights < mostBytes else {
            throw ExportError("the weights have \(weights) bytes; an ONNX file holds less than \(mostBytes)")
        }
        return [ExportedFile([try ONNXModel(trained, normalizes: normalizes).encoded()])]
    }

    public static func verify(
        _ path: String, _ trained: TrainedNetwork, normalizes: Bool, against reference: ReferenceLogits
    ) throws -> Verification {
        let model = try ONNXModel(AtomicFile.read(path, mapped: true, atMost: mostBytes), named: path)
        let a = trained.network.architecture
        let shape = [reference.count, a.inputChannels, a.imageSize, a.imageSize]
        let images =
            normalizes
            ? ONNXArray(.uint8, shape, reference.pixels.map { Float($0) })
            : ONNXArray(
                .float32, shape,
                trained.preprocessing.normalized(
                    reference.pixels, channels: a.inputChannels, plane: a.imageSize * a.imageSize))
        let logits = try ONNXInterpreter(model)(images).values
        return Verification(
            "read back and computed by the operators' definitions on \(reference.count) made-up images",
            largestDifference: try reference.difference(from: logits, of: "the ONNX file"))
    }
}
