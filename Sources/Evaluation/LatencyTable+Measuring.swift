import DenseKernels
import DenseNetArchitecture
import DenseNetModel
import Foundation
import Runs
import Strategies
import Torch

extension LatencyTable {
    /// Measures every layer a search over a space can come to: networks whose layers read the nearest 1, 2, ... nodes,
    /// with the block's input and without. Rounds are spread over seconds, as other programs disturb for about so long.
    /// - Throws: `TorchError`.
    public init(measuring space: SearchSpace, threads: Int, repetitions: Int = 20, rounds: Int = 8) throws {
        let before = Runtime.threads
        defer { try? Runtime.setThreads(before) }
        try Runtime.setThreads(threads)
        let blocks = space.architecture.blocks
        var layerTimes = blocks.map { _ in [Int: [Double]]() }
        var transitionTimes = layerTimes
        var rests: [Double] = []
        let nets = try (1...(blocks.max() ?? 1)).flatMap { reach in
            try [false, true].map {
                try DenseNet(Self.network(space, reach: reach, readsInput: $0), generator: Generator(seed: 0))
            }
        }
        for round in 0..<rounds {
            if round > 0 { Thread.sleep(forTimeInterval: 0.3) }
            for net in nets {
                try Interruption.check("interrupted while measuring")
                let times = try net.layerMilliseconds(repetitions: repetitions)
                var sum = 0.0
                for (b, (block, own)) in zip(net.network.blocks, times).enumerated() {
                    for (layer, time) in zip(block.layers, own.layers) {
                        layerTimes[b][layer.inputChannels, default: []].append(time)
                    }
                    transitionTimes[b][block.endChannels, default: []].append(own.transition)
                    sum += own.layers.reduce(0, +) + own.transition
                }
                rests.append(try net.milliseconds(repetitions: repetitions) - sum)
            }
        }
        func points(_ times: [Int: [Double]]) -> [Point] {
            times.map { Point(channels: $0, milliseconds: $1.quantile(oneIn: 4)) }.sorted {
                $0.channels < $1.channels
            }
        }
        self.init(
            threads: threads, base: max(0, rests.median), layers: layerTimes.map(points),
            transitions: transitionTimes.map(points))
    }

    private static func network(_ space: SearchSpace, reach: Int, readsInput: Bool) throws -> Network {
        let choices = space.entries.map { entry in
            entry.layer - entry.source <= reach || (readsInput && entry.source == 0)
        }
        return try Network(space.architecture, space.connectivity(choices))
    }
}

extension DenseNet {
    /// Milliseconds of one image through the whole network: of repetitions the one that a tenth of them beat, as what
    /// else a machine does only adds.
    /// - Throws: `TorchError`.
    /// - Parameter rounds: so many times the repetitions, spread over seconds.
    public func milliseconds(repetitions: Int, rounds: Int = 1) throws -> Double {
        let a = network.architecture
        let x = try Tensor.zeros([1, a.inputChannels, a.imageSize, a.imageSize]).fillNormal(Generator(seed: 0))
        return try repeatedlyTimed(repetitions: repetitions, warmUp: 5, rounds: rounds) { _ in
            _ = try withoutGrad { try self(x, training: false).doubles() }
        }[0].undisturbed
    }
}
