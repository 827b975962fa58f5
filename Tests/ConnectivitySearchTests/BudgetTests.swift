import DenseNetArchitecture
import Testing

@testable import ConnectivitySearch

@Suite struct BudgetTests {
    @Test(arguments: [0.45, 0.6, 0.686, 0.9, 1.0])
    func everyChildKeepsItsTargetAndNearlyFillsIt(share: Double) throws {
        let space = SearchSpace(try Architecture(named: "densenet-22-12"))
        let target = try CostTarget(.macs, share, in: space)
        for type in Strategies.all {
            let strategy = try type.init(space, target: target, settings: AgentSettings(), seed: 2)
            for child in try strategy.propose(12) {
                let macs = try Network(space.architecture, child).cost.macs
                #expect(macs <= target.limit)
                #expect(Double(macs) >= 0.97 * Double(target.limit), "\(type.name): \(macs) of \(target.limit)")
                #expect(child.blocks.allSatisfy { rows in rows.enumerated().allSatisfy { $1[$0] } })
            }
        }
    }

    @Test func aTargetOutOfReachIsRefusedWithTheRange() throws {
        let space = SearchSpace(try Architecture(named: "densenet-22-12"))
        let error = #expect(throws: SearchError.self) { try CostTarget(.macs, 0.3, in: space) }
        #expect(
            "\(try #require(error))"
                == "a target of 21871800 macs is out of reach: pruning the layers' connections reaches 28945680 to 72906000 macs, 0.397 to 1 of the dense network")
        #expect(try CostTarget(.macs, 50_013_456, in: space).limit == 50_013_456)
        #expect(try CostTarget(.parameters, 0.5, in: space).limit == 135_353)
    }

    @Test func withoutATargetCoinsAreFair() throws {
        let space = SearchSpace(try Architecture(named: "densenet-22-12"))
        let strategy = try RandomStrategy(space, target: nil, settings: AgentSettings(), seed: 2)
        let free = space.entries.indices.filter { space.entries[$0].isFree }
        #expect(free.count == 45)
        let kept = try strategy.propose(200).reduce(0) { sum, c in
            let choices = space.choices(c)
            return sum + free.count { choices[$0] }
        }
        #expect(abs(Double(kept) / Double(200 * 45) - 0.5) < 0.02)
    }

    @Test func matricesAndChoicesAreTheSameThing() throws {
        let space = SearchSpace(try Architecture(named: "densenet-22-12"))
        let c = Connectivity(try ConnectivityPatterns.parse("log"), for: space.architecture)
        #expect(space.connectivity(space.choices(c)) == c)
        #expect(try space.cheapest().connectivity == Connectivity(ConnectivityPatterns.parse("nearest"), for: space.architecture))
        // Free of the predecessor, an empty row still reads something.
        let loose = SearchSpace(space.architecture, keepsPredecessor: false)
        #expect(try Network(loose.architecture, loose.connectivity(loose.entries.map { _ in false })).cost.connections == 18)
    }
}
