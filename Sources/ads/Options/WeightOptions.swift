import ArgumentParser
import DenseNetArchitecture
import Files
import Foundation
import ImageData
import Reporting
import Runs
import Training

/// Weights that a training starts from: `--weights`, and how they know images.
struct WeightOptions: ParsableArguments {
    @Option(
        help:
            "Start from the weights of this file, PyTorch's or safetensors, or of a run; the classifier is replaced where the classes differ.",
        completion: .file(), transform: WrittenPath.parse)
    var weights: String?

    @Option(
        help:
            "What pixels are normalised with: imagenet, a data set's name, or MEAN/DEVIATION of each channel over 255, as 0.49,0.48,0.45/0.2,0.2,0.2. (default: the --weights run's, imagenet for a file of weights with an ImageNet stem, else the training images' own)",
        transform: NormalizationChoice.parse)
    var normalization: NormalizationChoice?

    /// The file of the weights, from the root; a run's are `weights.safetensors` in its folder. `nil` for none.
    /// - Throws: `FileError` for a folder without weights.
    func file() throws -> String? {
        guard let weights else { return nil }
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: weights, isDirectory: &isFolder), isFolder.boolValue else {
            return URL(fileURLWithPath: weights).standardizedFileURL.path
        }
        let run = RunFolder(weights)
        guard FileManager.default.fileExists(atPath: run.weights) else {
            throw FileError("\(weights) holds no weights: there is no \(run.weights)")
        }
        return URL(fileURLWithPath: run.weights).standardizedFileURL.path
    }

    /// Has a new training start from the weights.
    /// - Throws: `UsageError` for an option that would do nothing; `TrainingError` when they have seen the images that
    ///   are validated on.
    func use(
        in configuration: inout TrainingConfiguration, _ recipe: RecipeOptions, _ architecture: Architecture,
        _ console: Console
    ) throws {
        if let normalization {
            configuration.normalization = try normalization.resolved(
                channels: architecture.inputChannels, with: configuration.data)
            configuration.isNormalizationGiven = true
        }
        guard let file = try file() else { return }
        if recipe.initialization != nil {
            throw UsageError("--initialization is for fresh weights; leave it out with --weights")
        }
        try configuration.start(from: file, architecture, console)
    }
}

extension TrainingConfiguration {
    /// Has a new training start from a file's weights, which know images as they were trained on them.
    /// - Throws: `TrainingError` when they have seen the images that are validated on; `FileError`.
    mutating func start(from file: String, _ architecture: Architecture, _ console: Console) throws {
        (initialWeights, initialDigest) = (file, try digest(ofWeights: file))
        inherits = false
        let origin = try RunFolder(ofWeights: file)?.weightOrigin()
        chooseNormalization(origin, architecture, console)
        guard case .trained(let c) = origin, !allData, c.seed != seed || c.allData else { return }
        let how = "train with --seed \(c.seed)\(c.allData ? " and --all-data" : "")"
        guard c.data.digest != data.digest else {
            throw TrainingError("\(file) was trained on images that this training validates on; \(how)")
        }
        // At another size, or with some of them exchanged, images are others, and may show the same.
        if c.data.name == data.name, c.data.classNames == data.classNames {
            AdsCommand.tell(
                "\(file) was trained on other images of \(data.name), with the same classes: where both were made of the same files, it knows some that are validated on; \(how)"
            )
        }
    }

    /// What images are normalised with where it was not typed: what the weights' run says, else what 'ads import' would
    /// decide of their file. What others than a training of ours are taken to know is said.
    private mutating func chooseNormalization(
        _ origin: WeightOrigin?, _ architecture: Architecture, _ console: Console
    ) {
        guard normalization == nil else { return }
        if let known = origin?.normalization {
            normalization = known
        } else if origin == nil, let known = NormalizationChoice.known(for: architecture) {
            (normalization, isNormalizationGiven) = (known, true)
            console.line("images are normalised by \(known.rounded)\(NormalizationChoice.whyKnown)")
        } else {
            // A training of ours that does not say is an older one, whose images' own they were.
            if case .trained = origin { return }
            console.line(
                "images are normalised by their own mean and deviation; others, which the weights were trained with, are given with --normalization"
            )
        }
    }
}

/// SHA-256 of a file of weights. torchvision's files have its beginning in their names.
/// - Throws: `FileError` when it is another.
func digest(ofWeights path: String) throws -> String {
    let digest = try fileDigest(path)
    let name = URL(fileURLWithPath: path).lastPathComponent
    if let match = name.wholeMatch(of: /densenet(?:121|161|169|201)-([0-9a-f]{8})\.pth/), !digest.hasPrefix(match.1) {
        throw FileError("\(path) is not torchvision's: its SHA-256 begins with \(digest.prefix(8)); fetch it again")
    }
    return digest
}
