import ArgumentParser
import DenseNetArchitecture
import Files
import Foundation
import ImageData
import NetworkImport
import Reporting
import Runs
import Training
import WeightFiles

struct ImportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Make a run of weights that somebody else trained.",
        discussion: """
            Reads PyTorch's files (.pth, .pt, .pth.tar: a state dict, or a checkpoint with one) and safetensors; nothing in a file \
            is executed. The architecture is read off the tensors. The run works with evaluate, inspect, search --dense, and train \
            --weights; what it was trained on is not known, so that only a test set judges it.

            EXAMPLES
              ads import densenet.pth.tar --data cifar10 --out runs/given
              ads import densenet121.pth --out runs/densenet121
            """)

    @Argument(help: "The file of weights.", completion: .file())
    var file: String

    @OptionGroup var network: NetworkOptions
    @OptionGroup var data: DataOptions
    @OptionGroup var output: ImportOutput

    @Option(help: "The new run's folder.", completion: .directory, transform: WrittenPath.parse)
    var out: String

    @Option(
        help:
            "What pixels were normalised with: imagenet, a data set's name, or MEAN/DEVIATION of each channel over 255, as 0.49,0.48,0.45/0.2,0.2,0.2. (default: imagenet for an ImageNet stem, else that of --data's training images)",
        transform: NormalizationChoice.parse)
    var normalization: NormalizationChoice?

    @Option(help: "Decides which images are held out, and a replaced classifier.", transform: Seed.parse)
    var seed: UInt64 = 0

    @Option(help: "What reports call this network; the file's name without it.")
    var label: String?

    /// How the result is printed.
    struct ImportOutput: ParsableArguments {
        @Flag(help: "Print one JSON object on stdout, and nothing else there.")
        var json = false
    }

    /// What `--json` prints.
    struct Result: Encodable {
        var architecture: Architecture
        var parameters: Int
        var macs: Int
        var connections: Int
        var file: String
        var digest: String
        var format: String
        var renamed: Int
        var leftOut: [String]
        var changes: [String]
        var replacedClasses: Int?
        var readsNewMapsFirst: Bool?
        var normalization: Normalization?
        var run: String
    }

    func run() throws {
        try data.cache.apply()
        let folder = RunFolder(out)
        // Before the work, which would be for nothing.
        guard !folder.exists else { throw FileError("\(out) holds a run already; choose another folder with --out") }
        for own in [folder.weights, folder.architecture] where FileManager.default.fileExists(atPath: own) {
            throw FileError("\(own) is of no run, and a new one would write over it; choose another folder with --out")
        }
        let set = try data.load {
            // Images of any size are brought to the network's.
            try network.network(isRecognized: true)?.architecture.imageSize ?? network.imageSize
                ?? NetworkImport(contentsOf: file).network.architecture.imageSize
        }
        if data.dataDir != nil, set == nil { throw UsageError("--data-dir needs --data") }
        let given = try network.network(
            channels: set?.train.channels, size: set?.train.size, seed: seed, isRecognized: true)
        try Safetensors.checkDigest(of: file)
        let imported = try NetworkImport(contentsOf: file, as: given, imageSize: set?.train.size ?? network.imageSize)
        let own = imported.network.architecture
        let (value, weights) = try imported.with(classes: set?.classNames.count ?? own.classes, seed: seed)
        let name = URL(fileURLWithPath: file).lastPathComponent
        var configuration = ImportConfiguration(
            imported, label: label ?? Self.stem(of: name), file: name, digest: try digest(ofWeights: file), seed: seed)
        configuration.data = set.map { DataIdentity($0, folder: data.dataDir) }
        if let set {
            guard own.inputChannels == set.train.channels else {
                throw FileError(
                    "\(file) takes images of \(own.inputChannels) channels; those of \(set.name) have \(set.train.channels)"
                )
            }
            if own.classes != set.classNames.count { configuration.replacedClasses = own.classes }
        }
        let chosen = try chosenNormalization(set, value)
        configuration.normalization = chosen.value
        try folder.create(configuration, value, weights: weights)
        try show(configuration, imported, value, chosen.why)
    }

    /// What the images are normalised with, and why where nobody said so.
    private func chosenNormalization(_ set: DataSet?, _ network: Network) throws -> (value: Normalization?, why: String)
    {
        if let normalization {
            let given = set.map { DataIdentity($0, folder: data.dataDir) }
            return (try normalization.resolved(channels: network.architecture.inputChannels, with: given), "")
        }
        if let known = NormalizationChoice.known(for: network.architecture) {
            return (known, NormalizationChoice.whyKnown)
        }
        guard let set else { return (nil, "") }
        let train = Split(of: set, seed: seed).train
        return (
            Normalization(of: set.train, indices: train),
            ", the training images' own; another one it was trained with is given with --normalization"
        )
    }

    private func show(_ c: ImportConfiguration, _ imported: NetworkImport, _ network: Network, _ why: String) throws {
        let cost = network.cost
        guard !output.json else {
            return try printJSON(
                Result(
                    architecture: network.architecture, parameters: cost.parameters, macs: cost.macs,
                    connections: cost.connections, file: c.file, digest: c.digest, format: c.format,
                    renamed: imported.renamed, leftOut: imported.leftOut, changes: c.changes,
                    replacedClasses: c.replacedClasses, readsNewMapsFirst: imported.readsNewMapsFirst,
                    normalization: c.normalization, run: out))
        }
        var lines = [
            "\(c.file), \(c.format): \(network.architecture)",
            "\(grouped(cost.parameters)) parameters, \(grouped(cost.macs)) MACs, \(cost.connections) connections",
        ]
        lines += c.changes
        if let classes = c.replacedClasses {
            lines.append(
                "the classifier of \(classes) classes was replaced by a fresh one of \(network.architecture.classes), which must be trained: ads train --weights \(ShellText.word(out))"
            )
        }
        lines.append(
            c.normalization.map { "images are normalised by \($0.rounded)\(why)" }
                ?? "how images are normalised is not known; say it with --normalization, or the data set with --data")
        print((lines + ["saved in \(out)"]).joined(separator: "\n"))
    }

    /// A file's name without what says its format.
    private static func stem(of name: String) -> String {
        var name = name
        for suffix in [".tar", ".pth", ".pt", ".pkl", ".safetensors", ".bin"] where name.hasSuffix(suffix) {
            name.removeLast(suffix.count)
        }
        return name.isEmpty ? "imported" : name
    }
}
