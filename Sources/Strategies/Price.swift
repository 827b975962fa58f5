/// A price on cost.
public struct Price: Codable, Sendable, Hashable {
    /// What costs.
    public var measure: CostMeasure
    /// Reward taken for the whole dense network's cost.
    public var weight: Double

    /// A price.
    public init(_ measure: CostMeasure, weight: Double) {
        self.measure = measure
        self.weight = weight
    }
}
