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
        try configuration.start(from: file)
        guard configuration.normalization == nil, RunFolder(ofWeights: file) == nil else { return }
        // As 'ads import' decides.
        configuration.normalization = NormalizationChoice.known(for: architecture)
        console.line(
            configuration.normalization.map {
                "images are normalised by \($0.rounded)\(NormalizationChoice.whyKnown)"
            }
                ?? "images are normalised by their own mean and deviation; others, which the weights were trained with, are given with --normalization"
        )
    }
}

extension TrainingConfiguration {
    /// Has a new training start from a file's weights, which know images as they were trained on them.
    /// - Throws: `TrainingError` when they have seen the images that are validated on; `FileError`.
    mutating func start(from file: String) throws {
        (initialWeights, initialDigest) = (file, try digest(ofWeights: file))
        inherits = false
        guard let origin = try RunFolder(ofWeights: file)?.weightOrigin() else { return }
        if normalization == nil { normalization = origin.normalization }
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
}

/// What pixels are normalised with, as it is typed.
enum NormalizationChoice: Sendable, Equatable {
    case values(Normalization)
    /// The statistics of a data set's training images.
    case set(String)

    /// Those everybody types; torchvision's for ImageNet, and of all training images of CIFAR.
    private static let named: [String: Normalization?] = [
        "imagenet": Normalization(mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225]),
        "cifar10": Normalization(mean: [0.4914, 0.4822, 0.4465], deviation: [0.2470, 0.2435, 0.2616]),
        "cifar100": Normalization(mean: [0.5071, 0.4865, 0.4409], deviation: [0.2673, 0.2564, 0.2762]),
    ]

    /// torchvision's and timm's, for networks with an ImageNet stem.
    static var imageNet: Normalization? { named["imagenet"] ?? nil }

    /// What weights of others are taken to know images by, where nobody says; `nil` where nothing tells.
    static func known(for architecture: Architecture) -> Normalization? {
        architecture.stem.kind == .imageNet && architecture.inputChannels == 3 ? imageNet : nil
    }

    /// Why those, behind them.
    static let whyKnown = ", as torchvision's networks are; --normalization says otherwise"

    /// The data sets that are loaded by their names alone.
    private static var sets: [String] {
        DataSources.all.map { $0.name }.filter { !DataSources.isSized($0) && $0 != NPZImages.name }
    }

    /// For `transform:` of an option.
    @Sendable static func parse(_ text: String) throws -> NormalizationChoice {
        if let known = named[text] ?? nil { return .values(known) }
        if sets.contains(text) { return .set(text) }
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map {
            $0.split(separator: ",", omittingEmptySubsequences: false).map { Double($0) ?? .nan }
        }
        guard parts.count == 2, let values = Normalization(mean: parts[0], deviation: parts[1]) else {
            let names = Set(named.keys).union(sets).sorted().joined(separator: ", ")
            throw RangeError(
                "\(names), or means and deviations of each channel from 0 to 1, as 0.49,0.48,0.45/0.2,0.2,0.2, are needed"
            )
        }
        return .values(values)
    }

    /// The numbers, for images of so many channels.
    /// - Throws: `UsageError` where they are for others; `DataError`, as below.
    func resolved(channels: Int, with data: DataIdentity? = nil) throws -> Normalization {
        let values = try resolved(with: data)
        guard values.mean.count == channels else {
            throw UsageError("--normalization has \(values.mean.count) channels; the network's images have \(channels)")
        }
        return values
    }

    /// The numbers.
    /// - Parameter data: the data set the command is about; one of the same name is where it is.
    /// - Throws: `DataError` when they are those of a data set that is not there.
    func resolved(with data: DataIdentity? = nil) throws -> Normalization {
        switch self {
        case .values(let values): return values
        case .set(let name):
            let set = if let data, data.name == name { try data.load() } else { try DataSources.load(name) }
            let train = set.train
            return Normalization(of: train, indices: Array(0..<train.count))
        }
    }
}

extension Normalization {
    /// For people, in three digits.
    var rounded: String {
        func text(_ values: [Float]) -> String { values.map { fixed(Double($0) / 255, 3) }.joined(separator: ", ") }
        return "mean \(text(mean)), deviation \(text(deviation))"
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
