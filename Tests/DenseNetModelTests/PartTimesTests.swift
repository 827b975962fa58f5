import DenseNetArchitecture
import Foundation
import Testing
import Torch

@testable import DenseNetModel

/// What a work's parts take: what was noted within it, and within it alone.
@Suite struct PartTimesTests {
    private func rest(_ part: EvaluationPart, milliseconds: Double) {
        let began = ContinuousClock.now
        Thread.sleep(forTimeInterval: milliseconds / 1e3)
        PartTimes.note(part, since: began)
    }

    @Test func partsOfTheSameKindAddUp() throws {
        let (result, whole, parts) = PartTimes.of {
            rest(.statistics, milliseconds: 20)
            rest(.validation, milliseconds: 10)
            rest(.statistics, milliseconds: 20)
            Thread.sleep(forTimeInterval: 0.01)
            return 7
        }
        #expect(result == 7 && Set(parts.keys) == [.statistics, .validation])
        let (statistics, validation) = (try #require(parts[.statistics]), try #require(parts[.validation]))
        #expect(statistics >= .milliseconds(40) && validation >= .milliseconds(10))
        #expect(statistics + validation + .milliseconds(10) <= whole)
    }

    @Test func whatNobodyAsksForIsNotKept() {
        rest(.rebuilding, milliseconds: 1)
        let nothing = PartTimes.of {}
        #expect(nothing.parts.isEmpty)
        let outer = PartTimes.of {
            let inner = PartTimes.of { rest(.rebuilding, milliseconds: 1) }
            rest(.validation, milliseconds: 1)
            return inner.parts
        }
        #expect(Set(outer.result.keys) == [.rebuilding] && Set(outer.parts.keys) == [.validation])
    }

    @Test func rebuildingIsNoted() throws {
        let a = try Architecture(
            blocks: [3], growthRate: 4, bottleneck: false, compression: 1, stem: .init(.cifar, channels: 4),
            imageSize: 8, classes: 3)
        let dense = try DenseNet(Network(a), generator: Generator(seed: 1))
        let chain = Connectivity(try ConnectivityPatterns.parse("nearest"), for: a)
        let (net, whole, parts) = try PartTimes.of { try dense.rebuilt(chain) }
        #expect(net.network.connectivity == chain && Set(parts.keys) == [.rebuilding])
        let rebuilding = try #require(parts[.rebuilding])
        #expect(rebuilding > .zero && rebuilding <= whole)
    }
}
