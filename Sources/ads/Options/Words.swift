import ArgumentParser
import ConnectivitySearch
import DenseNetModel
import Evaluation
import ImageData
import Training

// Words that options take; argument-parser lists them in its help and its refusals.

extension Augmentation: ExpressibleByArgument {}
extension KernelChoice: ExpressibleByArgument {}
extension Initialization: ExpressibleByArgument {}
extension Recipe.Schedule: ExpressibleByArgument {}
extension EvaluatorSettings.Reward: ExpressibleByArgument {}

extension EvaluatorSettings.Kind: ExpressibleByArgument {
    public init?(argument: String) {
        self.init(rawValue: argument)
        guard Self.allValueStrings.contains(argument) else { return nil }
    }

    /// The evaluators' names.
    public static var allValueStrings: [String] { builtIn.map(\.rawValue) }
}

/// The split of a final accuracy.
enum FinalSplit: String, CaseIterable, ExpressibleByArgument {
    case validation, test
}

/// The split that is evaluated.
enum EvaluatedSplit: String, CaseIterable, ExpressibleByArgument {
    case validation, test, train
}
