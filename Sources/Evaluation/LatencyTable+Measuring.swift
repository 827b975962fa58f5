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
        let found = try Runtime.withThreads(threads) {
            try Self.measurements(space, repetitions: repetitions, rounds: rounds)
        }
        self.init(threads: threads, found, blocks: space.architecture.blocks.count)
    }

    private static func measurements(_ space: SearchSpace, repetitions: Int, rounds: Int) throws -> [Measurement] {
        let blocks = space.architecture.blocks
        let nets = try (1...(blocks.max() ?? 1)).flatMap { reach in
            try [false, true].map {
                try DenseNet(Self.network(space, reach: reach, readsInput: $0), generator: Generator(seed: 0))
            }
        }
        var found: [Measurement] = []
        for round in 0..<rounds {
            if round > 0 { Thread.sleep(forTimeInterval: 0.3) }
            for net in nets {
                try Interruption.check("interrupted while measuring")
                found.append(
                    Measurement(
                        network: net.network, blocks: try net.layerMilliseconds(repetitions: repetitions),
                        whole: try net.milliseconds(repetitions: repetitions)))
            }
        }
        return found
    }

    /// The milliseconds that a network took.
    struct Measurement {
        let network: Network
        /// Of each block its layers in order, and the transition behind it.
        let blocks: [(layers: [Double], transition: Double)]
        /// Of all of it together.
        let whole: Double
    }

    /// A table of what networks took: of a layer measured several times the time that a quarter of them beat, and what
    /// is left of the whole without them. A layer that reads more takes no less: where a disturbed measurement says
    /// otherwise, its neighbours share it, as the dense network is what every target is held against.
    init(threads: Int, _ measurements: [Measurement], blocks: Int) {
        var layerTimes = [[Int: [Double]]](repeating: [:], count: blocks)
        var transitionTimes = layerTimes
        var rests: [Double] = []
        for measurement in measurements {
            var sum = 0.0
            for (b, (block, own)) in zip(measurement.network.blocks, measurement.blocks).enumerated() {
                for (layer, time) in zip(block.layers, own.layers) {
                    layerTimes[b][layer.inputChannels, default: []].append(time)
                }
                transitionTimes[b][block.endChannels, default: []].append(own.transition)
                sum += own.layers.reduce(0, +) + own.transition
            }
            rests.append(measurement.whole - sum)
        }
        func points(_ times: [Int: [Double]]) -> [Point] {
            let rising = times.sorted { $0.key < $1.key }
            return zip(rising, rising.map { $0.value.quantile(oneIn: 4) }.isotonic).map {
                Point(channels: $0.key, milliseconds: $1)
            }
        }
        self.init(
            threads: threads, base: max(0, rests.median), layers: layerTimes.map(points),
            transitions: transitionTimes.map(points))
    }

    static func network(_ space: SearchSpace, reach: Int, readsInput: Bool) throws -> Network {
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
