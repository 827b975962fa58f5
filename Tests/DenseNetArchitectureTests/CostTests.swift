import Testing

@testable import DenseNetArchitecture

/// The literal numbers of the literature's tables: parameters with BN, MACs.
@Suite struct CostTests {
    @Test(arguments: [
        ("dense", 234, 1_019_722, 264_812_928, 1_059_298, 282_917_328),
        ("nearest:6", 171, 643_522, 188_919_168, 667_258, 200_056_272),
        ("far-near:6", 171, 936_562, 228_234_624, 976_138, 246_339_024),
        ("log", 111, 466_642, 140_977_536, 485_098, 149_792_208),
        ("harmonic", 66, 407_242, 114_850_176, 425_698, 123_664_848),
        ("nearest", 36, 221_122, 77_774_208, 231_658, 83_105_232),
    ])
    func denseNet40(
        pattern: String, connections: Int, parameters: Int, macs: Int, parameters24: Int, macs24: Int
    ) throws {
        var architecture = try Architecture(named: "densenet-40-12")
        let parsed = try ConnectivityPatterns.parse(pattern)
        let cost = try Network(architecture, Connectivity(parsed, for: architecture)).cost
        #expect((cost.connections, cost.parameters, cost.macs) == (connections, parameters, macs))
        architecture.stem.channels = 24
        let wide = try Network(architecture, Connectivity(parsed, for: architecture)).cost
        #expect((wide.connections, wide.parameters, wide.macs) == (connections, parameters24, macs24))
    }

    @Test(arguments: [
        ("densenet-bc-100-12", 408, 769_162, 287_929_692), ("densenet121", 535, 7_978_856, 2_834_161_664),
    ])
    func published(name: String, connections: Int, parameters: Int, macs: Int) throws {
        let cost = try Network(Architecture(named: name)).cost
        #expect((cost.connections, cost.parameters, cost.macs) == (connections, parameters, macs))
    }

    @Test(arguments: [("densenet161", 28_681_000), ("densenet169", 14_149_480), ("densenet201", 20_013_928)])
    func imageNetParameters(name: String, parameters: Int) throws {
        #expect(try Network(Architecture(named: name)).cost.parameters == parameters)
    }

    @Test(arguments: [
        ("densenet-40-12", 0.294), ("densenet-22-12", 0.397), ("densenet-bc-100-12", 0.563), ("densenet169", 0.594),
        ("densenet121", 0.649),
    ])
    func chainIsTheFloor(name: String, share: Double) throws {
        let a = try Architecture(named: name)
        let chain = try Network(a, Connectivity(ConnectivityPatterns.parse("nearest"), for: a)).cost.macs
        #expect(abs(Double(chain) / Double(try Network(a).cost.macs) - share) < 0.0005)
    }

    @Test func activationTrafficOfASmallNetwork() throws {
        // Stem 3→4 at 8×8, one layer 4→2 at 8×8, classifier: (3+4)·64 + (4+2)·64.
        let a = try Architecture(
            blocks: [1], growthRate: 2, bottleneck: false, compression: 1, stem: .init(.cifar, channels: 4),
            imageSize: 8)
        #expect(try Network(a).cost.activationTraffic == 7 * 64 + 6 * 64)
        // An ImageNet stem reads 3·32² and writes 4·16²; the layer behind its pooling has maps of 8×8.
        let imageNet = try Architecture(
            blocks: [1], growthRate: 2, bottleneck: false, compression: 1, stem: .init(.imageNet, channels: 4),
            imageSize: 32)
        #expect(try Network(imageNet).cost.activationTraffic == 3 * 1024 + 4 * 256 + (4 + 2) * 64)
    }

    @Test func layersThatNothingReadsAreLeftOut() throws {
        let a = try Architecture(
            blocks: [3], growthRate: 2, bottleneck: false, compression: 1, stem: .init(.cifar, channels: 4),
            imageSize: 8)
        // Layer 2 is read by nothing; the end reads layers 1 and 3 only.
        let c = Connectivity(blocks: [[[true], [true, true], [true, true, false], [false, true, false, true]]])
        let network = try Network(a, c)
        #expect(network.blocks[0].layers.map(\.index) == [1, 3])
        #expect(network.blocks[0].endChannels == 4)
        #expect(network.cost.connections == 1 + 2)
        // Stem 108; layer 1: BN 8, 4·2·9; layer 3: BN 12, 6·2·9; end BN 8, classifier 4·10+10.
        #expect(network.cost.parameters == 108 + (8 + 72) + (12 + 108) + 8 + 50)
    }
}
