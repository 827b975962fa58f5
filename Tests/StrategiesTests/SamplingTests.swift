import DenseNetArchitecture
import Foundation
import Randomness
import Testing

@testable import Evaluation
@testable import Strategies

/// Children at a target: never above it, nearly at it, and by rules that follow from costs alone.
@Suite struct SamplingTests {
    private static func space(_ name: String, ends: Bool = false) throws -> SearchSpace {
        SearchSpace(try Architecture(named: name), searchesBlockEnds: ends)
    }

    /// A table by hand in which a layer's time grows with what it reads.
    private static func table(_ space: SearchSpace) throws -> LatencyTable {
        var table = try LatencyTable(
            measuring: SearchSpace(
                try Architecture(
                    blocks: [1], growthRate: 1, bottleneck: false, compression: 1, stem: .init(.cifar, channels: 1),
                    imageSize: 4)),
            threads: 1, repetitions: 1, rounds: 1)
        let network = try Network(space.architecture)
        table.base = 0.1
        func points(_ weight: Double) -> [LatencyTable.Point] {
            [1, 20, 50, 1000].map { .init(channels: $0, milliseconds: 0.01 + weight * Double($0)) }
        }
        table.layers = network.blocks.indices.map { points(0.002 / Double($0 + 1)) }
        table.transitions = network.blocks.indices.map { points(0.001 / Double($0 + 1)) }
        return table
    }

    @Test(arguments: [
        ("densenet-40-12", 0.65, false), ("densenet-40-12", 0.4, false), ("densenet-40-12", 0.3, true),
        ("densenet-22-12", 0.65, false),
        ("densenet-22-12", 0.45, true), ("densenet-22-12", 0.3, true), ("densenet-22-12", 1, false),
        ("densenet-bc-100-12", 0.7, false),
    ])
    func coinFlipsComeNearTheTarget(name: String, share: Double, ends: Bool) throws {
        let space = try Self.space(name, ends: ends)
        let target = try CostTarget(.macs, share, in: space)
        let sampling = try SequentialSampling(space: space, target: target)
        var random = SeededGenerator(seed: 3)
        let shares = try sampling.flips(name == "densenet-bc-100-12" ? 10 : 40, &random).map {
            Double(try Network(space.architecture, $0).cost.macs) / Double(target.limit)
        }
        // Where layers may go, the last connections may cost a layer each.
        #expect(shares.allSatisfy { $0 <= 1 && $0 >= (ends ? 0.92 : 0.99) }, "\(shares)")
        #expect(shares.reduce(0, +) / Double(shares.count) >= (ends ? 0.975 : 0.995))
    }

    /// Sums of suffixes against all subsets.
    @Test(arguments: 0..<30)
    func suffixSumsAreTheSumsOfSubsets(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let unit = 1 + random.index(below: 40)
        let numbers = (0..<10).map { _ in random.index(below: 5) == 0 ? 0 : unit * random.index(below: 90) }
        let limit = numbers.reduce(0, +) * 7 / 10
        let sums = try #require(SuffixSums(numbers, upTo: limit))
        for index in 0...numbers.count {
            let rest = Array(numbers[index...])
            let all = (0..<1 << rest.count).map { bits in
                rest.indices.reduce(0) { $0 + (bits >> $1 & 1 == 1 ? rest[$1] : 0) }
            }
            for _ in 0..<40 {
                let low = random.index(below: limit + 1)
                let range = low...min(limit, low + random.index(below: 2 * unit))
                #expect(sums.contain(range, from: index) == all.contains { range.contains($0) }, "\(range) of \(rest)")
            }
        }
        // Taken for greater than they are, never for smaller, and by no more than is tolerated.
        let (tolerance, whole) = (7 * unit, Array(numbers))
        let rough = try #require(SuffixSums(numbers.map { 3 * $0 + 1 }, upTo: 4 * limit, tolerance: tolerance))
        let real = (0..<1 << whole.count).map { bits in
            whole.indices.reduce(0) { $0 + (bits >> $1 & 1 == 1 ? 3 * whole[$1] + 1 : 0) }
        }
        for _ in 0..<200 {
            let low = random.index(below: 4 * limit)
            let high = min(4 * limit, low + random.index(below: 3 * tolerance))
            let isThere = rough.contain(low...high, from: 0)
            #expect(!isThere || real.contains { low - tolerance <= $0 && $0 <= high }, "\(low) to \(high)")
            #expect(isThere || !real.contains { low <= $0 && $0 <= high - tolerance }, "\(low) to \(high)")
        }
        let nothing = try #require(SuffixSums([3, 5], upTo: 0))
        #expect(nothing.contain(0...0, from: 0) && !nothing.contain(1...1, from: 0) && nothing.contain(0...9, from: 2))
        #expect(SuffixSums([3], upTo: -1) == nil)
        #expect(SuffixSums([0, 0], upTo: 5) == nil && SuffixSums([1, 1], upTo: .max) == nil)
    }

