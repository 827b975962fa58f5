import Randomness
import Testing

@testable import ImageData

@Suite struct BatchTests {
    private let set = ImageSet(pixels: (0..<2 * 3 * 64).map { UInt8($0 % 251) }, labels: [4, 7], channels: 3, size: 8)

    @Test func splitsAreDisjointWholeAndDecidedByTheSeed() {
        let a = Split(count: 50_000, seed: 1)
        #expect(a.validation.count == 5_000 && a.train.count == 45_000)
        #expect(Set(a.train).union(a.validation).count == 50_000)
        #expect(a == Split(count: 50_000, seed: 1) && a != Split(count: 50_000, seed: 2))
        let limited = Split(count: 50_000, seed: 1, limit: 100)
        #expect(
            limited.train.count == 100 && Set(limited.train).isSubset(of: a.train) && limited.validation == a.validation
        )
        #expect(limited.train == limited.train.sorted() && limited == Split(count: 50_000, seed: 1, limit: 100))
        #expect(limited.train != Array(a.train.prefix(100)) && Split(count: 50_000, seed: 1, limit: 50_000) == a)
        let validated = Split(count: 50_000, seed: 1, limitValidation: 200)
        #expect(
            validated.validation.count == 200 && Set(validated.validation).isSubset(of: a.validation)
                && validated.train == a.train)
        #expect(Split(count: 100, seed: 1, holdOut: false).train == Array(0..<100))
    }

    @Test func normalisation() throws {
        let n = Normalization(of: set, indices: [0, 1])
        let batch = try BatchMaker(set, n).batch([0, 1])
        #expect(batch.images.shape == [2, 3, 8, 8])
        #expect(try batch.labels.ints() == [4, 7])
        for c in 0..<3 {
            let plane = try batch.images.narrowed(1, from: c, count: 1)
            #expect(abs(try plane.mean().item()) < 1e-6)
            #expect(abs(try plane.pow(2).mean().item() - 1) < 1e-5)
        }
    }

    /// Every augmented image is one of the 81 crops of the padded image, or the mirror of one.
    @Test func cropsAndFlips() throws {
        let n = Normalization(of: set, indices: [0, 1])
        let maker = BatchMaker(set, n)
        let plain = try maker.batch([1]).images
        let padded = try plain.padded([4, 4, 4, 4])
        var crops: Set<[Float]> = []
        for dy in 0...8 {
            for dx in 0...8 {
                let crop = try padded.narrowed(2, from: dy, count: 8).narrowed(3, from: dx, count: 8).contiguous()
                crops.insert(try crop.floats())
                crops.insert(try crop.flipped(3).floats())
            }
        }
        #expect(crops.count == 162)
        var seen: Set<[Float]> = []
        for seed in 0..<1500 {
            let image = try maker.batch([1], augmentation: SeededGenerator(seed: UInt64(seed))).images.floats()
            #expect(crops.contains(image))
            seen.insert(image)
        }
        #expect(seen.count > 155)
        let again = try maker.batch([1], augmentation: SeededGenerator(seed: 5)).images.floats()
        #expect(again == (try maker.batch([1], augmentation: SeededGenerator(seed: 5)).images.floats()))
    }

    /// The generated set is the same on every machine and at every time.
    @Test func shapesAreWhatTheyWere() throws {
        let data = try DataSources.load("shapes")
        #expect(data.train.count == 6_000 && data.test.count == 2_000 && data.classNames.count == 10)
        #expect((0..<10).allSatisfy { c in data.train.labels.count { $0 == UInt8(c) } > 500 })
        #expect(data.digest == "9827d37568a83509d5aede34736d9b4d1fdceab78aec30177933e15508ffeccb")
    }
}
