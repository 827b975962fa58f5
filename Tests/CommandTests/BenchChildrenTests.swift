import DenseNetArchitecture
import Foundation
import Runs
import TestSupport
import Testing

/// `ads bench --children`, and the peer that evaluates the same.
@Suite(.serialized) struct BenchChildrenTests {
    /// 7 connections to decide; a child takes a blink.
    private func architecture(_ folder: TemporaryFolder) throws -> String {
        let text =
            #"{"blocks":[4,2],"growth_rate":4,"bottleneck":false,"compression":1,"stem":{"kind":"cifar","channels":4},"input_channels":3,"image_size":32,"classes":10}"#
        try text.write(toFile: folder("a.json"), atomically: true, encoding: .utf8)
        return folder("a.json")
    }

    @Test func childrenAnHourAndWhereTheTimeGoes() throws {
        let folder = TemporaryFolder()
        let arch = try architecture(folder)
        try FileManager.default.createDirectory(atPath: folder("tmp"), withIntermediateDirectories: true)
        let finished = try run(
            Program.folder + "/ads",
            ["bench", "--arch", arch, "--children", "2", "--threads", "1", "--quiet", "--json"],
            environment: ["TMPDIR": folder("tmp")])
        #expect(finished.status == 0 && finished.errors.isEmpty, "\(finished.errors)")
        let result = try finished.json()
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder("tmp")).isEmpty, "something was left behind")
        #expect(result["children"] as? Int == 2 && result["threads"] as? Int == 1)
        #expect(result["macs"] as? Int == 2_400_536 && result["parameters"] as? Int == 4086)
        let share = try #require(result["macs_share"] as? Double)
        #expect(share > 0.55 && share <= 0.65)
        #expect(result["statistics_images"] as? Int == 2 * 64 && result["validation_images"] as? Int == 300)
        #expect(try #require(result["peak_megabytes"] as? Double) >= 0)
        let runs = try #require(result["runs"] as? [[String: Any]])
        #expect(runs.map { $0["kernels"] as? String } == ["swift", "torch"])
        for run in runs {
            func number(_ name: String) throws -> Double { try #require(run[name] as? Double) }
            let (whole, parts) = (
                try number("milliseconds"), try ["rebuilding", "statistics", "validation"].map(number)
            )
            #expect(try abs(number("children_per_hour") * whole / 3.6e6 - 1) < 1e-9)
            #expect(try parts.allSatisfy { $0 > 0 } && number("rest") >= 0)
            #expect(try abs(parts.reduce(0, +) + number("rest") - whole) < 1e-6 * whole)
            #expect(try number("fastest") > 0 && number("fastest") <= whole && whole <= number("slowest"))
        }
    }

    @Test func theSameInWords() throws {
        let folder = TemporaryFolder()
        let finished = try Program.ads(
            "bench", "--arch", try architecture(folder), "--children", "1", "--target-macs", "0.7", "--quiet",
            "--threads", "1")
        #expect(finished.status == 0, "\(finished.errors)")
        let lines = finished.output.split(separator: "\n")
        #expect(lines.count == 4)
        #expect(lines[0].contains("a.json, 1 child at ") && lines[0].contains("% of its MACs: BN statistics over "))
        #expect(lines[0].contains(" validated, 1 thread, "))
        for (line, kernels) in zip(lines[1...2], ["swift  ", "torch  "]) {
            #expect(line.hasPrefix(kernels) && line.contains(" children an hour, ") && line.contains(": rebuilding "))
        }
        #expect(lines[3].hasPrefix("ours is ") && lines[3].hasSuffix(" times as fast"))
    }

    /// What a peer is given.
    private struct Work: Codable {
        struct Found: Codable {
            var accuracy: Double
            var loss: Double
        }
        let mean: [Double]
        let deviation: [Double]
        let statistics: Int
        let batchSize: Int
        let labels: [Int]
        let children: [Connectivity]
        var found: [Found]
    }

    /// What it says.
    private struct Said: Decodable {
        let way: String
        let children: Int
        let milliseconds: Double
        let largestDifference: Double
        let firstChild: [String: Double]
        enum CodingKeys: String, CodingKey {
            case way, children, milliseconds
            case largestDifference = "largest_difference"
            case firstChild = "first_child"
        }
    }

    /// A row that compares two computations says nothing where they are not the same.
    @Test(.enabled(if: peerPython != nil, "PyTorch for Python is needed: the peer is its user's loop"))
    func thePeerComesToTheSameAndNoticesWhereItDoesNot() throws {
        let folder = TemporaryFolder()
        let finished = try Program.ads(
            "bench", "--arch", try architecture(folder), "--children", "3", "--kernels", "swift", "--threads", "1",
            "--quiet", "--json", "--out", folder("work"))
        #expect(finished.status == 0, "\(finished.errors)")
        let path = folder("work/children.json")
        let work = try RunFolder.decode(Work.self, path)
        let losses = work.found.map(\.loss)
        // The check tells children apart: its tolerance is small beside what they differ by.
        let other = try #require(work.children.indices.first { work.children[$0] != work.children[0] })
        #expect(abs(losses[other] - losses[0]) > 0.005, "\(losses)")

        func peer(_ name: String) throws -> Finished {
            try run(
                try #require(peerPython), [packageRoot + "/Benchmarks/peers.py", name, "children", folder("work"), "1"])
        }
        let same = try peer("torch")
        #expect(same.status == 0, "\(same.errors)")
        let said = try JSONDecoder().decode(Said.self, from: Data(same.output.utf8))
        #expect(said.children == 3 && said.milliseconds > 0 && said.largestDifference <= 1e-3)
        #expect(said.firstChild.count == 4)
        #expect(said.firstChild[said.way] == said.firstChild.values.min(), "\(said)")

        func refuses(_ changed: Work, _ change: String) throws {
            try RunFolder.encoder(pretty: false).encode(changed).write(to: URL(fileURLWithPath: path))
            let refused = try peer("torch-rebuilt-nchw")
            #expect(refused.status == 1 && refused.output.isEmpty, "\(change): \(refused.errors)")
            #expect(refused.errors.contains("they are not the same computation"), "\(change): \(refused.errors)")
        }
        var changed = work
        changed.found.swapAt(0, other)
        try refuses(changed, "another child's numbers")
        changed = work
        changed.found[1].loss += 0.002
        try refuses(changed, "another loss")
    }
}
