import DenseNetArchitecture
import DenseNetModel
import Foundation
import Runs
import Torch
import Training

/// What a network takes for one image on one machine, as a sum over its layers: measured once when a study starts and kept in
/// it, so that costs and rewards repeat. After the latency tables of FBNet (arXiv 1812.03443) and ProxylessNAS (1812.00332).
public struct LatencyTable: Codable, Sendable, Hashable {
    /// Threads of one inference.
    public var threads: Int
    /// Milliseconds of all that no connection changes: the stem, the classifier, the calls.
    public var base: Double
    /// Of each block, by the channels a layer reads.
    public var layers: [[Point]]
    /// Of each transition, by the channels it reads.
    public var transitions: [[Point]]

    /// Milliseconds of a layer that reads so many channels.
    public struct Point: Codable, Sendable, Hashable {
        public var channels: Int
        public var milliseconds: Double
    }

    /// Measures every layer a search over a space can come to: networks whose layers read the nearest 1, 2, ... nodes, with the
    /// block's input and without. Rounds are spread over seconds, as other programs disturb for about so long.
    /// - Throws: `TorchError`.
    public init(measuring space: SearchSpace, threads: Int, repetitions: Int = 20, rounds: Int = 8) throws {
        let before = Runtime.threads
        defer { try? Runtime.setThreads(before) }
        try Runtime.setThreads(threads)
        self.threads = threads
        let blocks = space.architecture.blocks
        var layerTimes = blocks.map { _ in [Int: [Double]]() }
        var transitionTimes = layerTimes
        var rests: [Double] = []
        let nets = try (1...(blocks.max() ?? 1)).flatMap { reach in
            try [false, true].map { try DenseNet(Self.network(space, reach: reach, readsInput: $0), generator: Generator(seed: 0)) }
        }
        for round in 0..<rounds {
            if round > 0 { Thread.sleep(forTimeInterval: 0.3) }
            for net in nets {
                try Interruption.check("interrupted while measuring")
                let times = try net.layerMilliseconds(repetitions: repetitions)
                var sum = 0.0
                for (b, (block, own)) in zip(net.network.blocks, times).enumerated() {
                    for (layer, time) in zip(block.layers, own.layers) { layerTimes[b][layer.inputChannels, default: []].append(time) }
                    transitionTimes[b][block.endChannels, default: []].append(own.transition)
                    sum += own.layers.reduce(0, +) + own.transition
                }
                rests.append(try net.milliseconds(repetitions: repetitions) - sum)
            }
        }
        base = max(0, rests.sorted()[rests.count / 2])
        func points(_ times: [Int: [Double]]) -> [Point] {
            times.map { Point(channels: $0, milliseconds: $1.sorted()[$1.count / 4]) }.sorted { $0.channels < $1.channels }
        }
        layers = layerTimes.map(points)
        transitions = transitionTimes.map(points)
    }

    private static func network(_ space: SearchSpace, reach: Int, readsInput: Bool) throws -> Network {
        let choices = space.entries.map { entry in
            entry.layer - entry.source <= reach || (readsInput && entry.source == 0)
        }
        return try Network(space.architecture, space.connectivity(choices))
    }

    /// Milliseconds of a network for one image.
    public func milliseconds(of network: Network) -> Double {
        var sum = base
        for (b, block) in network.blocks.enumerated() {
            for layer in block.layers { sum += Self.time(layers[b], layer.inputChannels) }
            if block.transitionChannels != nil { sum += Self.time(transitions[b], block.endChannels) }
        }
        return sum
    }

    /// A point of a table, or what lies between its neighbours.
    private static func time(_ points: [Point], _ channels: Int) -> Double {
        guard let last = points.last, let first = points.first else { return 0 }
        guard let above = points.first(where: { $0.channels >= channels }) else { return last.milliseconds * Double(channels) / Double(last.channels) }
        guard above.channels > channels, let below = points.last(where: { $0.channels < channels }) else {
            return above.channels == channels ? above.milliseconds : first.milliseconds
        }
        let share = Double(channels - below.channels) / Double(above.channels - below.channels)
        return below.milliseconds + share * (above.milliseconds - below.milliseconds)
    }
}

extension DenseNet {
    /// Milliseconds of one image through the whole network: of repetitions the one that a tenth of them beat, as what else a
    /// machine does only adds.
    /// - Throws: `TorchError`.
    /// - Parameter rounds: so many times the repetitions, spread over seconds.
    public func milliseconds(repetitions: Int, rounds: Int = 1) throws -> Double {
        let a = network.architecture
        let x = try Tensor.zeros([1, a.inputChannels, a.imageSize, a.imageSize]).fillNormal(Generator(seed: 0))
        var times: [Double] = []
        for round in 0..<rounds {
            if round > 0 { Thread.sleep(forTimeInterval: 0.3) }
            for repetition in 0..<repetitions + 5 {
                let began = ContinuousClock.now
                _ = try withoutGrad { try self(x, training: false).doubles() }
                if repetition >= 5 { times.append((ContinuousClock.now - began).seconds * 1e3) }
            }
        }
        return times.sorted()[times.count / 10]
    }
}
