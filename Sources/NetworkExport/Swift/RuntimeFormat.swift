import DenseNetRuntime
import Foundation
import Runs

/// A folder that `DenseNetRuntime` reads, for Swift programs that bring neither libtorch nor any other package.
public enum RuntimeFormat: ExportFormat {
    public static let name = "swift"
    public static let help = "a folder for Swift programs: the library DenseNetRuntime runs it"
    public static let defaultName = "classifier"
    // The classifier normalises by what the folder says.
    public static let canNormalize = false

    public static func files(
        _ trained: TrainedNetwork, normalizes: Bool, against reference: ReferenceLogits
    ) throws -> [ExportedFile] {
        let described = try RuntimeNetwork(
            trained.network, labels: trained.classNames, preprocessing: trained.preprocessing)
        return [
            ExportedFile(name: RuntimeNetwork.weights, try trained.safetensors().encoded()),
            // Last, as it makes the folder one that can be loaded.
            ExportedFile(
                name: RuntimeNetwork.file, [try RunFolder.encoder(pretty: true).encode(described) + Data("\n".utf8)]),
        ]
    }

    public static func verify(
        _ path: String, _ trained: TrainedNetwork, normalizes: Bool, against reference: ReferenceLogits
    ) throws -> Verification {
        let classifier = try DenseNetClassifier(contentsOf: URL(fileURLWithPath: path))
        let a = trained.network.architecture
        let images = trained.preprocessing.normalized(
            reference.pixels, channels: a.inputChannels, plane: a.imageSize * a.imageSize)
        let logits = try classifier.logits(images, count: reference.count)
        return Verification(
            "run by DenseNetRuntime on \(reference.count) images",
            largestDifference: try reference.difference(from: logits, of: "DenseNetRuntime"))
    }
}
