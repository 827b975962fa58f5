import DenseNetRuntime
import Foundation

/// Core ML: a package that Xcode, Core ML and Vision read, for iOS 15 and macOS 12 onwards.
public enum CoreMLFormat: ExportFormat {
    public static let name = "coreml"
    public static let help = "a package for Apple's Core ML and Vision, iOS 15 and macOS 12 or later"
    public static let defaultName = "model.mlpackage"
    public static let canNormalize = true
    public static let packageExtension: String? = "mlpackage"

    public static func files(
        _ trained: TrainedNetwork, normalizes: Bool, against reference: ReferenceLogits
    ) throws -> [ExportedFile] {
        var known = Set<String>()
        if let twice = trained.classNames.first(where: { !known.insert($0).inserted }) {
            throw ExportError(
                "two classes are called '\(twice.inSentence)', and Core ML tells classes apart by their names; rename one and train again"
            )
        }
        let (model, blobs) = try CoreMLModel.described(trained, normalizes: normalizes)
        return try CoreMLPackage.files(model, blobs)
    }

    public static func verify(
        _ path: String, _ trained: TrainedNetwork, normalizes: Bool, against reference: ReferenceLogits
    ) throws -> Verification {
        let package = try CoreMLPackage(contentsOf: path)
        let a = trained.network.architecture
        let inputs =
            normalizes
            ? reference.pixels.map { Float($0) }
            : trained.preprocessing.normalized(
                reference.pixels, channels: a.inputChannels, plane: a.imageSize * a.imageSize)
        let interpreter = try MILInterpreter(package.model.program, weights: package.weights)
        let length = inputs.count / reference.count
        var logits: [Float] = []
        for image in 0..<reference.count {
            let maps = Maps(
                [1, a.inputChannels, a.imageSize, a.imageSize], Array(inputs[image * length..<(image + 1) * length]))
            let said = try interpreter(maps, keeping: CoreMLModel.logits)
            guard said.probabilities.map(\.0) == trained.classNames else {
                throw ExportError("the package has other classes than the network; nothing is kept, please report it")
            }
            logits += said.kept.values
        }
        return Verification(
            "read back and computed by the operations' definitions on \(reference.count) made-up images; it was not run on Apple's machines, try it there before you rely on it",
            largestDifference: try reference.difference(from: logits, of: "the Core ML package"))
    }
}
