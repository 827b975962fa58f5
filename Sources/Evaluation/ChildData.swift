import ImageData
import Training

/// The data children are trained and validated on.
public struct ChildData {
    /// Makes batches of the training images, normalised.
    public private(set) var maker: BatchMaker
    /// The images children are trained on.
    public let train: [Int]
    /// The images children are validated on.
    public let validation: [Int]
    private let split: Split
    private let data: DataSet
    private let seed: UInt64

    /// A data set's training images, split by `seed`; both parts may be limited.
    public init(_ data: DataSet, seed: UInt64, limitTrain: Int?, limitValidation: Int?) {
        let split = Split(of: data, seed: seed, limit: limitTrain, limitValidation: limitValidation)
        // As in the final training: statistics of what is trained on.
        maker = BatchMaker(
            data.train, Normalization(of: data.train, indices: Split(of: data, seed: seed).train))
        (train, validation) = (split.train, split.validation)
        (self.split, self.seed, self.data) = (split, seed, data)
    }

    /// The same images, normalised as a network was trained on them.
    public func normalized(as normalization: Normalization?) -> ChildData {
        var data = self
        if let normalization { data.maker = BatchMaker(maker.set, normalization) }
        return data
    }

    /// Where among the validation images those lie that a limit of so many would leave: the split draws them all in one
    /// order.
    func validationPlaces(limit: Int) -> [Int] {
        let kept = Set(Split(of: data, seed: seed, limitValidation: limit).validation)
        return validation.indices.filter { kept.contains(validation[$0]) }
    }

    /// The fixed training images that BN statistics are recomputed over, of all classes.
    public func forNorm(_ count: Int) -> [Int] { split.sample(count, seed: seed) }
}
