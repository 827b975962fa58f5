import DenseNetArchitecture
import DenseNetModel
import Testing
import Torch

@testable import Evaluation
@testable import Strategies

@Suite struct LatencyMeasuringTests {
    private func space(_ blocks: [Int], compression: Double = 1) throws -> SearchSpace {
        SearchSpace(
            try Architecture(
                blocks: blocks, growthRate: 4, bottleneck: false, compression: compression,
                stem: .init(.cifar, channels: 6), imageSize: 16))
    }

    /// The nearest one, two, ... nodes, with the block's input and without it.
    @Test func networksThatAreMeasured() throws {
        let space = try space([3])
        for (reach, without, with) in [
            (1, "1.01.001", "1.11.101"), (2, "1.11.011", "1.11.111"), (3, "1.11.111", "1.11.111"),
        ] {
            let (nearest, both) = (
                try LatencyTable.network(space, reach: reach, readsInput: false),
                try LatencyTable.network(space, reach: reach, readsInput: true)
            )
            #expect(nearest.connectivity.key == without && both.connectivity.key == with, "reach \(reach)")
        }
    }

    /// By hand: eight measurements of one network, in no order.
    @Test func aTableOfMeasurements() throws {
        let network = try Network(space([2, 1], compression: 0.5).architecture)
        #expect(network.blocks.map { $0.layers.map(\.inputChannels) } == [[6, 10], [7]])
        let measurements = [5, 0, 7, 2, 4, 1, 6, 3].map { (k: Double) -> LatencyTable.Measurement in
            // The rest is from 0 to 7 eighths of a millisecond.
            let (first, rest) = (1 + k, k / 8)
            return LatencyTable.Measurement(
                network: network, blocks: [(layers: [first, 10], transition: 0.5), (layers: [2], transition: 0)],
                whole: first + 12.5 + rest)
        }
        let table = LatencyTable(threads: 3, measurements, blocks: 2)
        #expect(table.threads == 3 && table.base == 0.5)
        #expect(table.layers.map { $0.map(\.channels) } == [[6, 10], [7]])
        // A quarter of the first layer's eight times are below 3.
        #expect(table.layers.map { $0.map(\.milliseconds) } == [[3, 10], [2]])
        #expect(table.transitions.map { $0.map(\.channels) } == [[14], [11]])
        #expect(table.transitions.map { $0.map(\.milliseconds) } == [[0.5], [0]])
        #expect(table.milliseconds(of: network) == 16)
    }

    /// A machine that was busy while the layers that read least were measured: dense is the slowest all the same.
    @Test func whatReadsMoreTakesNoLess() throws {
        let space = try space([3])
        func measured(_ reach: Int, _ times: [Double]) throws -> LatencyTable.Measurement {
            LatencyTable.Measurement(
                network: try LatencyTable.network(space, reach: reach, readsInput: false),
                blocks: [(layers: times, transition: 0)], whole: times.reduce(0, +))
        }
        // They read 6, 4 and 4 channels; 6, 10 and 8; 6, 10 and 14.
        let table = LatencyTable(
            threads: 1, try [measured(1, [4, 9, 9]), measured(2, [4, 3, 5]), measured(3, [4, 3, 7])], blocks: 1)
        #expect(table.layers[0].map(\.channels) == [4, 6, 8, 10, 14])
        #expect(table.layers[0].map(\.milliseconds) == [5.25, 5.25, 5.25, 5.25, 7])
        let dense = table.milliseconds(of: try Network(space.architecture))
        #expect(try table.milliseconds(of: space.cheapest()) <= dense)
        #expect(try CostTarget(.latency, 1000, in: space, table: table).limit == Int(dense * 1e3))
    }

    @Test(arguments: [
        ([], []), ([3], [3]), ([1, 2, 2, 5], [1, 2, 2, 5]), ([3, 1], [2, 2]), ([5, 4, 3, 8], [4, 4, 4, 8]),
        ([1, 6, 2, 4, 3, 9], [1, 3.75, 3.75, 3.75, 3.75, 9]), ([2, 4, 0], [2, 2, 2]),
    ])
    func theNearestNumbersThatNeverFall(numbers: [Double], nearest: [Double]) {
        #expect(numbers.isotonic == nearest)
    }

    /// Layers are measured one by one, warm; of a small network they may come to more than the whole.
    @Test func noBaseIsBelowNothing() throws {
        let network = try Network(space([1]).architecture)
        let measurement = LatencyTable.Measurement(
            network: network, blocks: [(layers: [2], transition: 0)], whole: 1.5)
        #expect(LatencyTable(threads: 1, [measurement], blocks: 1).base == 0)
    }

    @Test func blocksOfOneLayerAreMeasured() throws {
        let table = try LatencyTable(measuring: space([1, 1]), threads: 1, repetitions: 1, rounds: 1)
        #expect(table.threads == 1 && table.base >= 0)
        #expect(table.layers.map { $0.map(\.channels) } == [[6], [10]])
        #expect(table.layers.joined().allSatisfy { $0.milliseconds > 0 })
    }

    @Test func measuringLeavesTheNetwork() throws {
        let net = try DenseNet(Network(space([2]).architecture), generator: Generator(seed: 1))
        let before = try net.tensors.map { try $0.tensor.floats() }
        let milliseconds = try net.milliseconds(repetitions: 1)
        #expect(milliseconds > 0)
        #expect(try net.tensors.map { try $0.tensor.floats() } == before)
    }
}
