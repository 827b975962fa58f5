import Foundation
import Testing

@testable import DenseNetArchitecture

@Suite struct ValidationTests {
    private func message(_ body: () throws -> Void) -> String {
        do {
            try body()
            return "nothing was thrown"
        } catch { return "\(error)" }
    }

    @Test func namesThatAreNone() {
        #expect(
            message { _ = try Architecture(named: "resnet50") }.hasPrefix("unknown architecture 'resnet50'; known are"))
        #expect(
            message { _ = try Architecture(named: "densenet-41-12") }
                == "'densenet-41-12': depth 41 does not fit; three equal blocks need a depth of 3·n + 4, such as 40 or 43"
        )
        #expect(message { _ = try Architecture(named: "densenet-bc-41-12") }.contains("6·n + 4, such as 40 or 46"))
    }

    @Test func matricesThatDoNotFit() throws {
        let a = try Architecture(
            blocks: [2], growthRate: 2, bottleneck: false, compression: 1, stem: .init(.cifar, channels: 4),
            imageSize: 8)
        #expect(
            message { _ = try Network(a, Connectivity(blocks: [[[true], [false, false]]])) }
                == "invalid connectivity: layer 2 of block 1 reads nothing; every row needs at least one 1")
        #expect(
            message { _ = try Network(a, Connectivity(blocks: [[[true]]])) }.contains(
                "block 1 has 1 rows; its 2 layers need 2, or 3 with its end's"))
        #expect(
            message { _ = try Network(a, Connectivity(blocks: [[[true], [true]]])) }.contains(
                "row 2 has 1 entries; row 2 needs 2"))
        #expect(message { _ = try Network(a, Connectivity(blocks: [])) }.contains("0 matrices for 1 dense blocks"))
        #expect(
            message { _ = try Network(a, Connectivity(blocks: [[[true], [true, true], [false, false, false]]])) }
                .contains("the end of block 1 reads nothing"))
    }

    @Test func numbersThatMakeNoNetwork() {
        func make(blocks: [Int] = [2], growthRate: Int = 2, compression: Double = 1, size: Int = 8) -> String {
            message {
                _ = try Architecture(
                    blocks: blocks, growthRate: growthRate, bottleneck: false, compression: compression,
                    stem: .init(.cifar, channels: 4), imageSize: size)
            }
        }
        #expect(make(blocks: []).contains("no dense block"))
        #expect(make(blocks: [1000]) == "nothing was thrown")
        #expect(make(blocks: [1001]).contains("a block of 1001 layers"))
        #expect(make(growthRate: 0).contains("growth rate 0"))
        #expect(make(compression: 0).contains("compression 0.0"))
        #expect(make(blocks: [1, 1, 1, 1, 1], size: 8).contains("halved to nothing before block 5"))
    }

    @Test func patternsThatAreNone() {
        #expect(
            message { _ = try ConnectivityPatterns.parse("sparse") }.hasPrefix(
                "unknown connectivity 'sparse'; known are dense, log"))
        #expect(message { _ = try ConnectivityPatterns.parse("far-near:5") }.contains("must be even"))
        #expect(message { _ = try ConnectivityPatterns.parse("random:1.5") }.contains("must be from 0 to 1"))
        #expect(message { _ = try ConnectivityPatterns.parse("log:2") }.contains("takes no argument"))
        #expect(message { _ = try ConnectivityPatterns.parse("nearest:0") }.contains("must be 1 or more"))
    }

    @Test func aNetworkSurvivesItsJSON() throws {
        let a = try Architecture(named: "densenet-bc-22-8")
        let network = try Network(a, Connectivity(ConnectivityPatterns.parse("random:0.4"), for: a, seed: 5))
        let data = try JSONEncoder().encode(network)
        #expect(try JSONDecoder().decode(Network.self, from: data) == network)
        let text = String(
            decoding: try JSONEncoder().encode(Connectivity(blocks: [[[true], [false, true]]])), as: UTF8.self)
        #expect(text == "[[[1],[0,1]]]")
        #expect(
            message { _ = try JSONDecoder().decode(Connectivity.self, from: Data("[[[2]]]".utf8)) }.contains(
                "holds 2; only 0 and 1"))
    }

    @Test func randomKeepsThePredecessorAndDependsOnItsSeed() throws {
        let a = try Architecture(named: "densenet-40-12")
        let pattern = try ConnectivityPatterns.parse("random:0.3")
        let one = Connectivity(pattern, for: a, seed: 1)
        #expect(one == Connectivity(pattern, for: a, seed: 1))
        #expect(one != Connectivity(pattern, for: a, seed: 2))
        #expect(one.blocks.allSatisfy { rows in rows.enumerated().allSatisfy { $1[$0] } })
    }

    /// P is the share that is kept, and a row's draws do not depend on it.
    @Test func randomKeepsAShare() throws {
        let a = try Architecture(named: "densenet-22-12")
        func drawn(_ text: String) throws -> Connectivity {
            Connectivity(try ConnectivityPatterns.parse(text), for: a, seed: 1)
        }
        #expect(try drawn("random:0") == drawn("nearest") && drawn("random:1") == .dense(a))
        #expect(try drawn("random:0.3").isSubset(of: drawn("random:0.6")))
    }

    @Test func subsets() throws {
        let a = try Architecture(named: "densenet-22-12")
        let log = Connectivity(try ConnectivityPatterns.parse("log"), for: a)
        let chain = Connectivity(try ConnectivityPatterns.parse("nearest"), for: a)
        #expect(chain.isSubset(of: log) && log.isSubset(of: .dense(a)))
        #expect(!log.isSubset(of: chain) && !Connectivity.dense(a).isSubset(of: log))
        // An end without a row reads everything.
        var ended = Connectivity.dense(a)
        for b in ended.blocks.indices { ended.blocks[b].append((0...a.blocks[b]).map { $0 > 0 }) }
        #expect(ended.isSubset(of: .dense(a)) && !Connectivity.dense(a).isSubset(of: ended))
    }

    @Test func drawing() throws {
        let a = try Architecture(
            blocks: [2, 1], growthRate: 2, bottleneck: false, compression: 1, stem: .init(.cifar, channels: 4),
            imageSize: 8)
        let c = Connectivity(blocks: [[[true], [false, true]], [[true], [true, false]]])
        #expect(
            try Network(a, c).drawing == """
                block 1, 8×8   block 2, 4×4
                   1 █            1 x
                   2 ·█         end █·
                """)
    }
}
