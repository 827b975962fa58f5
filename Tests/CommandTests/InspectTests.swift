import Foundation
import TestSupport
import Testing

@Suite struct InspectTests {
    /// The counting tables of the literature, both stems, through the executable.
    @Test(arguments: [
        ("densenet-40-12", "dense", 16, 234, 1_019_722, 264_812_928),
        ("densenet-40-12", "dense", 24, 234, 1_059_298, 282_917_328),
        ("densenet-40-12", "nearest:6", 16, 171, 643_522, 188_919_168),
        ("densenet-40-12", "nearest:6", 24, 171, 667_258, 200_056_272),
        ("densenet-40-12", "far-near:6", 16, 171, 936_562, 228_234_624),
        ("densenet-40-12", "far-near:6", 24, 171, 976_138, 246_339_024),
        ("densenet-40-12", "log", 16, 111, 466_642, 140_977_536),
        ("densenet-40-12", "log", 24, 111, 485_098, 149_792_208),
        ("densenet-40-12", "harmonic", 16, 66, 407_242, 114_850_176),
        ("densenet-40-12", "harmonic", 24, 66, 425_698, 123_664_848),
        ("densenet-40-12", "nearest", 16, 36, 221_122, 77_774_208),
        ("densenet-40-12", "nearest", 24, 36, 231_658, 83_105_232),
        ("densenet-bc-100-12", "dense", 24, 408, 769_162, 287_929_692),
        ("densenet121", "dense", 64, 535, 7_978_856, 2_834_161_664),
    ])
    func countsOfTheTables(
        arch: String, pattern: String, stem: Int, connections: Int, parameters: Int, macs: Int
    ) throws {
        let json = try Program.ads("inspect", "--arch", arch, "--connectivity", pattern, "--stem", "\(stem)", "--json")
            .json()
        #expect(json["connections"] as? Int == connections)
        #expect(json["parameters"] as? Int == parameters)
        #expect(json["macs"] as? Int == macs)
    }

    @Test(arguments: [("densenet161", 28_681_000), ("densenet169", 14_149_480), ("densenet201", 20_013_928)])
    func parametersOfTheOthers(arch: String, parameters: Int) throws {
        #expect(try Program.ads("inspect", "--arch", arch, "--json").json()["parameters"] as? Int == parameters)
    }

    @Test func whatInspectPrintsCanBeRead() throws {
        let folder = TemporaryFolder()
        let json = try Program.ads("inspect", "--arch", "densenet-22-12", "--connectivity", "log", "--json").json()
        let architecture = try JSONSerialization.data(withJSONObject: try #require(json["architecture"]))
        let connectivity = try JSONSerialization.data(withJSONObject: try #require(json["connectivity"]))
        try architecture.write(to: URL(fileURLWithPath: folder("a.json")))
        try connectivity.write(to: URL(fileURLWithPath: folder("c.json")))
        let again = try Program.ads("inspect", "--arch", folder("a.json"), "--connectivity", folder("c.json"), "--json")
        #expect(try again.json()["macs"] as? Int == 50_013_456)
    }

    @Test func drawsTheMatrices() throws {
        let text = try Program.ads("inspect", "--arch", "densenet-16-12", "--connectivity", "log").output
        #expect(text.contains("   4 █·██"))
        #expect(text.contains("MACs"))
    }
}
