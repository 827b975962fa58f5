import DenseNetArchitecture
import Foundation
import Strategies

/// A strategy: the dense network with one connection less, each in turn.
final class OneLessStrategy: Strategy {
    static let name = "one-less"
    static let help = "the dense network without one connection"
    private let space: SearchSpace
    private let free: [Int]
    private var next = 0

    init(_ context: StrategyContext) throws {
        space = context.space
        free = space.entries.indices.filter { context.space.entries[$0].isFree }
    }

    func propose(_ count: Int) -> [Connectivity] {
        let chosen = free[next..<min(free.count, next + count)]
        next += chosen.count
        return chosen.map { pruned in space.connectivity(space.entries.indices.map { $0 != pruned }) }
    }

    func learn(_ children: [(connectivity: Connectivity, reward: Double)]) {}
    func state() throws -> Data { Data("\(next)".utf8) }

    func restore(_ state: Data) throws {
        guard let value = Int(String(decoding: state, as: UTF8.self)), (0...free.count).contains(value) else {
            throw SearchError("the study's state is not that of \(Self.name)")
        }
        next = value
    }
}
