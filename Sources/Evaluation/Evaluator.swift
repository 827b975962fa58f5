import DenseNetArchitecture
import ImageData
import Registries
import Runs
import Strategies

/// Validates a child, trained shortly before where its kind of evaluation trains. The seed fixes everything, so that
/// children are compared under the same weights, order and augmentation (common random numbers).
public protocol Evaluator {
    /// Validates a connectivity.
    /// - Parameter length: multiplies the length of training; 0 for none.
    /// - Throws: `ChildDiverged` where the child failed by itself; `Interrupted`; any other error is the machine's, and
    ///   the child is tried again.
    func evaluate(_ connectivity: Connectivity, seed: UInt64, length: Double) throws -> ChildEvaluation
}

/// An evaluator that can be named: a user types its name, and a search makes it.
public protocol NamedEvaluator: Evaluator, SendableMetatype {
    /// The name a user types.
    static var name: String { get }
    /// What it is, for help texts.
    static var help: String { get }
    /// An evaluator for a search.
    /// - Throws: where what it starts from is missing or not what the search was started with.
    init(_ context: EvaluationContext) throws
}

/// What an evaluator is made for.
public struct EvaluationContext {
    /// What decides evaluations.
    public let plan: EvaluationPlan
    /// All data.
    public let data: DataSet
    /// What of the data children are trained and validated on.
    public let children: ChildData
    /// The search's run, where an evaluator may keep what it trained.
    public let folder: RunFolder

    /// A context; the children's data follow from the plan.
    public init(_ plan: EvaluationPlan, _ data: DataSet, folder: RunFolder) {
        (self.plan, self.data, self.folder) = (plan, data, folder)
        children = ChildData(data, seed: plan.seed, limitTrain: plan.limitTrain, limitValidation: plan.limitValidation)
    }
}

/// The evaluators that can be named.
public enum Evaluators {
    private static let registry = Registry<any NamedEvaluator.Type>(
        "evaluator",
        [ScratchEvaluator.self, InheritEvaluator.self, MaskedEvaluator.self, SharedEvaluator.self], name: { $0.name })

    /// Every evaluator: what is built in, then what was registered, by name.
    public static var all: [any NamedEvaluator.Type] { registry.all }

    /// Adds an evaluator of another package, before anything is searched.
    /// - Throws: `SearchError` when its name is taken or cannot be typed.
    public static func register(_ type: any NamedEvaluator.Type) throws {
        do { try registry.register(type) } catch { throw SearchError(error.description) }
    }

    /// An evaluator by name.
    /// - Throws: `SearchError` when it is unknown.
    public static func named(_ kind: EvaluatorSettings.Kind) throws -> any NamedEvaluator.Type {
        guard let type = registry.named(kind.rawValue) else {
            throw SearchError(
                "unknown evaluator '\(kind.rawValue)'; known are \(all.map { $0.name }.joined(separator: ", "))")
        }
        return type
    }
}

/// What an evaluation found.
public struct ChildEvaluation: Sendable, Hashable {
    /// Validated accuracy, 0 to 1.
    public var accuracy: Double
    /// Validated loss.
    public var loss: Double
    /// Training images seen.
    public var images: Int

    /// An evaluation.
    public init(accuracy: Double, loss: Double, images: Int) {
        self.accuracy = accuracy
        self.loss = loss
        self.images = images
    }
}
