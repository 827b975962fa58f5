/// How often a network took images of each class for each: `counts[true class][guessed class]`.
public struct ConfusionMatrix: Hashable, Sendable {
    /// The counts, a square.
    public let counts: [[Int]]

    /// A matrix of its counts.
    public init(_ counts: [[Int]]) { self.counts = counts }

    /// Images of each class.
    public var images: [Int] { counts.map { $0.reduce(0, +) } }
    /// How often each class was guessed.
    private var guesses: [Int] { counts.indices.map { guess in counts.reduce(0) { $0 + $1[guess] } } }

    /// The mean over the classes that have images of the share that was recognised, 0 to 1: scikit-learn's
    /// `balanced_accuracy_score`. 0 without images.
    public var balancedAccuracy: Double {
        let recalls = images.enumerated().filter { $0.element > 0 }
            .map { Double(counts[$0.offset][$0.offset]) / Double($0.element) }
        return recalls.isEmpty ? 0 : recalls.reduce(0, +) / Double(recalls.count)
    }

    /// The mean over classes of F1, the harmonic mean of recall and precision, 0 to 1: scikit-learn's `f1_score` with
    /// `average="macro"`, over the classes that have images or were guessed. 0 without images.
    public var macroF1: Double {
        let scores = zip(images, guesses).enumerated().filter { $0.element.0 + $0.element.1 > 0 }
            .map { Double(2 * counts[$0.offset][$0.offset]) / Double($0.element.0 + $0.element.1) }
        return scores.isEmpty ? 0 : scores.reduce(0, +) / Double(scores.count)
    }

    /// A class that was taken for another.
    public struct Pair: Hashable, Sendable {
        /// What the images are.
        public let truth: Int
        /// What they were taken for.
        public let guess: Int
        /// How many were.
        public let count: Int
    }

    /// The pairs of classes that are confused most often, at most so many, the most frequent first.
    public func worst(_ most: Int) -> [Pair] {
        let pairs = counts.enumerated().flatMap { truth, row in
            row.enumerated().filter { $0.offset != truth && $0.element > 0 }
                .map { Pair(truth: truth, guess: $0.offset, count: $0.element) }
        }
        // Sorting is not stable by promise: ties are told apart.
        return Array(pairs.sorted { ($1.count, $0.truth, $0.guess) < ($0.count, $1.truth, $1.guess) }.prefix(most))
    }
}
