import ArgumentParser
import DenseKernels
import DenseNetModel
import Files
import Foundation
import ImageData
import Reporting
import Runs
import Torch
import Training

struct EvaluateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate", abstract: "Accuracy, loss and confusion of a trained network.",
        discussion: """
            Without --split the validation images are used; every use of the test set is noted in the run.

            EXAMPLE
              ads evaluate runs/dense --split test --latency
            """)

    @Argument(help: ArgumentHelp("The run's folder.", valueName: "run"), completion: .directory)
    var path: String

    @OptionGroup var data: DataOptions
    @OptionGroup var machine: ComputeOptions
    @OptionGroup var output: OutputOptions

    @Option(help: "The images that are evaluated.")
    var split = EvaluatedSplit.validation

    @Flag(
        help:
            "Measure what batches of 1 and 64 take, beside the dense network of the architecture: by this program, libtorch, and ONNX Runtime and OpenVINO where python3 has them."
    )
    var latency = false

    /// Classes up to which `--json` has the confusion matrix as a square: of 10,000 that would be 200 MB.
    private static let squared = 1000

    /// What `--json` prints.
    struct Result: Encodable {
        var accuracy: Double
        /// The mean over classes of the share that was recognised.
        var balancedAccuracy: Double
        /// The mean over classes of F1.
        var macroF1: Double
        var loss: Double
        var split: String
        var count: Int
        var parameters: Int
        var macs: Int
        var connections: Int
        /// Training images a second of the run.
        var imagesPerSecond: Double?
        /// Images a second of this evaluation.
        var inferenceImagesPerSecond: Double
        /// `[true class][guessed class]`, up to 1,000 classes.
        var confusion: [[Int]]?
        /// `[true class, guessed class, images]` for all that are not 0, with more classes.
        var confusionEntries: [[Int]]?
        var classNames: [String]
        var latency: Latencies?
    }

    func run() throws {
        try data.cache.apply()
        let folder = RunFolder(path)
        try folder.expectWeights()
        let origin = try folder.weightOrigin()
        let (device, kernels) = try machine.apply()
        let net = try folder.model(device: device)
        net.kernels = kernels
        let isAsInFile = origin.data?.preparation?.ignoresOrientation ?? false
        let set =
            try data.load(ignoringExif: isAsInFile) { net.network.architecture.imageSize } ?? own(origin)
        try net.network.architecture.check(fits: set)
        try origin.data?.check(classesOf: set)
        let console = Console(quiet: output.quiet)
        for note in set.notes { console.line(note) }
        let parts = Split(of: set, seed: origin.seed)
        if split == .validation, origin.allData, origin.data?.digest == set.digest {
            throw TrainingError("\(path) was trained on the validation images too (--all-data); use --split test")
        }
        if case .imported(let c) = origin, split != .test {
            AdsCommand.tell(
                "which images \(c.file.inSentence) was trained on is not known, maybe on these; --split test judges it")
        }
        if let own = origin.data, own.name == set.name, own.digest != set.digest {
            AdsCommand.tell(
                "these images of \(set.name) are not those that \(path) was made with; which are held out may have changed, so that it may know some of them"
            )
        }
        if let own = origin.data, own.name != set.name,
            let (mine, other) = zip(own.classNames ?? [], set.classNames).first(where: !=)
        {
            AdsCommand.tell(
                "\(path) was made with \(own.name), whose '\(mine.inSentence)' is '\(other.inSentence)' in \(set.name): an accuracy only means something where these are the same classes"
            )
        }
        if origin.normalization == nil, case .imported = origin {
            AdsCommand.tell(
                "how the images of \(path) are normalised is not known, and those of \(set.name) are by their own mean and deviation; import it again with --normalization, which may be worth points"
            )
        }
        let normalization = origin.normalization ?? Normalization(of: set.train, indices: parts.train)
        let indices = split == .test ? Array(0..<set.test.count) : split == .train ? parts.train : parts.validation
        let evaluation = try net.evaluate(BatchMaker(split == .test ? set.test : set.train, normalization), indices)
        if split == .test {
            try folder.noteTestUse(
                command: "ads evaluate --split test --data \(set.name)", accuracy: evaluation.accuracy)
        }
        let stored = try? folder.read(TrainingResult.self, from: folder.result)
        let cost = net.network.cost
        let matrix = evaluation.confusion
        let isSquare = matrix.classes <= Self.squared
        let result = Result(
            accuracy: evaluation.accuracy, balancedAccuracy: matrix.balancedAccuracy, macroF1: matrix.macroF1,
            loss: evaluation.loss, split: split.rawValue, count: evaluation.count,
            parameters: cost.parameters, macs: cost.macs, connections: cost.connections,
            imagesPerSecond: stored?.imagesPerSecond, inferenceImagesPerSecond: evaluation.imagesPerSecond,
            confusion: isSquare ? matrix.rows : nil,
            confusionEntries: isSquare ? nil : matrix.entries.map { [$0.truth, $0.guess, $0.count] },
            classNames: set.classNames,
            latency: latency ? try measured(net, folder) : nil)
        if output.json { return try printJSON(result) }
        print(
            "\(set.name), \(split.rawValue), \(result.count) images: accuracy \(percent(result.accuracy)), loss \(fixed(result.loss, 4)), \(Int(result.inferenceImagesPerSecond)) images/s"
        )
        print("balanced accuracy \(percent(result.balancedAccuracy)), macro F1 \(fixed(result.macroF1, 4))")
        for (name, row) in zip(set.classNames, result.confusion ?? []) where set.classNames.count <= 20 {
            print(
                name.padding(toLength: 12, withPad: " ", startingAt: 0) + row.map { String(format: "%6d", $0) }.joined()
            )
        }
        if let latencies = result.latency { print(latencies.lines.joined(separator: "\n")) }
    }

    /// What the network takes on the clock, which the run notes for its report.
    private func measured(_ net: DenseNet, _ folder: RunFolder) throws -> Latencies {
        let latencies = try LatencyMeasurement(net, Console(quiet: output.quiet)).measure([1, 64])
        // What took a while to measure is shown even where the run cannot be written to.
        do { try folder.write(latencies, to: folder.latencies) } catch {
            AdsCommand.tell("the times are not noted in the run: \(error)")
        }
        return latencies
    }

    /// The data set of the run.
    private func own(_ origin: WeightOrigin) throws -> DataSet {
        guard let own = origin.data else { throw UsageError("\(path) was imported without --data; give it here") }
        if data.noExif, own.preparation?.ignoresOrientation != true {
            throw UsageError("--no-exif is for --data folder; without --data images are read as those of \(path) were")
        }
        return try own.load(from: data.dataDir)
    }
}
