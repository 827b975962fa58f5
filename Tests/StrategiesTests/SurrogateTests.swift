import DenseNetArchitecture
import Foundation
import Randomness
import Testing

@testable import Strategies

@Suite struct SurrogateTests {
    /// A = BBᵀ + 1 of some random B.
    private func positive(_ width: Int, _ random: inout SeededGenerator) -> [Double] {
        let b = (0..<width * width).map { _ in random.uniform(-1, 1) }
        return (0..<width * width).map { place in
            let (i, j) = (place / width, place % width)
            return (i == j ? 1 : 0) + (0..<width).reduce(0) { $0 + b[i * width + $1] * b[j * width + $1] }
        }
    }

    @Test(arguments: [1, 2, 7, 30])
    func choleskySolves(width: Int) throws {
        var random = SeededGenerator(seed: UInt64(width))
        let a = positive(width, &random)
        let factor = try #require(Cholesky(a, width))
        let right = (0..<width).map { _ in random.uniform(-1, 1) }
        let x = factor.solve(right)
        for i in 0..<width {
            let product = (0..<width).reduce(0) { $0 + a[i * width + $1] * x[$1] }
            #expect(abs(product - right[i]) < 1e-9)
        }
        // L⁻ᵀ twice over, transposed, is A⁻¹: zᵀA⁻¹z = |L⁻¹z|², and L⁻ᵀ has the same norm on the whole.
        var (inverse, trace) = (0.0, 0.0)
        for i in 0..<width {
            let unit = (0..<width).map { $0 == i ? 1.0 : 0 }
            inverse += factor.solve(unit)[i]
            trace += factor.solveTransposed(unit).reduce(0) { $0 + $1 * $1 }
        }
        #expect(abs(inverse - trace) < 1e-9 * max(1, trace))
    }

    @Test func choleskyOfKnownMatrices() throws {
        let factor = try #require(Cholesky([4, 99, 2, 5], 2))
        // L = [[2, 0], [1, 2]], what lies above the diagonal is not read.
        #expect(abs(factor.halfLogDeterminant - log(4)) < 1e-12)
        #expect(factor.solveTransposed([2, 2]) == [0.5, 1])
        #expect(factor.solve([4, 2]) == [1, 0])
        #expect(Cholesky([1, 0, 2, 1], 2) == nil && Cholesky([.nan], 1) == nil && Cholesky([0], 1) == nil)
    }

