import DenseNetArchitecture
import DenseNetRuntime
import Foundation
import Randomness
import WeightFiles

@testable import NetworkExport

/// Networks with weights that are no special case: BN's scales, shifts and statistics differ per channel.
enum TrainedExamples {
    static func trained(
        _ network: Network, seed: UInt64 = 1, classNames: [String]? = nil
    ) throws -> TrainedNetwork {
        let channels = network.architecture.inputChannels
        return try TrainedNetwork(
            network, weights: weights(network, seed: seed),
            preprocessing: Preprocessing(
                size: network.architecture.imageSize, mean: (0..<channels).map { 110 + 9 * Float($0) },
                deviation: (0..<channels).map { 50 + 7 * Float($0) }),
            classNames: classNames, producer: "densenet-ads test")
    }

    static func weights(_ network: Network, seed: UInt64) -> [String: StoredTensor] {
        var random = SeededGenerator(seed: seed)
        func uniform(_ low: Double, _ high: Double) -> Float { Float(random.uniform(low, high)) }
        var out: [String: StoredTensor] = [:]
        for weight in network.weights {
            let inputs = Float(weight.shape.dropFirst().reduce(1, *))
            let values = (0..<weight.shape.reduce(1, *)).map { _ -> Float in
                switch weight.kind {
                case .convolution, .classifierWeight: uniform(-1, 1) * (6 / inputs).squareRoot()
                case .scale: uniform(0.5, 1.5)
                case .shift, .runningMean, .classifierBias: uniform(-0.4, 0.4)
                case .runningVariance: uniform(0.5, 2)
                }
            }
            out[weight.name] = StoredTensor(type: "F32", shape: weight.shape, bytes: values.littleEndianBytes)
        }
        return out
    }

    /// A network by name and pattern; with `ends` every third node is kept from the blocks' ends.
    static func network(
        _ name: String, _ pattern: String = "dense", seed: UInt64 = 0, ends: Bool = false, size: Int? = nil,
        channels: Int? = nil
    ) throws -> Network {
        var a = try Architecture(named: name)
        if let size { a.imageSize = size }
        if let channels { a.inputChannels = channels }
        var c = Connectivity(try ConnectivityPatterns.parse(pattern), for: a, seed: seed)
        if ends {
            for b in c.blocks.indices { c.blocks[b].append((0...a.blocks[b]).map { $0 % 3 != 1 }) }
        }
        return try Network(a, c)
    }

    /// Everything a network may be: plain and BC layers, both stems, pruned ends, layers that nothing reads, odd sizes.
    static func all() throws -> [(name: String, network: Network)] {
        var a = try Architecture(named: "densenet121")
        (a.blocks, a.growthRate, a.imageSize, a.classes) = ([2, 3], 8, 50, 7)
        a.stem.channels = 12
        // Layer 2 of the first block reads the input alone, and nothing reads layer 1.
        let chain = try Network(
            Architecture(
                blocks: [3, 2], growthRate: 4, bottleneck: false, compression: 1, stem: .init(.cifar, channels: 6),
                inputChannels: 1, imageSize: 9, classes: 3),
            Connectivity(blocks: [
                [[true], [true, false], [true, false, true], [false, false, false, true]],
                [[true], [true, true], [true, false, true]],
            ]))
        return [
            ("plain, dense", try network("densenet-10-4")),
            ("plain, pruned", try network("densenet-22-4", "random:0.4", seed: 3, ends: true)),
            ("BC, pruned", try network("densenet-bc-22-8", "random:0.5", seed: 4, ends: true, size: 17)),
            ("ImageNet's stem", try Network(a)),
            ("a chain of one channel", chain),
        ]
    }

    /// What the network says of the images that exports are compared on, by the interpreter.
    static func reference(_ trained: TrainedNetwork, count: Int = 2) throws -> ReferenceLogits {
        let a = trained.network.architecture
        let pixels = ReferenceLogits.pixels(count: count, for: a)
        let shape = [count, a.inputChannels, a.imageSize, a.imageSize]
        let logits = try ONNXInterpreter(ONNXModel(trained, normalizes: true))(
            ONNXArray(.uint8, shape, pixels.map { Float($0) }))
        return try ReferenceLogits(pixels: pixels, logits: logits.values, count: count)
    }
}
