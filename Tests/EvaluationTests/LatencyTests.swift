import DenseNetArchitecture
import DenseNetModel
import Foundation
import Testing
import Torch

@testable import Evaluation
@testable import Strategies

@Suite(.serialized) struct LatencyTests {
    private func space(bottleneck: Bool, ends: Bool = false) throws -> SearchSpace {
        SearchSpace(
            try Architecture(
                blocks: [3, 2], growthRate: 4, bottleneck: bottleneck, compression: 0.5,
                stem: .init(.cifar, channels: 6), imageSize: 16),
            searchesBlockEnds: ends)
    }

    /// Every network of the space is made of layers that were measured.
    @Test(arguments: [false, true], [false, true])
    func everyLayerOfTheSpaceIsMeasured(bottleneck: Bool, ends: Bool) throws {
        let space = try space(bottleneck: bottleneck, ends: ends)
        let table = try LatencyTable(measuring: space, threads: 1, repetitions: 3, rounds: 1)
        let strategy = try RandomStrategy(StrategyContext(space, seed: 3))
        for connectivity in try strategy.propose(40) + [.dense(space.architecture)] {
            let network = try Network(space.architecture, connectivity)
            for (b, block) in network.blocks.enumerated() {
                let measured = block.layers.allSatisfy { layer in
                    table.layers[b].contains { $0.channels == layer.inputChannels }
                }
                #expect(measured)
                #expect(
                    block.transitionChannels == nil
                        || table.transitions[b].contains { $0.channels == block.endChannels })
            }
            #expect(table.milliseconds(of: network) > table.base)
        }
        let times = table.layers.flatMap { $0 }.map(\.milliseconds)
        // Layers by themselves may come to more than the whole: the rest is then nothing.
        #expect(table.base >= 0 && times.allSatisfy { $0 > 0 })
    }

    @Test func aLatencyIsTheSumOfItsLayers() throws {
        let space = try space(bottleneck: false)
        var table = try LatencyTable(measuring: space, threads: 1, repetitions: 3, rounds: 1)
        table.base = 1
        table.layers = [
            [.init(channels: 4, milliseconds: 2), .init(channels: 10, milliseconds: 5)],
            [.init(channels: 9, milliseconds: 7)],
        ]
        table.transitions = [[.init(channels: 18, milliseconds: 0.5)], []]
        // Block 1: layers read 6, 10 and 14 channels; block 2: 9 and 13.
        let dense = try Network(space.architecture)
        #expect(dense.blocks.map { $0.layers.map(\.inputChannels) } == [[6, 10, 14], [9, 13]])
        #expect(abs(table.milliseconds(of: dense) - (1 + 3 + 5 + 5 * 14 / 10 + 0.5 + 7 + 7 * 13 / 9.0)) < 1e-12)
        // Below the first point is the first point, a network that a table says nothing of takes its base.
        var other = table
        other.layers[0] = [.init(channels: 8, milliseconds: 2), .init(channels: 10, milliseconds: 5)]
        other.layers[1] = []
        other.transitions = [[.init(channels: 12, milliseconds: 2), .init(channels: 24, milliseconds: 5)], []]
        #expect(abs(other.milliseconds(of: dense) - (1 + 2 + 5 + 7 + 3.5)) < 1e-12)
        // The last numbers that are taken, and the first that are not.
        func measured(_ threads: Int, _ base: Double, _ channels: Int, _ milliseconds: Double) -> LatencyTable {
            LatencyTable(
                threads: threads, base: base, layers: [[], [.init(channels: channels, milliseconds: milliseconds)]],
                transitions: [[], []])
        }
        for sound in [measured(1, 0, 1, 0), measured(1024, 1e9, 1 << 32, 1e9)] {
            try sound.validate(for: space.architecture)
        }
        for unsound in [
            measured(0, 0, 1, 0), measured(1025, 0, 1, 0), measured(1, -1, 1, 0), measured(1, 1.1e9, 1, 0),
            measured(1, 0, 0, 0),
            measured(1, 0, 1 << 32 + 1, 0), measured(1, 0, 1, -1), measured(1, 0, 1, 1.1e9), measured(1, .nan, 1, 0),
            LatencyTable(threads: 1, base: 1, layers: [[]], transitions: [[], []]),
            LatencyTable(threads: 1, base: 1, layers: [[], []], transitions: [[]]),
        ] { #expect(throws: SearchError.self) { try unsound.validate(for: space.architecture) } }
        // Each point may be one, and what they make of layers that read more beyond any number of microseconds.
        let large = try Architecture(named: "densenet-40-12")
        func steep(_ milliseconds: Double) -> LatencyTable {
            LatencyTable(
                threads: 1, base: 0,
                layers: [[], [], [.init(channels: 1, milliseconds: milliseconds)]], transitions: [[], [], []])
        }
        try steep(1e8).validate(for: large)
        // The third block's layers read 304, 316, ..., 436 channels.
        let sentence =
            "the table of latencies gives the dense network 4440000000000.0 milliseconds; up to 1e12 are possible"
        #expect(throws: SearchError(sentence)) { try steep(1e9).validate(for: large) }

        let target = try CostTarget(.latency, 25, in: space, table: table)
        #expect(target.limit == 25_000 && target.cost(of: dense) == 33_611)
        let error = #expect(throws: SearchError.self) { try CostTarget(.latency, 0.9, in: space, table: table) }
        #expect(
            error?.description.hasPrefix(
                "a target of 900 microseconds is out of reach: pruning the layers' connections reaches ") == true)
    }
}
