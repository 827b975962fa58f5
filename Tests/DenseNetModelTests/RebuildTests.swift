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

    /// He's normal of fan-out, or PyTorch's uniform of fan-in; the classifier uniform in ±1/√inputs.
    @Test(arguments: Initialization.allCases) func freshWeights(start: Initialization) throws {
        let net = try DenseNet(
            Network(Architecture(named: "densenet-22-12")), generator: Generator(seed: 1), initialization: start)
        for (name, tensor) in net.tensors where name.contains("conv1") {
            let (w, fan) = (try tensor.doubles(), Double(tensor.shape[start == .fanOut ? 0 : 1] * 9))
            let deviation = (w.reduce(0) { $0 + $1 * $1 } / Double(w.count)).squareRoot()
            let expected = start == .fanOut ? (2 / fan).squareRoot() : 1 / (3 * fan).squareRoot()
            #expect(abs(deviation / expected - 1) < 0.1, "\(name)")
        }
        let w = try #require(net.state["classifier.weight"]).doubles()
        let largest = (w.map(abs).max() ?? 0) * Double(w.count / 10).squareRoot()
        #expect(largest > 0.95 && largest <= 1.0001)
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
                    try clear(
                        block.transitionChannels == nil
                            ? "classifier.weight" : "features.transition\(b + 1).conv.weight", block, row)
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
                let (p, q) = try withoutGrad {
                    (try big(x, training: training).doubles(), try rebuilt(x, training: training).doubles())
                }
                #expect(relativeError(p, q) < 1e-5, "\(kernels), training \(training)")
            }
        }
    }

    /// A step through a part of the network has the gradients of the rebuilt part, where its weights lie, and none
    /// elsewhere.
    @Test(arguments: 0..<12, [false, true])
    func sharingTrainsThePart(seed: UInt64, bottleneck: Bool) throws {
        let a = try architecture(bottleneck: bottleneck)
        let dense = try trained(Network(a), seed: seed)
        let c = connectivity(a, seed: seed)
        let x = try Tensor.zeros([5, 3, 9, 9]).fillNormal(Generator(seed: seed + 100))
        let labels = try Tensor((0..<5).map { Int64($0 % 7) }, [5])
        for kernels in [KernelChoice.torch, .swift] {
            dense.kernels = kernels
            for parameter in dense.parameters { parameter.clearGrad() }
            let part = try dense.sharing(c).network
            #expect(part.kernels == kernels && part.parameterCount == part.network.cost.parameters)
            try part(x, training: true).crossEntropy(labels).backward()
            let alone = try dense.rebuilt(c)
            try alone(x, training: true).crossEntropy(labels).backward()
            // The gradients as a network's weights, rebuilt, are the rebuilt network's gradients.
            var state = dense.state
            var (touched, sum) = (0.0, 0.0)
            for (name, tensor) in dense.tensors where !name.contains("running") {
                let grad = try tensor.grad ?? Tensor.zeros(tensor.shape)
                touched += try grad.pow(2).sum().item()
                state[name] = grad
            }
            let expected = try DenseNet(dense.network, state: state).rebuilt(c)
            for (name, tensor) in expected.tensors where !name.contains("running") {
                let grad = try #require(alone.state[name]?.grad)
                sum += try grad.pow(2).sum().item()
                #expect(relativeError(try tensor.doubles(), try grad.doubles()) < 1e-5, "\(kernels): \(name)")
            }
            #expect(abs(touched - sum) <= 1e-5 * sum, "gradients arrived outside of the part")
        }
    }

    @Test func magnitudesAreShares() throws {
        let a = try architecture(bottleneck: false)
        let dense = try trained(Network(a), seed: 3)
        // Layer 3 of the first block: the block's input has no scale, layer 2's weights are doubled against layer 1's.
        let (scale, weight) = (
            try #require(dense.state["features.denseblock1.denselayer3.norm1.weight"]),
            try #require(dense.state["features.denseblock1.denselayer3.conv1.weight"])
        )
        try withoutGrad {
            try weight.fill(1)
            try scale.fill(1)
            try scale.narrowed(0, from: 0, count: 6).fill(0)
            try weight.narrowed(1, from: 11, count: 5).fill(2)
        }
        let rows = try dense.magnitudes()
        let row = try #require(rows[0][3])
        // Squares 0, 1 and 4 over 6, 5 and 5 channels: the mean is 25/16.
        #expect(row[0] == 0 && abs((row[1] ?? 0) - 0.8) < 1e-6 && abs((row[2] ?? 0) - 1.6) < 1e-6)
        #expect(rows.map { $0.keys.sorted() } == [[1, 2, 3, 4, 5], [1, 2, 3, 4]])
        #expect(rows[1][4]?.keys.sorted() == [0, 1, 2, 3] && rows[0][5]?.keys.sorted() == [0, 1, 2, 3, 4])
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
        #expect(throws: WeightError.shape("classifier.bias", found: [8], needed: [7])) {
            try DenseNet(Network(a), state: state)
        }
        state["classifier.bias"] = try .zeros([7])
        state["features.denseblock9.denselayer1.conv1.weight"] = try .zeros([1])
        #expect(throws: WeightError.unknown("features.denseblock9.denselayer1.conv1.weight")) {
            try DenseNet(Network(a), state: state)
        }
        state["features.denseblock9.denselayer1.conv1.weight"] = nil
        state["features.norm5.num_batches_tracked"] = try .zeros([])
        #expect(try DenseNet(Network(a), state: state).parameterCount == net.parameterCount)
    }
}
