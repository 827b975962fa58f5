import DenseNetModel

/// A trained dense network that a strategy looks into and prunes.
public struct PrunedDense {
    /// The network.
    public let network: DenseNet
    /// Trains a part of it a little with a seed; the training images it saw.
    public let tune: (DenseNet, UInt64) throws -> Int

    /// A network and how its parts are tuned.
    public init(_ network: DenseNet, tune: @escaping (DenseNet, UInt64) throws -> Int) {
        (self.network, self.tune) = (network, tune)
    }
}
