import DenseNetModel
import Torch

/// How a network learns from a trained one's logits beside the labels (Hinton, Vinyals and Dean, arXiv 1503.02531; N2N,
/// arXiv 1709.06030, trains what it compresses so).
public struct Distillation: Codable, Hashable, Sendable {
    /// The teacher's run.
    public var teacher: String
    /// The digest of the teacher's weights.
    public var digest: String
    /// T, what logits are divided by before their softmax: the higher, the more the teacher tells of other classes than
    /// its guess.
    public var temperature: Double
    /// The weight of the teacher's logits; the labels have the rest.
    public var weight: Double

    /// The temperatures that are possible: over 100, T² times a divergence of `Float`s is mostly rounding; under 0.01
    /// nothing but its guess is left of what a teacher says.
    public static let temperatures = 0.01...100.0

    /// A distillation. T = 4 and 0.9 are what Tian, Krishnan and Isola (arXiv 1910.10699) compare ways of distilling
    /// with on CIFAR-100; Hinton et al., too, found the labels best with "a considerably lower weight".
    public init(teacher: String, digest: String, temperature: Double = 4, weight: Double = 0.9) {
        (self.teacher, self.digest, self.temperature, self.weight) = (teacher, digest, temperature, weight)
    }

    /// Refuses numbers that teach nothing, or nothing that can be computed.
    /// - Throws: `TrainingError`.
    public func validate() throws {
        guard Self.temperatures ~= temperature else {
            throw TrainingError("a distillation temperature of \(temperature); it must be from 0.01 to 100")
        }
        guard weight > 0, weight <= 1 else {
            throw TrainingError("a distillation weight of \(weight); it must be over 0, up to 1")
        }
    }

    /// What is minimised: (1 − w) · crossEntropy(logits, labels) + w · T² · KL(softmax(teacher / T) ‖ softmax(logits /
    /// T)), each the mean over the batch. T² keeps the second gradient as large as the first at any temperature.
    /// - Parameters:
    ///   - logits: the network's, `[N, K]`.
    ///   - labels: int64 `[N]`.
    ///   - teacher: the teacher's logits of the same images, `[N, K]`; no gradient reaches them.
    /// - Throws: `TorchError` when the shapes do not fit.
    public func loss(of logits: Tensor, labels: Tensor, teacher: Tensor) throws -> Tensor {
        let targets = try withoutGrad { try (teacher * (1 / temperature)).logSoftmax(dim: 1) }
        let own = try (logits * (1 / temperature)).logSoftmax(dim: 1)
        let divergence = try (targets.exp() * (targets - own)).sum()
        let factor = weight * temperature * temperature / Double(logits.shape[0])
        return try logits.crossEntropy(labels) * (1 - weight) + divergence * factor
    }
}

/// A trained network that another learns from.
public struct Teacher {
    /// The network, which stays as it is.
    public let network: DenseNet
    /// How it is learned from.
    public let distillation: Distillation

    /// A network to learn from.
    public init(_ network: DenseNet, _ distillation: Distillation) {
        (self.network, self.distillation) = (network, distillation)
    }

    /// What the teacher says of images `[N, C, H, W]`: with running statistics, no gradient recorded.
    func lesson(on images: Tensor) throws -> Lesson {
        Lesson(distillation: distillation, logits: try withoutGrad { try network(images, training: false) })
    }

    /// What a teacher says of a batch.
    struct Lesson {
        let distillation: Distillation
        let logits: Tensor

        /// What a network that says `own` of the same batch minimises.
        func loss(of own: Tensor, labels: Tensor) throws -> Tensor {
            try distillation.loss(of: own, labels: labels, teacher: logits)
        }
    }
}

extension Trainer {
    /// The teacher that the configuration asks for, made of the network that was given.
    /// - Throws: `TrainingError` when none was given, or one of other images or classes.
    func teaching(_ given: DenseNet?) throws -> Teacher? {
        guard let distillation = configuration.distillation else { return nil }
        guard let given else {
            throw TrainingError("\(folder.path) learns from \(distillation.teacher), which was not given")
        }
        try given.network.architecture.check(fits: data)
        given.kernels = configuration.machine.kernels
        return Teacher(given, distillation)
    }
}