    /// With much data and little noise the mean is the truth, whatever the prior; draws lie around it.
    @Test func theModelFindsTheWorths() throws {
        var random = SeededGenerator(seed: 3)
        let truth = (0..<12).map { _ in random.normal() }
        let children = (0..<400).map { _ in truth.map { _ in random.uniform() < 0.5 ? 1.0 : 0 } }
        let rewards = children.map { child in
            7 + zip(child, truth).reduce(0) { $0 + $1.0 * $1.1 } + 0.01 * random.normal()
        }
        let scale = LinearModel.Scale(Array(children.prefix(20)), Array(rewards.prefix(20)))
        var model = LinearModel(priorDeviations: truth.map { _ in 3 })
        for (child, reward) in zip(children, rewards) { model.add([(child, reward)], scale) }
        let posterior = try model.posterior()
        // Worths are in deviations of the first rewards.
        let found = posterior.draw(spread: 0, &random).map { $0 * scale.deviation }
        for (a, b) in zip(found, truth) { #expect(abs(a - b) < 0.02, "\(a) for \(b)") }
        let draws = (0..<200).map { _ in posterior.draw(spread: 1, &random)[0] * scale.deviation }
        let mean = draws.reduce(0, +) / 200
        let deviation = (draws.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 199).squareRoot()
        #expect(abs(mean - found[0]) < 5 * deviation && deviation > 0 && deviation < 0.3, "\(mean) ± \(deviation)")
        let wide = (0..<200).map { _ in posterior.draw(spread: 10, &random)[0] * scale.deviation }
        let spread = (wide.reduce(0) { $0 + ($1 - found[0]) * ($1 - found[0]) } / 199).squareRoot()
        #expect(spread > 7 * deviation && spread < 14 * deviation)
    }

    /// Where rewards say nothing of decisions, worths are believed to be small.
    @Test func noiseIsNoWorth() throws {
        var random = SeededGenerator(seed: 5)
        let children = (0..<120).map { _ in
            (decisions: (0..<12).map { _ in random.uniform() < 0.5 ? 1.0 : 0 }, reward: random.normal())
        }
        let scale = LinearModel.Scale(children.map(\.decisions), children.map(\.reward))
        var model = LinearModel(priorDeviations: [Double](repeating: 1, count: 12))
        model.add(children, scale)
        let posterior = try model.posterior()
        let off = (0..<400).map { _ in posterior.draw(spread: 1, &random)[0] - posterior.expectedWorths[0] }
        // Priors of 0.01 and 0.03 leave 0.09 and 0.13, the largest 0.17.
        let deviation = (off.reduce(0) { $0 + $1 * $1 } / 400).squareRoot()
        #expect(deviation < 0.145, "\(deviation)")
    }

    /// With a target a connection is worth what it brings for its cost.
    @Test func mostWorthForItsCost() throws {
        let space = SearchSpace(try Architecture(named: "densenet-22-12"))
        let strategy = try SurrogateStrategy(
            StrategyContext(space, target: CostTarget(.macs, 0.65, in: space), seed: 1))
        var random = SeededGenerator(seed: 4)
        for _ in 0..<300 {
            let choices = space.entries.map { !$0.isFree || random.uniform() < 0.5 }
            let reward = zip(space.entries, choices).reduce(0.0) {
                $0 + ($1.0.isFree && $1.1 ? ($1.0.block == 2 ? 1 : 1.5) : 0)
            }
            strategy.learn([(space.connectivity(choices), reward)])
        }
        let mode = space.choices(try #require(try strategy.mode()))
        // The last block's cost 1/4 to 1/30 of the others': all of them fit, whatever else is wanted more.
        #expect(zip(space.entries, mode).allSatisfy { !($0.isFree && $0.block == 2 && $0.source > 0) || $1 })
    }

    /// The posterior of one worth by hand: y = w(x - 1/2) + c with noise 1 (in rewards' deviations), prior a.
    @Test func anUnlearnedModelIsItsPrior() throws {
        var random = SeededGenerator(seed: 1)
        let model = LinearModel(priorDeviations: [1, 3])
        let posterior = try model.posterior()
        #expect(posterior.draw(spread: 0, &random) == [0, 0])
        let draws = (0..<4000).map { _ in posterior.draw(spread: 1, &random) }
        func deviation(_ i: Int) -> Double { (draws.reduce(0) { $0 + $1[i] * $1[i] } / 4000).squareRoot() }
        // Prior deviations are relative to their mean, 2, and a prior variance of 1.
        #expect(abs(deviation(0) - 0.5) < 0.05 && abs(deviation(1) - 1.5) < 0.15)
    }

    @Test func normalsAreNormal() {
        var random = SeededGenerator(seed: 9)
        let values = (0..<20_000).map { _ in random.normal() }
        let mean = values.reduce(0, +) / 20_000
        let variance = values.reduce(0) { $0 + $1 * $1 } / 20_000
        #expect(abs(mean) < 0.03 && abs(variance - 1) < 0.05)
        let tail = Double(values.count { abs($0) > 2 }) / 20_000
        #expect(abs(tail - 0.0455) < 0.008, "\(tail) beyond two deviations")
    }

    /// A study goes on with the very bits it was left with: children learned one by one, all in one go, or again after
    /// a restore.
    @Test func whatIsLearnedAgainIsTheSameBits() throws {
        // Deviations whose mean is not quite 1 once they are divided by it.
        let deviations = (1...234).map { Double($0).squareRoot() }
        let mean = deviations.reduce(0, +) / 234
        #expect(deviations.reduce(0) { $0 + $1 / mean } / 234 != 1)
        var random = SeededGenerator(seed: 8)
        let children = (0..<45).map { _ in
            (decisions: deviations.map { _ in random.uniform() < 0.5 ? 1.0 : 0 }, reward: random.normal())
        }
        let scale = LinearModel.Scale(children.prefix(20).map(\.decisions), children.prefix(20).map(\.reward))
        var one = LinearModel(priorDeviations: deviations)
        for child in children { one.add([child], scale) }
        let worths = try one.posterior().expectedWorths
        var whole = LinearModel(priorDeviations: deviations)
        whole.add(children, scale)
        #expect(try whole.posterior().expectedWorths == worths && worths.contains { $0 != 0 })
        for _ in 0..<2 {
            whole.forget()
            #expect(whole.count == 0)
            whole.add(Array(children.prefix(20)), scale)
            whole.add(Array(children.dropFirst(20)), scale)
            #expect(try whole.posterior().expectedWorths == worths)
        }
    }

    /// LLᵀ is the matrix, of every width that the sums side by side divide differently.
    @Test(arguments: 1...20) func choleskyOfRandomMatrices(width: Int) throws {
        var random = SeededGenerator(seed: UInt64(width))
        let rows = (0..<width).map { _ in (0..<width).map { _ in random.normal() } }
        func entry(_ i: Int, _ j: Int) -> Double {
            zip(rows[i], rows[j]).reduce(i == j ? 1 : 0) { $0 + $1.0 * $1.1 }
        }
        let matrix = (0..<width).flatMap { i in (0..<width).map { entry(i, $0) } }
        let truth = (0..<width).map { _ in random.normal() }
        let right = (0..<width).map { i in (0..<width).reduce(0) { $0 + entry(i, $1) * truth[$1] } }
        let solved = try #require(Cholesky(matrix, width)).solve(right)
        for (a, b) in zip(solved, truth) { #expect(abs(a - b) < 1e-8) }
    }

    /// Rewards of a damaged study are refused, not computed with.
    @Test func rewardsBeyondNumbers() throws {
        let scale = LinearModel.Scale([[0], [1]], [0, 1])
        var model = LinearModel(priorDeviations: [1])
        for (child, reward) in [([1.0], 1e308), ([0], -1e308), ([1], 1e308)] { model.add([(child, reward)], scale) }
        let error = #expect(throws: SearchError.self) { try model.posterior() }
        #expect(error?.description == "the rewards of 3 children are beyond a linear model's numbers")
    }

    /// Without a target, what is worth something is kept and the rest is not.
    @Test func withoutATargetEachConnectionStandsForItself() throws {
        let space = SearchSpace(
            try Architecture(
                blocks: [4, 3], growthRate: 4, bottleneck: false, compression: 1, stem: .init(.cifar, channels: 4),
                imageSize: 8))
        let strategy = try SurrogateStrategy(StrategyContext(space, seed: 2))
        let free = space.entries.indices.filter { space.entries[$0].isFree }
        for _ in 0..<40 {
            try strategy.learn(
                strategy.propose(5).map { child in
                    let choices = space.choices(child)
                    return (
                        child,
                        free.enumerated().reduce(0) {
                            $0 + (choices[$1.element] ? ($1.offset % 2 == 0 ? 0.1 : -0.1) : 0)
                        }
                    )
                })
        }
        let choices = space.choices(try strategy.propose(1)[0])
        #expect(free.enumerated().allSatisfy { choices[$0.element] == ($0.offset % 2 == 0) })
        #expect(abs(try #require(strategy.keepRate) - Double((free.count + 1) / 2) / Double(free.count)) < 0.01)
        #expect(try strategy.mode() == strategy.propose(1)[0])
        // Learned out it repeats itself, until it is asked to explore.
        #expect(try Set(strategy.propose(5)).count == 1)
        for _ in 0..<20 { #expect(strategy.exploreMore()) }
        #expect(try Set(strategy.propose(5)).count > 1)
        #expect(!strategy.exploreMore())
    }

    /// The expected reward of a child is the ridge's, worked out by hand from two kinds of children.
    @Test func whatIsExpectedOfAChild() throws {
        let space = SearchSpace(
            try Architecture(
                blocks: [2], growthRate: 4, bottleneck: false, compression: 1, stem: .init(.cifar, channels: 4),
                imageSize: 8))
        var model = try RewardModel(space, nil)
        #expect(try model.free.count == 1 && !model.isReady && model.expectation() == nil)
        var (kept, pruned) = (space.entries.map { _ in true }, space.entries.map { _ in true })
        (kept[model.free[0]], pruned[model.free[0]]) = (true, false)
        for k in 0..<200 {
            let reward = (k % 2 == 0 ? 0.7 : 0.3) + (k % 4 < 2 ? 0.01 : -0.01) + Double(k) * 1e-9
            model.learn(k % 2 == 0 ? kept : pruned, reward)
            #expect(model.isReady == (k >= 19))
            // Looked up again it says nothing new.
            model.learn(k % 2 == 0 ? kept : pruned, reward)
            #expect(model.memory.rewards.count == k + 1)
        }
        let expected = try #require(try model.expectation())
        #expect(abs(expected(kept) - 0.7) < 0.01 && abs(expected(pruned) - 0.3) < 0.01)
        // What is no number is not learned; what was stored is known again.
        model.learn(kept, .nan)
        #expect(model.memory.rewards.count == 200)
        var other = try RewardModel(space, nil)
        try other.restore(model.memory)
        #expect(try other.expectation()?(kept) == expected(kept))
        var wrong = model.memory
        wrong.children[3] = "10"
        #expect(throws: SearchError.self) { try other.restore(wrong) }
    }

    /// Decisions come to the same exactly where they make the same network.
    @Test func whatIsReadByWhatNothingReads() throws {
        let architecture = try Architecture(
            blocks: [3, 2], growthRate: 4, bottleneck: false, compression: 1, stem: .init(.cifar, channels: 4),
            imageSize: 8)
        let space = SearchSpace(architecture, searchesBlockEnds: true)
        var random = SeededGenerator(seed: 6)
        var (known, drawn): ([[Network.Block]: [Bool]], Set<Connectivity>) = ([:], [])
        for _ in 0..<2000 {
            let choices = space.entries.map { !$0.isFree || random.uniform() < 0.5 }
            let connectivity = space.connectivity(choices)
            let (blocks, living) = (try Network(architecture, connectivity).blocks, space.living(choices))
            #expect(known[blocks] ?? living == living)
            known[blocks] = living
            drawn.insert(connectivity)
        }
        #expect(Set(known.values).count == known.count && drawn.count > known.count + 100)
        // Where no layer may go all of them count.
        let kept = SearchSpace(architecture)
        #expect(kept.living(kept.entries.map { !$0.isFree }) == kept.entries.map { !$0.isFree })
    }

    /// A network is one measurement, whatever its layers read that nothing reads.
    @Test func aNetworkIsLearnedOnce() throws {
        let space = SearchSpace(
            try Architecture(
                blocks: [3], growthRate: 4, bottleneck: false, compression: 1, stem: .init(.cifar, channels: 4),
                imageSize: 8), searchesBlockEnds: true)
        // Layer 3 and the end read the block's input alone, so that nothing reads layer 2.
        func child(_ source: Int) -> [Bool] {
            space.entries.map { !$0.isFree || ($0.layer == 2 ? $0.source == source : $0.source == 0) }
        }
        let (one, other) = (child(0), child(1))
        var model = try RewardModel(space, nil)
        model.learn(one, 0.5)
        model.learn(other, 0.5)
        #expect(one != other && model.memory.rewards == [0.5])
        var random = SeededGenerator(seed: 7)
        for _ in 0..<60 { model.learn(space.entries.map { !$0.isFree || random.uniform() < 0.5 }, random.normal()) }
        let expected = try #require(try model.expectation())
        #expect(expected(one) == expected(other))
        // As older versions stored it.
        var older = model.memory
        older.children[0] = String(model.free.map { other[$0] ? "1" : "0" })
        #expect(older.children[0] != model.memory.children[0])
        var restored = try RewardModel(space, nil)
        try restored.restore(older)
        #expect(restored.memory.children == model.memory.children)
        #expect(try restored.expectation()?(one) == expected(one))
    }

    /// What fills a target is taken in order; what does not fit is left out.
    @Test func fillingKeepsAnOrder() throws {
        let space = SearchSpace(try Architecture(named: "densenet-22-12"))
        let target = try CostTarget(.macs, 0.7, in: space)
        var random = SeededGenerator(seed: 5)
        let free = space.entries.indices.filter { space.entries[$0].isFree }
        let order = random.permutation(free.count).map { free[$0] }
        let cheapest = space.entries.map { !$0.isFree }
        let choices = try space.adding(order, to: cheapest, upTo: target.limit, target.cost)
        func cost(_ choices: [Bool]) throws -> Int {
            target.cost(of: try Network(space.architecture, space.connectivity(choices)))
        }
        #expect(try cost(choices) <= target.limit)
        for index in free where !choices[index] {
            var more = choices
            more[index] = true
            #expect(try cost(more) > target.limit)
        }
        // The first that was left out did not fit with those before it.
        let first = try #require(order.first { !choices[$0] })
        var before = space.entries.map { !$0.isFree }
        for index in order.prefix(while: { $0 != first }) { before[index] = true }
        before[first] = true
        #expect(try cost(before) > target.limit)
        #expect(space.entries.indices.allSatisfy { space.entries[$0].isFree || choices[$0] })
    }

    /// Where layers may go, one that nothing reads is given nothing to read, or who reads it later would pay for all.
    @Test func fillingLeavesOutWhatNothingReads() throws {
        let space = SearchSpace(
            try Architecture(
                blocks: [3], growthRate: 4, bottleneck: false, compression: 1, stem: .init(.cifar, channels: 6),
                imageSize: 8), searchesBlockEnds: true)
        func index(_ layer: Int, _ source: Int) -> Int {
            space.entries.firstIndex { $0.layer == layer && $0.source == source } ?? 0
        }
        let none = space.entries.map { !$0.isFree }
        // Layer 2 is read by nobody until layer 3 reads it.
        let order = [index(2, 0), index(2, 1), index(3, 2), index(3, 1)]
        let choices = try space.adding(order, to: none, upTo: .max) { $0.cost.macs }
        #expect(order.map { choices[$0] } == [true, true, true, true])
        // As long as nothing reads it, none of what it may read is taken.
        let alone = try space.adding(Array(order.prefix(2)), to: none, upTo: .max) { $0.cost.macs }
        #expect(alone == none)
        // Its row costs more than is left once it is read: it reads the block's input, and layer 3 is there.
        func cost(_ kept: [Int]) throws -> Int {
            try Network(space.architecture, space.connectivity(none.indices.map { none[$0] || kept.contains($0) })).cost
                .macs
        }
        let least = try cost([index(3, 2)])
        let few = try space.adding(order, to: none, upTo: least) { $0.cost.macs }
        #expect(few[index(3, 2)] && !few[index(2, 0)])
    }
}
