import DenseNetArchitecture
import Randomness
import TestSupport
import Testing
import Torch

@testable import DenseNetModel

/// Pruning by zeroing and pruning by rebuilding are the same function.
@Suite struct RebuildTests {
    private func architecture(bottleneck: Bool) throws -> Architecture {
        try Architecture(
            blocks: [4, 3], growthRate: bottleneck ? 4 : 5, bottleneck: bottleneck, compression: bottleneck ? 0.5 : 1,
            stem: .init(.cifar, channels: 6), imageSize: 9, classes: 7)
    }

    /// A random connectivity, with ends every other time; layers may end up unread.
    private func connectivity(_ a: Architecture, seed: UInt64) -> Connectivity {
        var random = SeededGenerator(seed: seed)
        func row(_ n: Int) -> [Bool] {
            var row = (0..<n).map { _ in random.uniform() < 0.5 }
            row[random.index(below: n)] = true
            return row
        }
        let ends = seed % 2 == 0
        return Connectivity(blocks: a.blocks.map { layers in (1...layers + (ends ? 1 : 0)).map(row) })
    }

    private func trained(_ network: Network, seed: UInt64) throws -> DenseNet {
        let g = try Generator(seed: seed)
        var state: [String: Tensor] = [:]
        for (name, tensor) in try DenseNet(network, generator: g).tensors {
            let isNorm = name.contains("norm")
            if name.hasSuffix("running_var") || (isNorm && name.hasSuffix("weight")) {
                state[name] = try Tensor.zeros(tensor.shape).fillUniform(0.5, 1.5, g)
            } else if isNorm {
                state[name] = try Tensor.zeros(tensor.shape).fillNormal(deviation: 0.3, g)
            } else {
                state[name] = try tensor.detached()
            }
        }
        return try DenseNet(network, state: state)
    }

    /// The dense network with zeros for the weights of pruned connections.
    private func masked(_ dense: DenseNet, _ connectivity: Connectivity) throws -> DenseNet {
        var state: [String: Tensor] = [:]
        for (name, tensor) in dense.tensors { state[name] = try tensor.detached().clone() }
        func clear(_ name: String, _ block: Network.Block, _ row: [Bool]) throws {
            var start = 0
            for (node, reads) in row.enumerated() {
                let count = block.nodeChannels[node]
                if !reads { try state[name]?.narrowed(1, from: start, count: count).fill(0) }
                start += count
            }
        }
        for (b, block) in dense.network.blocks.enumerated() {
            let layers = dense.network.architecture.blocks[b]
            for (i, row) in connectivity.blocks[b].enumerated() {
                if i < layers {
                    try clear("features.denseblock\(b + 1).denselayer\(i + 1).conv1.weight", block, row)
                } else {
                    try clear(block.transitionChannels == nil ? "classifier.weight" : "features.transition\(b + 1).conv.weight", block, row)
                }
            }
        }
        return try DenseNet(dense.network, state: state)
    }

    @Test(arguments: 0..<24, [false, true])
    func maskedEqualsRebuilt(seed: UInt64, bottleneck: Bool) throws {
        let a = try architecture(bottleneck: bottleneck)
        let dense = try trained(Network(a), seed: seed)
        let c = connectivity(a, seed: seed)
        let small = try dense.rebuilt(c)
        #expect(small.parameterCount == small.network.cost.parameters)
        let x = try Tensor.zeros([5, 3, 9, 9]).fillNormal(Generator(seed: seed + 100))
        for kernels in [KernelChoice.torch, .swift] {
            for training in [false, true] {
                let big = try masked(dense, c)
                big.kernels = kernels
                let rebuilt = try dense.rebuilt(c)
                rebuilt.kernels = kernels
                let (p, q) = try withoutGrad { (try big(x, training: training).doubles(), try rebuilt(x, training: training).doubles()) }
                #expect(relativeError(p, q) < 1e-5, "\(kernels), training \(training)")
            }
        }
    }

    @Test func onlySubsetsCanBeRebuilt() throws {
        let a = try architecture(bottleneck: false)
        let chain = Connectivity(try ConnectivityPatterns.parse("nearest"), for: a)
        let net = try DenseNet(Network(a, chain), generator: Generator(seed: 1))
        #expect(throws: WeightError.notASubset) { try net.rebuilt(.dense(a)) }
        #expect(try net.rebuilt(chain).parameterCount == net.parameterCount)
    }

    @Test func weightsOfAnotherNetworkAreRefused() throws {
        let a = try architecture(bottleneck: false)
        let net = try DenseNet(Network(a), generator: Generator(seed: 1))
        var state = net.state
        state["classifier.bias"] = nil
        #expect(throws: WeightError.missing("classifier.bias")) { try DenseNet(Network(a), state: state) }
        state["classifier.bias"] = try .zeros([8])
        #expect(throws: WeightError.shape("classifier.bias", found: [8], needed: [7])) { try DenseNet(Network(a), state: state) }
        state["classifier.bias"] = try .zeros([7])
        state["features.denseblock9.denselayer1.conv1.weight"] = try .zeros([1])
        #expect(throws: WeightError.unknown("features.denseblock9.denselayer1.conv1.weight")) { try DenseNet(Network(a), state: state) }
        state["features.denseblock9.denselayer1.conv1.weight"] = nil
        state["features.norm5.num_batches_tracked"] = try .zeros([])
        #expect(try DenseNet(Network(a), state: state).parameterCount == net.parameterCount)
    }
}
