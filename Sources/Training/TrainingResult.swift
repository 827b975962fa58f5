/// One epoch's line of `metrics.jsonl`.
public struct EpochMetrics: Codable, Hashable, Sendable {
    /// The epoch, from 1.
    public var epoch: Int
    /// Mean of what its steps minimised: the labels' cross entropy, with a teacher `Distillation.loss` instead.
    public var trainLoss: Double
    /// Accuracy of its steps, 0 to 1.
    public var trainAccuracy: Double
    /// Validated cross entropy, with a teacher, too; absent where nothing is validated.
    public var validationLoss: Double?
    /// Validated accuracy, 0 to 1; absent where nothing is validated.
    public var validationAccuracy: Double?
    /// The learning rate of the epoch's last step.
    public var learningRate: Double
    /// Seconds in training, validation left out.
    public var seconds: Double
    /// Seconds of these in which a step's images were not there yet; absent in runs of earlier builds.
    public var waitedSeconds: Double?
    /// Training images a second.
    public var imagesPerSecond: Double

    /// The share of the time in training in which images were waited for; `nil` where that is not known.
    public var waitedShare: Double? { waitedSeconds.map { $0 / max(seconds, 1e-9) } }
}

/// What a training ends with: `result.json` and the output of `--json`.
public struct TrainingResult: Codable, Hashable, Sendable {
    /// What the run is called.
    public var label: String
    /// The split that `accuracy` and `loss` are of: `validation`, `test`, or `train` with all data.
    public var split: String
    /// Accuracy on `split`, 0 to 1.
    public var accuracy: Double
    /// Cross entropy on `split`; of `train` what was minimised.
    public var loss: Double
    /// The mean over classes of the share that was recognised, 0 to 1; absent with all data, and in older runs.
    public var balancedAccuracy: Double?
    /// The mean over classes of F1, 0 to 1; absent likewise.
    public var macroF1: Double?
    /// The best validated accuracy, whatever `split` is.
    public var validationAccuracy: Double?
    /// Parameters of the network.
    public var parameters: Int
    /// Multiply-adds of one image.
    public var macs: Int
    /// Connections of the network.
    public var connections: Int
    /// Training images over the seconds in training.
    public var imagesPerSecond: Double
    /// Images a second of the final evaluation, at its batch size.
    public var inferenceImagesPerSecond: Double?
    /// Seconds in training.
    public var seconds: Double
    /// Epochs trained.
    public var epochs: Int
    /// What decided weights, order and split.
    public var seed: UInt64
    /// The run's folder.
    public var run: String

    /// What no training can end with, in words; `nil` where all is possible.
    package var impossibility: String? {
        for (value, what) in [
            (accuracy, "accuracy"), (validationAccuracy ?? 0, "validated accuracy"),
            (balancedAccuracy ?? 0, "balanced accuracy"), (macroF1 ?? 0, "macro F1"),
        ]
        where !(0...1 ~= value) { return "\(what) \(value); 0 to 1 is possible" }
        for (count, what) in [
            (parameters, "parameters"), (macs, "MACs"), (connections, "connections"), (epochs, "epochs"),
        ] where count < 0 { return "\(count) \(what)" }
        // Ten thousand years, and more images a second than any processor has cycles.
        if !(0...3e11 ~= seconds) { return "\(seconds) seconds in training" }
        for rate in [imagesPerSecond, inferenceImagesPerSecond ?? 0] where !(0...1e12 ~= rate) {
            return "\(rate) images a second"
        }
        return nil
    }
}

/// What a training tells while it works.
public enum TrainingEvent: Sendable {
    /// A step was trained; loss (what is minimised) and accuracy are the epoch's so far.
    case step(
        epoch: Int, epochs: Int, step: Int, steps: Int, loss: Double, accuracy: Double, imagesPerSecond: Double,
        secondsLeft: Double)
    /// An epoch was trained and validated.
    case epoch(EpochMetrics, epochs: Int, isBest: Bool)
    /// A sentence for who watches.
    case note(String)
}
