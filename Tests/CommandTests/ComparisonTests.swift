import DenseNetArchitecture
import Foundation
import ImageData
import TestSupport
import Testing

@testable import Reporting
@testable import Runs
@testable import Training

/// What a report averages and subtracts, and what it refuses to.
@Suite struct ComparisonTests {
    let scratch = TemporaryFolder()
    private static let data = DataSet(
        name: "tiny", train: ImageSet(pixels: [0], labels: [0], channels: 1, size: 1),
        test: ImageSet(pixels: [], labels: [], channels: 1, size: 1),
        classNames: ["a"])

    /// Writes a finished run of a network that trained nothing.
    @discardableResult func write(
        _ label: String, _ connectivity: String, accuracy: Double, seed: UInt64 = 0, split: String = "test",
        change: (inout TrainingConfiguration) -> Void = { _ in }
    ) throws -> RunFolder {
        let architecture = try Architecture(
            blocks: [3, 3], growthRate: 4, bottleneck: false, compression: 1, stem: .init(.cifar, channels: 8))
        let network = try Network(
            architecture, Connectivity(ConnectivityPatterns.parse(connectivity), for: architecture, seed: 0))
        var c = TrainingConfiguration(
            label: label, data: DataIdentity(Self.data, folder: nil), recipe: .oneCycle, seed: seed,
            testAtEnd: split == "test",
            machine: Machine(
                ads: "0", torch: "0", threads: 2, device: "cpu", instructionSet: "", torchInstructionSet: "",
                kernels: .automatic, system: ""))
        change(&c)
        let run = RunFolder(scratch("runs/\(label)-\(UUID().uuidString.prefix(8))"))
        try run.create()
        try run.write(network, to: run.architecture)
        try run.write(c, to: run.configuration)
        let cost = network.cost
        let result = TrainingResult(
            label: c.label, split: split, accuracy: accuracy, loss: 1, parameters: cost.parameters, macs: cost.macs,
            connections: cost.connections,
            imagesPerSecond: 1, seconds: 1, epochs: c.recipe.epochs, seed: c.seed, run: run.path)
        try run.write(result, to: run.result)
        return run
    }

    func content() throws -> ReportContent { try ReportContent(folders: [scratch("runs")]) }

