import DenseNetArchitecture
import Foundation
import Registries

/// Proposes connectivities and learns from their rewards.
///
/// A strategy is deterministic: the same state proposes the same children. A new one is a file with a type that
/// conforms and its line in `Strategies`; a package that uses this one calls `Strategies.register`.
public protocol Strategy: AnyObject, SendableMetatype {
    /// The name a user types.
    static var name: String { get }
    /// What it is, for help texts.
    static var help: String { get }
    /// Whether it looks into a trained dense network.
    static var needsDense: Bool { get }
    /// Whether it looks into one where the search has one.
    static var usesDense: Bool { get }
    /// Whether the agent's numbers (`StrategyContext.settings`) mean anything to it, beside children an update.
    static var usesAgentSettings: Bool { get }
    /// What children pay for their cost where the user names no price.
    static var defaultPrice: Price? { get }
    /// A strategy for a search.
    init(_ context: StrategyContext) throws
    /// The next children, `count` at most; none when there is nothing left to propose.
    func propose(_ count: Int) throws -> [Connectivity]
    /// Learns from proposed children and their rewards, an update at a time, in the order they were proposed; with a
    /// lag (`StrategyContext`) others were proposed since.
    func learn(_ children: [(connectivity: Connectivity, reward: Double)]) throws
    /// The child it believes to be the best by what it has learned, known or not; none where it has no such belief.
    func mode() throws -> Connectivity?
    /// Explores more from here on; called when it only repeats itself. `false` when it cannot.
    /// - Throws: what its own computing throws.
    func exploreMore() throws -> Bool
    /// The baseline that rewards are compared with, where there is one.
    var baseline: Double? { get }
    /// The mean probability of keeping a free connection, where it is known.
    var keepRate: Double? { get }
    /// The probability of keeping each entry of the space, where the strategy has one.
    func probabilities() throws -> [Float]?
    /// Training images it has seen itself, beside those of the children.
    var images: Int { get }
    /// Everything it knows.
    func state() throws -> Data
    /// Restores what `state` gave.
    func restore(_ state: Data) throws
}

extension Strategy {
    public static var needsDense: Bool { false }
    public static var usesDense: Bool { needsDense }
    public static var usesAgentSettings: Bool { false }
    public static var defaultPrice: Price? { nil }
    public func mode() throws -> Connectivity? { nil }
    public func exploreMore() throws -> Bool { false }
    public var baseline: Double? { nil }
    public var keepRate: Double? { nil }
    public func probabilities() throws -> [Float]? { nil }
    public var images: Int { 0 }
}

/// The strategies that can be named.
public enum Strategies {
    /// What this library has; `all` are more where a package registered its own.
    public static let builtIn: [any Strategy.Type] = [
        AdsStrategy.self, TradeoffStrategy.self, RandomStrategy.self, EvolutionStrategy.self, SurrogateStrategy.self,
        MagnitudeStrategy.self, FixedStrategy.self, SpreadStrategy.self,
    ]

    private static let registry = Registry<any Strategy.Type>("strategy", builtIn, name: { $0.name })

    /// Every strategy: what is built in, then what was registered, by name.
    public static var all: [any Strategy.Type] { registry.all }

    /// Adds a strategy of another package, before anything is searched.
    /// - Throws: `SearchError` when its name is taken or cannot be typed.
    public static func register(_ type: any Strategy.Type) throws {
        do { try registry.register(type) } catch { throw SearchError(error.description) }
    }

    /// A strategy by name.
    /// - Throws: `SearchError` when it is unknown.
    public static func named(_ name: String) throws -> any Strategy.Type {
        guard let type = registry.named(name) else {
            throw SearchError("unknown strategy '\(name)'; known are \(all.map { $0.name }.joined(separator: ", "))")
        }
        return type
    }
}
