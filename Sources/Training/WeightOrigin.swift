import ImageData

/// What a run says of where its weights are from: a training of ours, or an import.
public enum WeightOrigin: Sendable {
    /// They were trained by this configuration.
    case trained(TrainingConfiguration)
    /// They were imported.
    case imported(ImportConfiguration)

    /// The data set they were trained on, or imported for; `nil` where an import named none.
    public var data: DataIdentity? {
        switch self {
        case .trained(let c): c.data
        case .imported(let c): c.data
        }
    }
    /// The seed that decides which images are held out.
    public var seed: UInt64 {
        switch self {
        case .trained(let c): c.seed
        case .imported(let c): c.seed
        }
    }
    /// What the images are normalised with; `nil` where a configuration does not say.
    public var normalization: Normalization? {
        switch self {
        case .trained(let c): c.normalization
        case .imported(let c): c.normalization
        }
    }
    /// Whether they were trained on the images that are held out, too; of an import that is not known.
    public var allData: Bool { if case .trained(let c) = self { c.allData } else { false } }

    /// Training images they have seen, as far as that is known: none of an import.
    /// - Throws: `TrainingError` for numbers that no training has.
    public func images(of data: DataSet) throws -> Int {
        if case .trained(let c) = self { try c.images(of: data) } else { 0 }
    }
}
