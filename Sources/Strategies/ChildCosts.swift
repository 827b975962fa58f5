import DenseNetArchitecture

/// What children may still cost, given their first decisions, and whether they can end at their target.
struct ChildCosts: Sendable {
    /// The most a child may cost.
    let limit: Int
    /// The least it should: children end between the floor and the limit wherever their connections' costs add up to
    /// that.
    let floor: Int
    /// What a child costs with everything pruned, and with everything kept.
    let least: Int
    let most: Int
    private let space: SearchSpace
    private let target: CostTarget
    /// What each connection adds, where costs are a sum over connections.
    private let each: [Int]?
    private let sums: SuffixSums?

    /// How far below its limit a child may end, as a share of the limit.
    static let slack = 0.005

    /// The costs of the children of a space under a target.
    /// - Throws: `ArchitectureError` when the space's architecture is none.
    init(_ space: SearchSpace, _ target: CostTarget) throws {
        (self.space, self.target) = (space, target)
        func cost(_ choices: [Bool]) throws -> Int {
            target.cost(of: try Network(space.architecture, space.connectivity(choices)))
        }
        let none = space.entries.map { _ in false }
        (limit, floor) = (target.limit, target.limit - Int(Double(target.limit) * Self.slack))
        let least = try cost(none)
        self.least = least
        most = try cost(none.map { !$0 })
        // Where each layer is read by the next and the last by the end no layer can die, so that costs add up; a table
        // of latencies interpolates.
        guard target.measure != .latency, space.keepsPredecessor else {
            (each, sums) = (nil, nil)
            return
        }
        let each = try space.separateCosts(target.cost)
        self.each = each
        sums = SuffixSums(each, upTo: limit - least, tolerance: (limit - floor) / 4)
    }

    /// What the next decision may lead to.
    struct Next {
        /// The least cost with the connection kept, and with it pruned.
        let lowIfKept: Int
        let lowIfPruned: Int
        /// The most with it pruned.
        let highIfPruned: Int
    }

    /// What a child costs at least and at most after the next decision.
    func next(_ choices: [Bool], low: Int, high: Int) throws -> Next {
        let index = choices.count
        if let each {
            return Next(lowIfKept: low + each[index], lowIfPruned: low, highIfPruned: high - each[index])
        }
        let entry = space.entries[index]
        let rest = space.entries.count - index - 1
        func cost(_ keeps: Bool, rest value: Bool) throws -> Int {
            var all = choices + [keeps] + [Bool](repeating: value, count: rest)
            // Once its row does not read the block's input, the last it can read is its predecessor.
            let row = space.row(of: index)
            if space.dropsLayers, !all[row].contains(true) { all[row.upperBound - 1] = true }
            return target.cost(of: try Network(space.architecture, space.connectivity(all)))
        }
        return Next(
            lowIfKept: try cost(true, rest: false),
            // What is left to be decided counts as pruned, so that pruning changes nothing but where a row begins.
            lowIfPruned: space.dropsLayers && entry.source == 0 ? try cost(false, rest: false) : low,
            highIfPruned: try cost(false, rest: true))
    }

    /// Whether a child that costs at least `low` and at most `high` can end between the floor and the limit by what is
    /// decided from entry `index` on; where costs do not add up, whether the two ranges meet.
    func canEnd(from low: Int, to high: Int, after index: Int) -> Bool {
        guard low <= limit, high >= floor else { return false }
        return sums?.contain(max(0, floor - low)...(limit - low), from: index) ?? true
    }
}

/// Which sums some of the last numbers of a list can have: the subset sums of every suffix, as bits.
struct SuffixSums: Sendable {
    /// What all numbers are multiples of, or are rounded up to multiples of.
    private let unit: Int
    private let words: Int
    /// Of each suffix, from the whole list to the empty one, the sums in units.
    private var bits: [[UInt64]]

    /// More bits than this (64 MiB) are not worth their memory.
    static let mostBits = 1 << 29

    /// The sums of numbers of 0 or more, up to a limit; `nil` where they would take too much memory.
    /// - Parameter tolerance: sums may be taken for greater than they are by so much, where that saves memory.
    init?(_ numbers: [Int], upTo limit: Int, tolerance: Int = 0) {
        var unit = 0
        for number in numbers {
            var other = number
            while other != 0 { (unit, other) = (other, unit % other) }
        }
        guard unit > 0, limit >= 0 else { return nil }
        unit = max(unit, tolerance / numbers.count)
        let words = limit / unit / 64 + 1
        guard words <= Self.mostBits / 64 / (numbers.count + 1) else { return nil }
        (self.unit, self.words) = (unit, words)
        var sums = [UInt64](repeating: 0, count: words)
        sums[0] = 1
        bits = [sums]
        for number in numbers.reversed() {
            if number > 0 { Self.add((number - 1) / unit + 1, to: &sums) }
            bits.append(sums)
        }
        bits.reverse()
    }

    /// Every sum there is, and every sum with one number more.
    private static func add(_ number: Int, to sums: inout [UInt64]) {
        let (whole, part) = (number / 64, number % 64)
        for word in stride(from: sums.count - 1, through: whole, by: -1) {
            var shifted = sums[word - whole] << UInt64(part)
            if part > 0, word > whole { shifted |= sums[word - whole - 1] >> UInt64(64 - part) }
            sums[word] |= shifted
        }
    }

    /// Whether a sum of some of the numbers from `index` on lies in a range of 0 or more.
    func contain(_ range: ClosedRange<Int>, from index: Int) -> Bool {
        let (first, last) = ((range.lowerBound + unit - 1) / unit, min(range.upperBound / unit, 64 * words - 1))
        guard first <= last else { return false }
        let sums = bits[index]
        return (first...last).contains { sums[$0 / 64] >> UInt64($0 % 64) & 1 == 1 }
    }
}
