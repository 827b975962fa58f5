import DenseNetModel
import Foundation
import ImageData

/// How a network is trained: every value that decides the result, the seed and the data aside.
public struct Recipe: Codable, Hashable, Sendable {
    /// How the learning rate moves.
    public enum Schedule: String, Codable, Sendable, CaseIterable {
        /// Divided by 10 at 50% and 75% of the epochs (DenseNet paper, section 4.2).
        case step
        /// Up by a cosine to the learning rate, then down to nothing; the momentum goes the other way
        /// (Smith and Topin, arXiv 1708.07120; `torch.optim.lr_scheduler.OneCycleLR` with `pct_start` 0.25, else with
        /// its defaults).
        case oneCycle = "one-cycle"
        /// Always the same.
        case constant
    }
    /// The recipe this one started from.
    public var name: String
    /// Times the training images are gone through.
    public var epochs: Int
    /// Images a step.
    public var batchSize: Int
    /// The learning rate: the first of `step`, the highest of `oneCycle`.
    public var learningRate: Double
    /// How it moves.
    public var schedule: Schedule
    /// SGD's momentum; `oneCycle` moves it between 0.85 and 0.95 instead.
    public var momentum: Double
    /// Whether the momentum is Nesterov's.
    public var nesterov: Bool
    /// Weight decay on everything, BN included, as the paper's code.
    public var weightDecay: Double
    /// What becomes of each image ("+" in the paper's tables is `crop`).
    public var augmentation: Augmentation
    /// How convolutions start.
    public var initialization: Initialization
    /// Dropout; the paper uses 0.2 without augmentation.
    public var dropout: Double

    private enum CodingKeys: String, CodingKey {
        case name, epochs, batchSize, learningRate, schedule, momentum, nesterov, weightDecay
        // As earlier builds wrote it.
        case augmentation = "augment"
        case initialization, dropout
    }

    /// What of a step it decides, each by its name, as people read it; epochs and the batch aside.
    public var parts: [(name: String, value: String)] {
        [
            ("the learning rate", "\(learningRate)"), ("its schedule", schedule.rawValue),
            ("the momentum", "\(momentum)\(nesterov ? "" : ", not Nesterov's")"),
            ("the weight decay", "\(weightDecay)"),
            ("augmentation", augmentation.rawValue), ("the initialization", initialization.rawValue),
            ("the dropout", "\(dropout)"),
        ]
    }

    /// The DenseNet paper's recipe for CIFAR (arXiv 1608.06993, section 4.2).
    public static let paper = Recipe(
        name: "paper", epochs: 300, batchSize: 64, learningRate: 0.1, schedule: .step, momentum: 0.9, nesterov: true,
        weightDecay: 1e-4, augmentation: .crop, initialization: .fanOut, dropout: 0)
    /// A short recipe that reaches most of the accuracy in a few epochs; ours, with the paper's batch and learning
    /// rate. Batch 64 and fan-in were chosen by validation on a quarter of CIFAR-10, see docs/results.md.
    public static let oneCycle = Recipe(
        name: "one-cycle", epochs: 4, batchSize: 64, learningRate: 0.1, schedule: .oneCycle, momentum: 0.9,
        nesterov: true,
        weightDecay: 1e-4, augmentation: .crop, initialization: .fanIn, dropout: 0)
    /// The recipes that can be named.
    public static let all = [oneCycle, paper]

    /// A recipe by name.
    /// - Throws: `TrainingError` when it is unknown.
    public static func named(_ name: String) throws -> Recipe {
        guard let recipe = all.first(where: { $0.name == name }) else {
            throw TrainingError("unknown recipe '\(name)'; known are \(all.map(\.name).joined(separator: ", "))")
        }
        return recipe
    }

    /// Refuses values that train nothing.
    /// - Throws: `TrainingError`.
    public func validate() throws {
        func need(_ condition: Bool, _ reason: String) throws { if !condition { throw TrainingError(reason) } }
        try need(epochs >= 1, "\(epochs) epochs; at least 1 is needed")
        try need(epochs <= 1_000_000, "\(epochs) epochs; up to 1000000 are possible")
        try need(batchSize >= 2, "batch size \(batchSize); BN needs at least 2 images")
        try need(batchSize <= 1_000_000, "batch size \(batchSize); up to 1000000 are possible")
        try need(learningRate > 0 && learningRate.isFinite, "learning rate \(learningRate); it must be over 0")
        try need(momentum >= 0 && momentum < 1, "momentum \(momentum); it must be from 0 to under 1")
        try need(weightDecay >= 0 && weightDecay.isFinite, "weight decay \(weightDecay); it must be 0 or more")
        try need(dropout >= 0 && dropout < 1, "dropout \(dropout); it must be from 0 to under 1")
    }

    /// The learning rate and momentum of a step, counted from 0 over the whole training.
    public func rate(step: Int, of total: Int) -> (rate: Double, momentum: Double) {
        switch schedule {
        case .constant: return (learningRate, momentum)
        case .step:
            let done = Double(step) / Double(total)
            return (learningRate * (done < 0.5 ? 1 : done < 0.75 ? 0.1 : 0.01), momentum)
        case .oneCycle:
            // PyTorch's phases end at fractions of the last step's number.
            let rise = 0.25 * Double(total) - 1
            let last = Double(total - 1)
            let (low, high, final) = (learningRate / 25, learningRate, learningRate / 25 / 1e4)
            let position = Double(step)
            if position <= rise {
                let part = rise > 0 ? position / rise : 1
                return (anneal(low, high, part), anneal(0.95, 0.85, part))
            }
            let part = last > rise ? (position - rise) / (last - rise) : 1
            return (anneal(high, final, part), anneal(0.85, 0.95, part))
        }
    }

    private func anneal(_ from: Double, _ to: Double, _ part: Double) -> Double {
        to + (from - to) / 2 * (1 + cos(.pi * part))
    }
}