    /// The rules are what costs say, by brute force over everything that can still be decided: a decision is forced
    /// where one way alone ends at the target, and otherwise shifted by the log-odds of what is left over what could be
    /// spent.
    @Test(
        arguments: [CostMeasure.macs, .parameters, .traffic, .latency],
        [(false, true), (true, true), (false, false), (true, false)])
    func rulesFollowFromCosts(measure: CostMeasure, space kind: (ends: Bool, keeps: Bool)) throws {
        let a = try Architecture(
            blocks: kind.ends ? [3, 2] : [4, 3], growthRate: 4, bottleneck: false, compression: 1,
            stem: .init(.cifar, channels: 6),
            imageSize: 8)
        let space = SearchSpace(a, searchesBlockEnds: kind.ends, keepsPredecessor: kind.keeps)
        let table = measure == .latency ? try Self.table(space) : nil
        var known: [Connectivity: Int] = [:]
        func cost(_ choices: [Bool]) throws -> Int {
            let connectivity = space.connectivity(choices)
            if let cost = known[connectivity] { return cost }
            let cost = measure.of(try Network(a, connectivity), table)
            known[connectivity] = cost
            return cost
        }
        let count = space.entries.count
        let (least, most) = (
            try cost(.init(repeating: false, count: count)), try cost(.init(repeating: true, count: count))
        )
        let target = CostTarget(measure, limit: least + (most - least) * 6 / 10, table: table)
        let floor = target.limit - Int(Double(target.limit) * 0.005)
        let addsUp = measure != .latency && kind.keeps
        let sampling = try SequentialSampling(space: space, target: target)
        var random = SeededGenerator(seed: 5)
        func ends(_ start: [Bool]) throws -> Bool {
            let rest = (start.count..<count).filter { space.entries[$0].isFree }
            return try (0..<1 << rest.count).contains { bits in
                var choices = start + [Bool](repeating: true, count: count - start.count)
                for (place, index) in rest.enumerated() { choices[index] = bits >> place & 1 == 1 }
                return floor...target.limit ~= (try cost(choices))
            }
        }
        var kinds: [Bool: Int] = [:]
        for _ in 0..<12 {
            var draft = sampling.draft()
            for index in 0..<count {
                let rule = draft.rule()
                let (before, entry) = (draft.choices, space.entries[index])
                /// A row that is begun and reads nothing will read its predecessor.
                func whole(_ start: [Bool], rest: Bool) throws -> Int {
                    var all = start + [Bool](repeating: rest, count: count - start.count)
                    if let last = start.indices.last, space.dropsLayers, !all[space.row(of: last)].contains(true) {
                        all[space.row(of: last).upperBound - 1] = true
                    }
                    return try cost(all)
                }
                let (low, high) = (try whole(before, rest: false), try whole(before, rest: true))
                let (lowIfKept, highIfPruned) = (
                    try whole(before + [true], rest: false), try whole(before + [false], rest: true)
                )
                let lowIfPruned = try whole(before + [false], rest: false)
                let kept = try addsUp ? ends(before + [true]) : lowIfKept <= target.limit && high >= floor
                let pruned =
                    try addsUp
                    ? ends(before + [false]) : lowIfPruned <= target.limit && highIfPruned >= floor
                let expected: SequentialSampling.Rule
                if !entry.isFree {
                    expected = .forced(true)
                } else if lowIfKept > target.limit {
                    expected = .forced(false)
                } else if entry.source == entry.layer - 1, !before.suffix(entry.source).contains(true) {
                    expected = .forced(true)
                } else if high <= target.limit || lowIfPruned > target.limit {
                    expected = .forced(true)
                } else if kept != pruned {
                    expected = .forced(kept)
                } else {
                    let share = min(1 - 1e-6, max(1e-6, Double(target.limit - low) / Double(high - low)))
                    expected = .free(shift: log(share / (1 - share)))
                }
                switch (rule, expected) {
                case (.free(let found), .free(let wanted)):
                    #expect(abs(found - wanted) < 1e-9)
                    kinds[true, default: 0] += 1
                default:
                    #expect(rule == expected, "entry \(entry)")
                    if entry.isFree { kinds[false, default: 0] += 1 }
                }
                draft.decide(rule.choice(logit: 0, &random))
            }
            #expect(try cost(draft.choices) <= target.limit)
            if addsUp, try ends([]) { #expect(try cost(draft.choices) >= floor) }
            #expect(sampling.rules(draft.choices).count == count)
        }
        #expect(kinds.count == 2, "free and forced decisions were met")
    }

    @Test func withoutATargetNothingIsShifted() throws {
        let space = try Self.space("densenet-22-12", ends: true)
        let sampling = try SequentialSampling(space: space, target: nil)
        var draft = sampling.draft()
        for entry in space.entries {
            #expect(draft.rule() == (entry.isFree ? .free(shift: 0) : .forced(true)))
            draft.decide(true)
        }
    }

    /// What `docs/method.md` says of the control: how often free connections are kept, by block.
    @Test(arguments: [
        ("densenet-40-12", 0.65, false, [0.51, 0.50, 0.53]), ("densenet-22-12", 0.65, false, [0.42, 0.42, 0.48]),
        ("densenet-22-12", 0.45, true, [0.46, 0.46, 0.51]), ("densenet-22-12", 0.3, true, [0.31, 0.32, 0.43]),
    ])
    func theControlsKeepRates(name: String, share: Double, ends: Bool, rates: [Double]) throws {
        let space = try Self.space(name, ends: ends)
        let sampling = try SequentialSampling(space: space, target: CostTarget(.macs, share, in: space))
        var random = SeededGenerator(seed: 1)
        let children = sampling.flips(ends ? 300 : 600, &random).map(space.choices)
        for block in 0..<3 {
            let free = space.entries.indices.filter { space.entries[$0].isFree && space.entries[$0].block == block }
            let kept = children.reduce(0) { sum, choices in sum + free.count { choices[$0] } }
            let rate = Double(kept) / Double(free.count * children.count)
            #expect(abs(rate - rates[block]) < 0.015, "block \(block + 1) of \(name) at \(share): \(rate)")
        }
    }
}