    @Test func seedsOfTheSameAreAveragedAndPaired() throws {
        for seed in 0..<3 as Range<UInt64> {
            try write("dense", "dense", accuracy: 0.80 + Double(seed) / 100, seed: seed)
            try write("found", "nearest", accuracy: 0.79 + Double(seed) / 100, seed: seed)
            try write("random", "nearest", accuracy: 0.77 + Double(seed) / 100, seed: seed)
        }
        // A seed that the other lacks takes no part in a difference.
        try write("dense", "dense", accuracy: 0.10, seed: 9)
        let content = try content()
        #expect(content.rows.map(\.label) == ["dense", "found", "random"] && content.rows[0].seeds == [0, 1, 2, 9])
        let headline = try #require(Headline(content))
        #expect(headline.command == nil)
        #expect(
            headline.text.contains(
                "its test accuracy is 1.00 points lower. Against the best of random search at the same cost it is 2.00 points higher."
            ), "\(headline.text)")
        #expect(!headline.text.contains("no proof"))
    }

    @Test func fewSeedsAreNoProof() throws {
        try write("dense", "dense", accuracy: 0.8)
        try write("found", "nearest", accuracy: 0.9)
        #expect(
            try #require(Headline(content())).text.hasSuffix(
                "10.00 points higher. With 1 seed such differences are no proof: three paired seeds are the least."))
    }

    /// Everything of the conditions, one at a time: no average, no difference, but what differs and what to run.
    @Test(arguments: [
        (
            "split",
            "the accuracy is of the validation images for the dense network and of the test images for the found one",
            "--split test"
        ),
        ("epochs", "training is 8 epochs for the dense network and 4 epochs for the found one", "--epochs 4"),
        ("batch", "a step is 32 images for the dense network and 64 images for the found one", "--batch-size 64"),
        ("rate", "the learning rate is 0.5 for the dense network and 0.1 for the found one", "--learning-rate 0.1"),
        (
            "schedule", "its schedule is constant for the dense network and one-cycle for the found one",
            "--schedule one-cycle"
        ),
        ("momentum", "the momentum is 0.5 for the dense network and 0.9 for the found one", "--momentum 0.9"),
        (
            "decay", "the weight decay is 0.5 for the dense network and 0.0001 for the found one",
            "--weight-decay 0.0001"
        ),
        ("augment", "augmentation is none for the dense network and crop for the found one", "--augmentation crop"),
        (
            "initialization", "the initialization is fan-out for the dense network and fan-in for the found one",
            "--initialization fan-in"
        ),
        ("dropout", "the dropout is 0.5 for the dense network and 0.0 for the found one", "--dropout 0.0"),
        ("limit", "the training set is 99 images for the dense network and whole for the found one", "ads train"),
        ("all", "the validation set is trained on for the dense network and held out for the found one", "ads train"),
        ("data", "the data is those of digest 01234567 for the dense network", "ads train"),
        (
            "initial",
            "the start is from the weights fedcba98 for the dense network and from fresh weights for the found one",
            "ads train"
        ),
        (
            "normalization",
            "the normalisation is 0.5/0.25 for the dense network and what the images or the weights say for the found one",
            "ads train"
        ),
        (
            "distillation",
            "the loss is by 0.5 of the teacher fedcba98 at temperature 4.0 for the dense network and of the labels alone for the found one",
            "ads train"
        ),
    ])
    func whatWasTrainedOtherwiseIsNotCompared(what: String, why: String, option: String) throws {
        let change: (inout TrainingConfiguration) -> Void = { c in
            switch what {
            case "epochs": c.recipe.epochs = 8
            case "batch": c.recipe.batchSize = 32
            case "rate": c.recipe.learningRate = 0.5
            case "schedule": c.recipe.schedule = .constant
            case "momentum": c.recipe.momentum = 0.5
            case "decay": c.recipe.weightDecay = 0.5
            case "augment": c.recipe.augmentation = .off
            case "initialization": c.recipe.initialization = .fanOut
            case "dropout": c.recipe.dropout = 0.5
            case "limit": c.limitTrain = 99
            case "all": c.allData = true
            case "data": c.data.digest = "0123456789"
            case "initial": (c.initialWeights, c.initialDigest) = ("other", "fedcba9876")
            case "normalization":
                c.normalization = Normalization(mean: [0.5], deviation: [0.25])
                c.isNormalizationGiven = true
            case "distillation":
                c.distillation = Distillation(teacher: "other", digest: "fedcba9876", weight: 0.5)
            default: break
            }
        }
        try write("dense", "dense", accuracy: 0.8, split: what == "split" ? "validation" : "test", change: change)
        try write("dense", "dense", accuracy: 0.7, seed: 7)
        try write("found", "nearest", accuracy: 0.9)
        let content = try content()
        #expect(content.rows.map(\.label) == ["dense", "dense", "found"])
        let headline = try #require(Headline(content))
        // The dense network that is trained alike has no seed in common; the one that has is trained otherwise.
        #expect(headline.text.hasPrefix("The network found and the dense one are not compared here: "))
        #expect(
            headline.text.contains(why) || headline.text.contains("they have no seed in common"), "\(headline.text)")
        #expect(!headline.text.contains("points"))
        let command = try #require(headline.command)
        #expect(
            command.hasPrefix("ads train --data tiny") && command.contains("--connectivity dense")
                && command.contains("--seed 0"), "\(command)")
        #expect(
            command.contains(option) && command.contains("--split test") && !command.contains("--limit-train")
                && !command.contains("--all-data"))
        let conditions = content.rows.map(\.conditions)
        #expect(
            conditions[2].differences(from: conditions[0], there: "the dense network", here: "the found one").joined()
                .contains(why)
                || conditions[2].differences(from: conditions[1], there: "the dense network", here: "the found one")
                    .joined().contains(why)
        )
        let page = HTMLReport(content).text
        #expect(
            page.contains("are not compared here") && page.contains("--connectivity dense")
                && !page.contains("points higher"))
    }

    /// Found with inherited weights: the dense network cannot start so; the found one is to be trained as it was.
    @Test func inheritedWeightsAreNoFairStart() throws {
        try write("dense", "dense", accuracy: 0.8)
        try write("found", "nearest", accuracy: 0.9) {
            ($0.initialWeights, $0.initialDigest) = ("runs/dense", "abcdef0123")
        }
        let headline = try #require(Headline(content()))
        #expect(
            headline.text.contains(
                "the start is from fresh weights for the dense network and from the weights abcdef01 for the found one")
        )
        let command = try #require(headline.command)
        #expect(
            command.contains("--label found") && command.contains("/found-")
                && !command.contains("--connectivity dense"))
    }

    /// Found with a teacher: the dense network is not its own; the found one is to be trained as it was.
    @Test func aTeacherIsNoFairHelp() throws {
        try write("dense", "dense", accuracy: 0.8)
        try write("found", "nearest", accuracy: 0.9) {
            $0.distillation = Distillation(teacher: "runs/dense", digest: "abcdef0123")
        }
        let headline = try #require(Headline(content()))
        #expect(
            headline.text.contains(
                "the loss is of the labels alone for the dense network and by 0.9 of the teacher abcdef01 at temperature 4.0 for the found one"
            ), "\(headline.text)")
        let command = try #require(headline.command)
        #expect(
            command.hasPrefix("ads train --data tiny") && command.contains("--label found")
                && command.contains("/found-") && !command.contains("--connectivity dense"), "\(command)")
    }

    /// Another teacher or number is another condition; where the teacher lies is none.
    @Test func onlyTheSameDistillationsAreAveraged() throws {
        let runs: [(seed: UInt64, distillation: Distillation?)] = [
            (0, Distillation(teacher: "a", digest: "aa")), (1, Distillation(teacher: "a", digest: "bb")),
            (2, Distillation(teacher: "a", digest: "aa", temperature: 5)),
            (3, Distillation(teacher: "a", digest: "aa", weight: 0.8)), (4, nil),
            (5, Distillation(teacher: "moved", digest: "aa")),
        ]
        for run in runs {
            try write("found", "nearest", accuracy: 0.8, seed: run.seed) { $0.distillation = run.distillation }
        }
        let rows = try content().rows
        #expect(rows.map(\.seeds) == [[0, 5], [1], [2], [3], [4]])
        #expect(
            rows.map(\.trained) == [
                "4 epochs; the loss by 0.9 of the teacher aa at temperature 4.0",
                "4 epochs; the loss by 0.9 of the teacher bb at temperature 4.0",
                "4 epochs; the loss by 0.9 of the teacher aa at temperature 5.0",
                "4 epochs; the loss by 0.8 of the teacher aa at temperature 4.0",
                "4 epochs; the loss of the labels alone",
            ])
    }

    /// Another cost is no control.
    @Test func randomAtAnotherCostIsNoControl() throws {
        try write("dense", "dense", accuracy: 0.8)
        try write("found", "nearest", accuracy: 0.9)
        try write("random", "dense", accuracy: 0.7)
        #expect(!(try #require(Headline(content())).text.contains("random")))
    }

    @Test func rowsSayHowTheyWereTrained() throws {
        try write("dense", "dense", accuracy: 0.8) { $0.limitTrain = 99 }
        try write("dense", "dense", accuracy: 0.9)
        try write("found", "nearest", accuracy: 0.7)
        let rows = try content().rows
        #expect(
            rows.map(\.trained).sorted() == [
                "4 epochs; the training set 99 images", "4 epochs; the training set whole",
                "4 epochs; the training set whole",
            ])
        let page = try HTMLReport(content()).text
        #expect(
            page.components(separatedBy: "class=\"best\"").count == 2,
            "one of the two that can be compared is the best of them")
    }

    @Test func damagedLogsAreSaid() throws {
        try write("dense", "dense", accuracy: 0.8)
        let run = try #require(FileManager.default.contentsOfDirectory(atPath: scratch("runs")).first)
        try RunFolder(scratch("runs/" + run)).noteTestUse(command: "x", accuracy: 0.8)
        #expect(try HTMLReport(content()).text.contains("The test set was used 1 time in these 1 run."))
        try "{\"accur".write(toFile: scratch("runs/\(run)/test-uses.jsonl"), atomically: true, encoding: .utf8)
        #expect(
            try HTMLReport(content()).text.contains(
                "The test set was used 1 time in these 1 run; of 1 no more is known, as the log's lines are damaged."))
        try FileManager.default.removeItem(atPath: scratch("runs/\(run)/test-uses.jsonl"))
        try FileManager.default.createDirectory(
            atPath: scratch("runs/\(run)/test-uses.jsonl"), withIntermediateDirectories: true)
        #expect(throws: (any Error).self) { try content() }
    }
}
