import ArgumentParser
import DenseNetModel
import DenseNetRuntime
import Files
import Foundation
import ImageData
import NetworkExport
import Reporting
import Runs
import Torch
import Training
import WeightFiles

struct ExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Write a trained network for other programs, and prove that it is the same.",
        discussion: """
            \(ExportFormats.all.map { "\($0.name): \($0.help)." }.joined(separator: "\n"))

            What was written is read back and compared with the run's network before it is kept; docs/export.md says how each is \
            loaded.

            EXAMPLE
              ads export runs/found/retrained-0 --format onnx
            """)

    @Argument(help: ArgumentHelp("The run's folder.", valueName: "run"), completion: .directory)
    var path: String

    @Option(
        help: "\(ExportFormats.all.map { $0.name }.joined(separator: ", ")).",
        completion: .list(ExportFormats.all.map { $0.name }))
    var format: String

    @Option(
        help: "The file or folder; model.onnx, pytorch, model.mlpackage or classifier in the run's folder without it.",
        completion: .file(), transform: WrittenPath.parse)
    var out: String?

    @Flag(help: "Replace an earlier export there.")
    var replace = false

    @Flag(
        help:
            "onnx, coreml: take normalised floats instead of bytes or an image, and leave the normalisation to the caller."
    )
    var noNormalization = false

    @Flag(help: "Print one JSON object.")
    var json = false

    /// What `--json` prints.
    struct Result: Encodable {
        var format: String
        var path: String
        var bytes: Int
        var parameters: Int
        var macs: Int
        var classNames: [String]
        /// Whether it takes bytes and normalises them itself.
        var normalizes: Bool
        var verified: String
        /// The largest difference of logits; `nil` where none were computed.
        var largestDifference: Double?
    }

    func run() throws {
        guard let chosen = ExportFormats.named(format) else {
            throw UsageError(
                "unknown format '\(format.inSentence)'; known are \(ExportFormats.all.map { $0.name }.joined(separator: ", "))"
            )
        }
        if noNormalization, !chosen.canNormalize {
            throw UsageError("--no-normalization: \(format) takes normalised images anyway; leave it out")
        }
        let folder = RunFolder(path)
        try folder.expectWeights()
        let out = out ?? "\(path)/\(chosen.defaultName)"
        try WrittenPath.check(out)
        guard !FileManager.default.fileExists(atPath: RunFolder(out).architecture) else {
            throw UsageError(
                "\(out) is a run's folder; choose another with --out, such as \(out)/\(chosen.defaultName)")
        }
        let (trained, reference) = try exported(folder)
        let normalizes = chosen.canNormalize && !noNormalization
        let done = try chosen.export(
            trained, against: reference, normalizes: normalizes, to: out, replacing: replace)
        let cost = trained.network.cost
        let result = Result(
            format: format, path: done.path, bytes: done.bytes, parameters: cost.parameters, macs: cost.macs,
            classNames: trained.classNames, normalizes: normalizes, verified: done.verification.what,
            largestDifference: done.verification.largestDifference)
        if json { return try printJSON(result) }
        print("\(done.path): \(grouped(done.bytes)) bytes")
        let difference = done.verification.largestDifference.map {
            "; largest difference of logits \(String(format: "%.1e", $0))"
        }
        print("verified: \(done.verification.what)\(difference ?? "")")
    }

    /// A run's network as it is exported, and what it says itself.
    private func exported(_ folder: RunFolder) throws -> (TrainedNetwork, ReferenceLogits) {
        let origin = try folder.weightOrigin()
        let net = try folder.model()
        let a = net.network.architecture
        let normalization = try origin.normalization ?? computed(origin)
        let names = origin.data?.classNames ?? origin.data.flatMap { DataSources.named($0.name)?.knownClasses }
        let trained = try TrainedNetwork(
            net.network,
            weights: Dictionary(uniqueKeysWithValues: net.tensors.map { ($0.name, try StoredTensor($0.tensor)) }),
            preprocessing: Preprocessing(
                size: a.imageSize, mean: normalization.mean, deviation: normalization.deviation),
            // An imported network may have other classes than the data it is looked at with.
            classNames: names?.count == a.classes ? names : nil, producer: "densenet-ads \(ADS.version)")
        let count = ReferenceLogits.count(for: net.network)
        let pixels = ReferenceLogits.pixels(count: count, for: a)
        let set = ImageSet(
            pixels: pixels, labels: [Int32](repeating: 0, count: count), channels: a.inputChannels, size: a.imageSize)
        let batch = try BatchMaker(set, normalization).batch(ArraySlice(0..<count))
        let logits = try withoutGrad { try net(batch.images, training: false).floats() }
        return (trained, try ReferenceLogits(pixels: pixels, logits: logits, count: count))
    }

    /// What a run's images were normalised with, where an older run does not say.
    private func computed(_ origin: WeightOrigin) throws -> Normalization {
        guard let data = origin.data else {
            throw FileError(
                "\(path) does not say how its images are normalised; import it again with --normalization or --data")
        }
        let set = try data.load()
        return Normalization(of: set.train, indices: Split(of: set, seed: origin.seed).train)
    }
}
