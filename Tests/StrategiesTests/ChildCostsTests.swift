import DenseNetArchitecture
import Randomness
import Testing

@testable import Strategies

/// What children may still cost, as whole networks say that are built for every decision.
@Suite struct ChildCostsTests {
    @Test(arguments: 0..<32)
    func costsAreThoseOfWholeNetworks(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let blocks = (0..<1 + Int(seed % 3)).map { _ in 1 + random.index(below: 5) }
        let isBottleneck = seed / 3 % 2 == 0
        let a = try Architecture(
            blocks: blocks, growthRate: 1 + random.index(below: 14), bottleneck: isBottleneck,
            compression: isBottleneck ? [0.5, 0.77][random.index(below: 2)] : 1,
            stem: .init(random.index(below: 3) == 0 ? .imageNet : .cifar, channels: 4 + random.index(below: 30)),
            imageSize: 32, classes: 2 + random.index(below: 20))
        try Self.compare(a, &random)
    }

    @Test func costsAreThoseOfAPublishedNetwork() throws {
        var random = SeededGenerator(seed: 40)
        try Self.compare(Architecture(named: "densenet-22-12"), &random)
    }

    /// More channels than a stem can have.
    @Test func costsOfVeryWideLayers() throws {
        var random = SeededGenerator(seed: 4096)
        try Self.compare(
            Architecture(
                blocks: [3, 2], growthRate: 3, bottleneck: false, compression: 1, stem: .init(.cifar, channels: 4095),
                imageSize: 4), &random)
    }

    /// Goes through children of all spaces of an architecture under targets of all measures, decision by decision.
    private static func compare(_ a: Architecture, _ random: inout SeededGenerator) throws {
        let spaces = [(false, true), (true, true), (false, false), (true, false)].map {
            SearchSpace(a, searchesBlockEnds: $0, keepsPredecessor: $1)
        }
        let table = table(a, &random)
        for space in spaces {
            for measure in CostMeasure.allCases {
                let (least, most) = (measure.of(try space.cheapest(), table), measure.of(try Network(a), table))
                let target = CostTarget(
                    measure, limit: least + Int(Double(most - least) * random.uniform()),
                    table: measure == .latency ? table : nil)
                let costs = try ChildCosts(space, target)
                #expect(costs.least == least && costs.most == most)
                var children = try SequentialSampling(space: space, target: target).flips(1, &random).map(space.choices)
                // Most of these no sampler draws.
                for share in [0.1, 0.5, 0.9] { children.append(space.entries.map { _ in random.uniform() < share }) }
                for child in children { try compare(child, space, target, costs) }
            }
        }
    }

    /// Every question that a child's decisions ask, in their order.
    private static func compare(
        _ child: [Bool], _ space: SearchSpace, _ target: CostTarget, _ costs: ChildCosts
    ) throws {
        var (low, high) = (costs.least, costs.most)
        for (index, entry) in space.entries.enumerated() where entry.isFree {
            let before = Array(child[..<index])
            let found = costs.next(before, low: low, high: high)
            let wanted = try next(before, low: low, space, target)
            let numbers = [found.lowIfKept, found.lowIfPruned, found.highIfPruned]
            try #require(
                numbers == [wanted.lowIfKept, wanted.lowIfPruned, wanted.highIfPruned],
                "\(target.measure) of \(entry) after \(before) in \(space.architecture)")
            if child[index] { low = found.lowIfKept } else { (low, high) = (found.lowIfPruned, found.highIfPruned) }
        }
    }

    /// What the next decision may lead to, by whole networks alone.
    private static func next(
        _ choices: [Bool], low: Int, _ space: SearchSpace, _ target: CostTarget
    ) throws -> ChildCosts.Next {
        let index = choices.count
        func cost(_ keeps: Bool, rest: Bool) throws -> Int {
            var all = choices + [keeps] + [Bool](repeating: rest, count: space.entries.count - index - 1)
            // Once its row does not read the block's input, the last it can read is its predecessor.
            let row = space.row(of: index)
            if space.dropsLayers, !all[row].contains(true) { all[row.upperBound - 1] = true }
            return target.cost(of: try Network(space.architecture, space.connectivity(all)))
        }
        return ChildCosts.Next(
            lowIfKept: try cost(true, rest: false),
            lowIfPruned: space.dropsLayers && space.entries[index].source == 0 ? try cost(false, rest: false) : low,
            highIfPruned: try cost(false, rest: true))
    }

    /// A table of as many milliseconds as a sum of microseconds has digits for, so that their order tells.
    private static func table(_ a: Architecture, _ random: inout SeededGenerator) -> LatencyTable {
        func points() -> [LatencyTable.Point] {
            [1, 10, 33, 100, 4000].prefix(random.index(below: 6)).map {
                LatencyTable.Point(channels: $0, milliseconds: random.uniform(0, 1e13))
            }
        }
        return LatencyTable(
            threads: 1, base: random.uniform(0, 1e13), layers: a.blocks.map { _ in points() },
            transitions: a.blocks.map { _ in points() })
    }
}
