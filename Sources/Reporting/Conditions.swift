import DenseNetArchitecture
import Training

/// Under what a network was trained and measured. Results are averaged or subtracted only where all of it is equal, the
/// network's connections and the seed aside.
public struct Conditions: Codable, Hashable, Sendable {
    /// SHA-256 of the data set.
    public var data: String
    /// The network without its connections.
    public var architecture: Architecture
    /// Every value of the recipe; its name decides nothing.
    public var recipe: Recipe
    /// The number of training images, where not all.
    public var limitTrain: Int?
    /// Whether the validation images were trained on.
    public var allData: Bool
    /// The digest of the weights it started from, or of older runs their folder; `nil` for fresh ones.
    public var initialWeights: String?
    /// What the images were normalised with, as it is typed; `nil` where it followed from the images or the weights.
    public var normalization: String?
    /// What it learned from beside the labels; where the teacher lies decides nothing.
    public var distillation: Distillation?
    /// The split the accuracy is of.
    public var split: String

    /// The conditions of a finished run.
    init(_ run: ReportContent.Trained) {
        let c = run.configuration
        data = c.data.digest
        architecture = run.network.architecture
        recipe = c.recipe
        recipe.name = ""
        limitTrain = c.limitTrain
        allData = c.allData
        initialWeights = c.initialDigest ?? c.initialWeights
        normalization = c.isNormalizationGiven == true ? c.normalization?.typed : nil
        distillation = c.distillation
        distillation?.teacher = ""
        split = run.result.split
    }

    /// Each part by name, as people read it.
    private var parts: [(name: String, value: String)] {
        [
            ("the accuracy", "of the \(split) images"), ("the data", "those of digest \(data.prefix(8))"),
            ("the architecture", "\(architecture)"),
            ("training", plural(recipe.epochs, "epoch")), ("a step", "\(recipe.batchSize) images"),
        ] + recipe.parts + [
            ("the training set", limitTrain.map { plural($0, "image") } ?? "whole"),
            ("the validation set", allData ? "trained on" : "held out"),
            ("the start", initialWeights.map { "from the weights \($0.prefix(8))" } ?? "from fresh weights"),
            ("the normalisation", normalization ?? "what the images or the weights say"),
            (
                "the loss",
                distillation.map {
                    "by \($0.weight) of the teacher \($0.digest.prefix(8)) at temperature \($0.temperature)"
                } ?? "of the labels alone"
            ),
        ]
    }

    /// What differs, in words: "the accuracy is of the test images there and of the validation images here".
    func differences(from other: Conditions, there: String, here: String) -> [String] {
        var found = zip(parts, other.parts).filter { $0.value != $1.value }.map { own, others in
            "\(own.name) is \(others.value) for \(there) and \(own.value) for \(here)"
        }
        // Parts that people are not told of one by one.
        if found.isEmpty, self != other { found = ["the architectures differ"] }
        return found
    }

    /// How a row was trained: its epochs, and all in which it differs from a row of the same table.
    func summary(among all: [Conditions]) -> String {
        let told = parts.indices.filter { index in
            parts[index].name != "the accuracy" && parts[index].name != "training"
                && all.contains { $0.parts[index].value != parts[index].value }
        }
        return ([plural(recipe.epochs, "epoch")] + told.map { "\(parts[$0].name) \(parts[$0].value)" }).joined(
            separator: "; ")
    }
}
