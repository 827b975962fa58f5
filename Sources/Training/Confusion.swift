import DenseNetModel
import Files
import Foundation
import ImageData
import ImageDecoding
import ImageResizing
import Runs

/// What a training's network took for what in the end: `confusion.json` of its run.
public struct Confusion: Codable, Hashable, Sendable {
    /// The split it is of: `validation` or `test`.
    public var split: String
    /// The classes' names, by label.
    public var classNames: [String]
    /// `[true class, guessed class, images]` for all that are not 0: with many classes nearly all are.
    public var entries: [[Int]]
    /// The classes that are confused most often, the most frequent first.
    public var pairs: [Pair]

    /// A class that was taken for another, with some of the images.
    public struct Pair: Codable, Hashable, Sendable {
        /// What they are.
        public var truth: Int
        /// What they were taken for.
        public var guess: Int
        /// How many were.
        public var count: Int
        /// The first of them, PNG files.
        public var pictures: [Data]
    }

    /// Pairs that are kept, and pictures of each.
    private static let (most, pictures) = (6, 4)
    /// Classes of which a file is read.
    private static let classes = 1...100_000

    /// What was confused, with pictures.
    /// - Parameters:
    ///   - guesses: the images that were evaluated, by their index in `set`, and what each was taken for.
    init(_ matrix: ConfusionMatrix, split: String, _ set: ImageSet, _ classNames: [String], guesses: [(Int, Int)]) {
        (self.split, self.classNames) = (split, classNames)
        entries = matrix.entries.map { [$0.truth, $0.guess, $0.count] }
        pairs = matrix.worst(Self.most).map { pair in
            let images = guesses.lazy.filter { Int(set.labels[$0]) == pair.truth && $1 == pair.guess }
            return Pair(
                truth: pair.truth, guess: pair.guess, count: pair.count,
                pictures: images.prefix(Self.pictures).compactMap { set.picture($0.0) })
        }
    }

    /// The counts as a square; `nil` for more classes than `most`, as nobody looks at so many squares.
    public func matrix(most: Int) -> ConfusionMatrix? {
        guard classNames.count <= most else { return nil }
        var counts = [[Int]](repeating: [Int](repeating: 0, count: classNames.count), count: classNames.count)
        for entry in entries { counts[entry[0]][entry[1]] = entry[2] }
        return ConfusionMatrix(counts)
    }

    /// Refuses what no evaluation leaves: the file comes from outside.
    /// - Throws: `FileError` with a clause.
    func validate() throws {
        let labels = classNames.indices
        guard Self.classes ~= classNames.count else { throw FileError("\(classNames.count) classes") }
        guard
            entries.allSatisfy({
                $0.count == 3 && labels ~= $0[0] && labels ~= $0[1] && 1...1_000_000_000 ~= $0[2]
            }), Set(entries.map { $0.prefix(2) }).count == entries.count
        else { throw FileError("an entry that is no [class, guess, images]") }
        guard
            pairs.allSatisfy({
                labels ~= $0.truth && labels ~= $0.guess && 1...1_000_000_000 ~= $0.count
                    && $0.pictures.allSatisfy { $0.starts(with: [0x89, 0x50, 0x4E, 0x47]) }
            })
        else { throw FileError("a pair of classes that cannot be") }
    }
}

extension RunFolder {
    /// What the run's network took for what; `nil` where it says nothing of that.
    /// - Throws: `FileError` for a file that is damaged.
    public func readConfusion() throws -> Confusion? {
        guard FileManager.default.fileExists(atPath: confusion) else { return nil }
        let found = try read(Confusion.self, from: confusion)
        do { try found.validate() } catch let error as FileError {
            throw FileError("\(confusion) is damaged: \(error)")
        }
        return found
    }
}

extension ImageSet {
    /// An image as a PNG file of at most 96×96; `nil` for channels that no colours are known for.
    fileprivate func picture(_ index: Int) -> Data? {
        guard channels == 1 || channels == 3 else { return nil }
        let plane = size * size
        let start = index * imageBytes
        let interleaved = (0..<plane).flatMap { p in
            (0..<3).map { pixels[start + (channels == 3 ? $0 : 0) * plane + p] }
        }
        guard let image = try? RGBImage(width: size, height: size, pixels: interleaved) else { return nil }
        return try? (size > 96 ? image.squared(96) : image).png()
    }
}
