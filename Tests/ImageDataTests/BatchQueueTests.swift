import Randomness
import Testing

@testable import ImageData

@Suite struct BatchQueueTests {
    /// Images whose bytes nobody else has, in several parts of work.
    private static let set = ImageSet(
        pixels: {
            var random = SeededGenerator(seed: 7)
            return (0..<40 * 3 * 64 * 64).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        }(), labels: (0..<40).map { Int32($0 % 5) }, channels: 3, size: 64)
    private let maker = BatchMaker(set, Normalization(of: set, indices: [0, 1]))

    /// What the loop of before gave, one image after the other on one thread, a draw where it is needed.
    private func oneByOne(_ indices: [Int], _ augmentation: SeededGenerator) -> [Float] {
        var random = augmentation
        let (size, n) = (64, maker.normalization)
        return indices.flatMap { index in
            let (dx, dy, flip) = (random.index(below: 9) - 4, random.index(below: 9) - 4, random.next() & 1 == 1)
            return (0..<3 * size * size).map { p -> Float in
                let (c, y, x) = (p / (size * size), p / size % size, flip ? size - 1 - p % size : p % size)
                guard 0..<size ~= x + dx, 0..<size ~= y + dy else { return 0 }
                let byte = maker.set.pixels[((index * 3 + c) * size + y + dy) * size + x + dx]
                return (Float(byte) - n.mean[c]) / n.deviation[c]
            }
        }
    }

    @Test func theSameBitsAsOneByOne() throws {
        let indices = [39, 3, 3, 0, 17, 22, 8, 31, 5]
        for seed in 0..<5 {
            let random = SeededGenerator(seed: UInt64(seed), stream: 4)
            let batch = try maker.batch(indices[...], augmentation: random)
            #expect(try batch.images.floats() == oneByOne(indices, random))
            #expect(try batch.labels.ints() == [4, 3, 3, 0, 2, 2, 3, 1, 0])
            #expect(batch.images.shape == [9, 3, 64, 64])
        }
    }

    @Test func batchesComeInTheOrderTheyWereAskedFor() throws {
        let queue = BatchQueue(maker)
        for i in 0..<8 { queue.ask([i, i + 1, i + 30], augmentation: SeededGenerator(seed: UInt64(i))) }
        for i in 0..<8 {
            #expect(queue.count == 8 - i)
            let made = try queue.take().images.floats()
            #expect(
                made
                    == (try maker.batch([i, i + 1, i + 30], augmentation: SeededGenerator(seed: UInt64(i))).images
                        .floats()))
        }
        // Plain ones after moved ones.
        queue.ask([2])
        #expect(try queue.take().images.floats() == maker.batch([2]).images.floats())
    }

    /// What is asked for and not taken neither keeps anybody nor comes later.
    @Test func whatIsNotTakenIsLetGoOf() throws {
        for _ in 0..<50 {
            let queue = BatchQueue(maker)
            for i in 0..<3 { queue.ask([i]) }
            queue.drop()
            queue.ask([7])
            #expect(queue.count == 1)
            #expect(try queue.take().labels.ints() == [2])
            for i in 0..<3 { queue.ask([i]) }
        }
    }

    /// An error comes where its batch would, and the next batch after it.
    @Test func errorsComeInTheirPlace() throws {
        let wrong = BatchMaker(Self.set, try #require(Normalization(mean: [0.5], deviation: [0.2])))
        let queue = BatchQueue(wrong)
        queue.ask([0])
        queue.ask([1])
        let expected = DataError(
            "images of 3 channels cannot be normalised by 1 means; use the data the run was trained on")
        #expect(throws: expected) { try queue.take() }
        #expect(throws: expected) { try queue.take() }
    }

    @Test func chunksInTurn() throws {
        let chunks = [[0, 1, 2][...], [3][...], [4, 5][...]]
        var (labels, first): ([[Int64]], [[Int]]) = ([], [])
        try maker.each(chunks) { indices, batch in
            first.append(Array(indices))
            labels.append(try batch.labels.ints())
        }
        #expect(first == [[0, 1, 2], [3], [4, 5]] && labels == [[0, 1, 2], [3], [4, 0]])
        try maker.each([]) { _, _ in Issue.record("there is no batch") }
        struct Stop: Error {}
        var calls = 0
        #expect(throws: Stop.self) {
            try maker.each(chunks) { _, _ in
                calls += 1
                throw Stop()
            }
        }
        #expect(calls == 1)
    }
}
