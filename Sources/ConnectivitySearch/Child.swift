import DenseNetArchitecture
import Foundation

/// A finished child of a search. It never changes once recorded.
public struct Child: Codable, Sendable, Hashable {
    /// Its number in the search, from 1.
    public var number: Int
    /// The update of the agent it belongs to, from 1, and its place in it, from 0.
    public var update: Int
    public var position: Int
    /// What it reads.
    public var connectivity: Connectivity
    /// What it costs.
    public var macs: Int
    public var parameters: Int
    public var connections: Int
    /// Validated accuracy, 0 to 1, and loss.
    public var accuracy: Double
    public var loss: Double
    /// What the strategy learned from.
    public var reward: Double
    /// Seconds its evaluation took; 0 for a repeat.
    public var seconds: Double
    /// The child with the same matrices that was paid for, where there is one.
    public var repeatOf: Int?
    /// The baseline its reward was compared with, where the strategy has one.
    public var baseline: Double?
    /// Why it failed, where it did; its accuracy is then chance.
    public var failure: String?
}

/// A longer evaluation of one of the best children, with a fresh seed.
public struct Reevaluation: Codable, Sendable, Hashable {
    public var child: Int
    public var seed: UInt64
    public var accuracy: Double
    public var loss: Double
    public var seconds: Double
}
