import DenseNetModel
import Foundation
import ImageData

/// Everything needed to repeat a training: `config.json` of a run.
public struct TrainingConfiguration: Codable, Hashable, Sendable {
    /// The kind of run.
    public var kind = "training"
    /// What this network is to a comparison, such as "dense" or "log".
    public var label: String
    /// The data set.
    public var data: DataIdentity
    /// How it is trained.
    public var recipe: Recipe
    /// Decides weights, order, augmentation and the validation split.
    public var seed: UInt64
    /// The number of training images, drawn by the seed; all without it.
    public var limitTrain: Int?
    /// Whether the validation images are trained on too.
    public var allData: Bool
    /// Whether the test set is used once, at the end.
    public var testAtEnd: Bool
    /// The run the starting weights came from, or their file; `nil` for fresh ones.
    public var initialWeights: String?
    /// Whether `initialWeights` is a run, of whose network this one is a part, and no file; runs of older versions do
    /// not say.
    public var inherits: Bool?
    /// The digest of the weights that were started from; runs of older versions have none.
    public var initialDigest: String?
    /// What it learns from beside the labels; from nothing without it.
    public var distillation: Distillation?
    /// What part of the network each step trains, in words; the whole without it.
    public var sampling: String?
    /// What the images were normalised with; set when the run starts.
    public var normalization: Normalization?
    /// Whether that is fixed, as the user said it or a file of weights is known by it; otherwise it comes with the
    /// weights' run or the images.
    public var isNormalizationGiven: Bool?
    /// The machine's part.
    public var machine: Machine

    /// A configuration from its parts.
    public init(
        label: String, data: DataIdentity, recipe: Recipe, seed: UInt64, limitTrain: Int? = nil, allData: Bool = false,
        testAtEnd: Bool = false, initialWeights: String? = nil, machine: Machine
    ) {
        self.label = label
        self.data = data
        self.recipe = recipe
        self.seed = seed
        self.limitTrain = limitTrain
        self.allData = allData
        self.testAtEnd = testAtEnd
        self.initialWeights = initialWeights
        self.machine = machine
    }

    /// The first difference that makes two trainings different ones, as a sentence; `nil` when there is none.
    public func difference(from stored: TrainingConfiguration) -> String? {
        let steps = zip(recipe.parts, stored.recipe.parts).map { ($0.name, $0.value, $1.value) }
        let pairs: [(String, String, String)] =
            steps + [
                ("the data set", data.name, stored.data.name),
                ("the data's digest", data.digest, stored.data.digest),
                ("the number of epochs", "\(recipe.epochs)", "\(stored.recipe.epochs)"),
                ("the batch size", "\(recipe.batchSize)", "\(stored.recipe.batchSize)"),
                ("the recipe's name", recipe.name, stored.recipe.name),
                ("the seed", "\(seed)", "\(stored.seed)"),
                ("what a step trains", sampling ?? "the whole network", stored.sampling ?? "the whole network"),
                (
                    "--limit-train", limitTrain.map(String.init) ?? "not set",
                    stored.limitTrain.map(String.init) ?? "not set"
                ),
                ("--all-data", "\(allData)", "\(stored.allData)"),
                ("--split", testAtEnd ? "test" : "validation", stored.testAtEnd ? "test" : "validation"),
                ("--label", label, stored.label),
                ("the weights it starts from", initialWeights ?? "fresh", stored.initialWeights ?? "fresh"),
                ("the teacher's digest", distillation?.digest ?? "none", stored.distillation?.digest ?? "none"),
                (
                    "--distil-temperature", distillation.map { "\($0.temperature)" } ?? "not set",
                    stored.distillation.map { "\($0.temperature)" } ?? "not set"
                ),
                (
                    "--distil-weight", distillation.map { "\($0.weight)" } ?? "not set",
                    stored.distillation.map { "\($0.weight)" } ?? "not set"
                ),
                ("the number of threads", "\(machine.threads)", "\(stored.machine.threads)"),
                ("the device", machine.device, stored.machine.device),
                ("--kernels", machine.kernels.rawValue, stored.machine.kernels.rawValue),
            ]
        return pairs.first { $0.1 != $0.2 }.map { "\($0.0) is \($0.2) there and \($0.1) here" }
    }
}

extension TrainingConfiguration {
    /// Whether it starts from a run, and neither from a file nor from fresh weights; of older runs that is what lies
    /// there now.
    public var startsFromRun: Bool {
        guard let initialWeights else { return false }
        if let inherits { return inherits }
        var isFolder: ObjCBool = false
        return !FileManager.default.fileExists(atPath: initialWeights, isDirectory: &isFolder) || isFolder.boolValue
    }

    /// The images of a data set that are trained on, and those that are held out.
    public func split(of data: DataSet) -> Split {
        Split(of: data, seed: seed, limit: limitTrain, holdOut: !allData)
    }

    /// Refuses numbers that no training has.
    /// - Throws: `TrainingError`.
    public func validate() throws {
        try recipe.validate()
        try distillation?.validate()
        if let limitTrain, limitTrain < 1 { throw TrainingError("\(limitTrain) training images; at least 1 is needed") }
    }

    /// Training images the whole training sees.
    /// - Throws: `TrainingError` for numbers that no training has.
    public func images(of data: DataSet) throws -> Int {
        try validate()
        return split(of: data).train.count / recipe.batchSize * recipe.batchSize * recipe.epochs
    }
}
