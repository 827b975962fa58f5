/// How often a network took images of each class for each. What is 0 takes no memory, as with many classes nearly all
/// is.
public struct ConfusionMatrix: Hashable, Sendable {
    /// Images of a class that were taken for one, which may be the right one.
    public struct Entry: Hashable, Sendable {
        /// What the images are.
        public let truth: Int
        /// What they were taken for.
        public let guess: Int
        /// How many were.
        public let count: Int
    }

    /// The number of classes.
    public let classes: Int
    /// All that is not 0, by class, then by guess.
    public let entries: [Entry]

    /// A matrix of guesses, as `(true class, guessed class)` an image.
    public init(classes: Int, of guesses: some Sequence<(Int, Int)>) {
        var counts: [Int: Int] = [:]
        for (truth, guess) in guesses { counts[truth * classes + guess, default: 0] += 1 }
        self.classes = classes
        entries = counts.sorted { $0.key < $1.key }
            .map { Entry(truth: $0.key / classes, guess: $0.key % classes, count: $0.value) }
    }

    /// The matrix of counts `[true class][guessed class]`.
    public init(_ rows: [[Int]]) {
        classes = rows.count
        entries = rows.enumerated().flatMap { truth, row in
            row.enumerated().filter { $0.element > 0 }
                .map { Entry(truth: truth, guess: $0.offset, count: $0.element) }
        }
    }

    /// The counts as a square, `[true class][guessed class]`.
    public var rows: [[Int]] {
        var rows = [[Int]](repeating: [Int](repeating: 0, count: classes), count: classes)
        for entry in entries { rows[entry.truth][entry.guess] = entry.count }
        return rows
    }

    /// Images of each class.
    public var images: [Int] { sums(\.truth, of: entries) }
    /// Images of each class that were recognised.
    private var recognized: [Int] { sums(\.truth, of: entries.filter { $0.truth == $0.guess }) }

    private func sums(_ place: KeyPath<Entry, Int>, of entries: [Entry]) -> [Int] {
        var sums = [Int](repeating: 0, count: classes)
        for entry in entries { sums[entry[keyPath: place]] += entry.count }
        return sums
    }

    /// The mean over the classes that have images of the share that was recognised, 0 to 1: scikit-learn's
    /// `balanced_accuracy_score`. 0 without images.
    public var balancedAccuracy: Double {
        let recalls = zip(recognized, images).filter { $0.1 > 0 }.map { Double($0.0) / Double($0.1) }
        return recalls.isEmpty ? 0 : recalls.reduce(0, +) / Double(recalls.count)
    }

    /// The mean over classes of F1, the harmonic mean of recall and precision, 0 to 1: scikit-learn's `f1_score` with
    /// `average="macro"`, over the classes that have images or were guessed. 0 without images.
    public var macroF1: Double {
        let both = zip(images, sums(\.guess, of: entries)).map(+)
        let scores = zip(recognized, both).filter { $0.1 > 0 }.map { Double(2 * $0.0) / Double($0.1) }
        return scores.isEmpty ? 0 : scores.reduce(0, +) / Double(scores.count)
    }

    /// The pairs of classes that are confused most often, at most so many, the most frequent first.
    public func worst(_ most: Int) -> [Entry] {
        // Sorting is not stable by promise: ties are told apart.
        let confused = entries.filter { $0.truth != $0.guess }
            .sorted { ($1.count, $0.truth, $0.guess) < ($0.count, $1.truth, $1.guess) }
        return Array(confused.prefix(most))
    }
}
