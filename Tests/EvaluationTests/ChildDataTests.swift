import ImageData
import Testing

@testable import Evaluation

/// A data set in class order: what children are trained, normalised and validated on is of every class.
@Suite struct ChildDataTests {
    @Test(arguments: [0, 5] as [UInt64])
    func limitsAndNormBatchesAreOfEveryClass(seed: UInt64) {
        let labels = (0..<600).map { UInt8($0 / 100) }
        let set = ImageSet(pixels: labels, labels: labels.map(Int32.init), channels: 1, size: 1)
        let data = DataSet(name: "ordered", train: set, test: set, classNames: (0..<6).map { "\($0)" })
        func classes(_ indices: [Int]) -> Int { Set(indices.map { labels[$0] }).count }
        let limited = ChildData(data, seed: seed, limitTrain: 60, limitValidation: 40)
        #expect(limited.train.count == 60 && classes(limited.train) == 6)
        #expect(limited.validation.count == 40 && classes(limited.validation) == 6)
        #expect(limited.forNorm(1000).count == 60 && Set(limited.forNorm(32)).isSubset(of: limited.train))
        let whole = ChildData(data, seed: seed, limitTrain: nil, limitValidation: nil)
        #expect(whole.forNorm(32).count == 32 && classes(whole.forNorm(32)) >= 4)
        #expect(whole.forNorm(32) == whole.forNorm(64).prefix(32).map { $0 })
        // Fewer images to validate are a part of more.
        for (few, all) in [(7, whole), (7, limited), (40, limited), (90, limited)] {
            let own = ChildData(data, seed: seed, limitTrain: nil, limitValidation: min(few, all.validation.count))
            #expect(all.validationPlaces(limit: few).map { all.validation[$0] } == own.validation)
        }
    }
}
