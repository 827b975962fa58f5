import Files
import Foundation
import ImageDecoding
import Runs
import TestSupport
import Testing

@testable import Training

@Suite struct ConfusionTests {
    /// Worked out by hand, and by scikit-learn 1.7's balanced_accuracy_score and f1_score(average="macro").
    @Test func scoresOfUnbalancedClasses() {
        // 8, 2 and no images; the third class was guessed once.
        let matrix = ConfusionMatrix([[6, 1, 1], [1, 1, 0], [0, 0, 0]])
        #expect(matrix.images == [8, 2, 0])
        #expect(matrix.balancedAccuracy == (6.0 / 8 + 1.0 / 2) / 2)
        #expect(abs(matrix.macroF1 - (12.0 / 15 + 2.0 / 4 + 0) / 3) < 1e-15)
        // A class that neither is there nor was guessed says nothing.
        let without = ConfusionMatrix([[6, 2, 0], [1, 1, 0], [0, 0, 0]])
        #expect(abs(without.macroF1 - (12.0 / 15 + 2.0 / 5) / 2) < 1e-15)
        let balanced = ConfusionMatrix([[3, 1], [2, 2]])
        #expect(balanced.balancedAccuracy == 5.0 / 8)
        // Of many classes only what is there is kept.
        let guesses = [(99_999, 0), (5, 5), (99_999, 0), (0, 7), (5, 5), (5, 4)]
        let many = ConfusionMatrix(classes: 100_000, of: guesses)
        #expect(
            many.entries.map { [$0.truth, $0.guess, $0.count] } == [
                [0, 7, 1], [5, 4, 1], [5, 5, 2], [99_999, 0, 2],
            ])
        #expect(many.balancedAccuracy == (2.0 / 3) / 3 && many.worst(1).map(\.count) == [2])
        let none = ConfusionMatrix([[0, 0], [0, 0]])
        #expect(none.balancedAccuracy == 0 && none.macroF1 == 0 && none.worst(3).isEmpty)
    }

    @Test func worstPairsInOrder() {
        let matrix = ConfusionMatrix([[9, 2, 5], [2, 9, 0], [7, 2, 9]])
        let worst = matrix.worst(4).map { [$0.truth, $0.guess, $0.count] }
        // Equal counts by class; what is right is no confusion.
        #expect(worst == [[2, 0, 7], [0, 2, 5], [0, 1, 2], [1, 0, 2]])
        #expect(matrix.worst(0).isEmpty && matrix.worst(99).count == 5)
    }

    private func confusion() -> Confusion {
        let guesses = (0..<12).map { ($0, (Int(tinyData.train.labels[$0]) + ($0 % 2)) % 3) }
        var counts = [[Int]](repeating: [0, 0, 0], count: 3)
        for (index, guess) in guesses { counts[Int(tinyData.train.labels[index])][guess] += 1 }
        return Confusion(
            ConfusionMatrix(counts), split: "test", tinyData.train, tinyData.classNames, guesses: guesses)
    }

    @Test func picturesAreTheImages() throws {
        let made = confusion()
        let set = tinyData.train
        #expect(made.entries.allSatisfy { $0[2] > 0 } && made.matrix(most: 3)?.images.reduce(0, +) == 12)
        #expect(made.matrix(most: 2) == nil)
        for pair in made.pairs {
            let images = (0..<12).filter {
                Int(set.labels[$0]) == pair.truth && $0 % 2 == 1 && (pair.truth + 1) % 3 == pair.guess
            }
            #expect(pair.count == images.count && pair.pictures.count == min(4, images.count))
            for (index, file) in zip(images, pair.pictures) {
                let image = try ImageDecoder.decode([UInt8](file), named: "picture").image
                let plane = set.size * set.size
                for p in 0..<plane {
                    for c in 0..<3 {
                        #expect(image.pixels[3 * p + c] == set.pixels[index * set.imageBytes + c * plane + p])
                    }
                }
            }
        }
        #expect(!made.pairs.isEmpty)
    }

    @Test func whatIsReadIsChecked() throws {
        let folder = RunFolder(TemporaryFolder().path)
        #expect(try folder.readConfusion() == nil)
        let kept = TemporaryFolder()
        let run = RunFolder(kept.path)
        try run.write(confusion(), to: run.confusion)
        #expect(try run.readConfusion() == confusion())
        func refuse(_ sentence: String, _ change: (inout Confusion) -> Void) throws {
            var bad = confusion()
            change(&bad)
            try run.write(bad, to: run.confusion)
            do {
                _ = try run.readConfusion()
                Issue.record("\(sentence) was not said")
            } catch { #expect("\(error)" == "\(run.confusion) is damaged: \(sentence)") }
        }
        let entry = "an entry that is no [class, guess, images]"
        for bad in [[0, 3, 1], [-1, 0, 1], [0, 0], [0, 0, 0], [0, 1, 1_000_000_001]] {
            try refuse(entry) { $0.entries = [bad] }
        }
        try refuse(entry) { $0.entries = [[0, 1, 2], [0, 1, 3]] }
        try refuse("0 classes") { $0.classNames = [] }
        for change: (inout Confusion.Pair) -> Void in [
            { $0.truth = 3 }, { $0.guess = -1 }, { $0.count = 0 }, { $0.pictures = [Data("<svg".utf8)] },
        ] { try refuse("a pair of classes that cannot be") { change(&$0.pairs[0]) } }
    }
}
