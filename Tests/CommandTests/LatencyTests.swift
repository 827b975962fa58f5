import Foundation
import Reporting
import Runs
import TestSupport
import Testing

@testable import ads

/// `ads evaluate --latency`: what is measured, by whom, and what a report reads of it.
@Suite(.serialized) struct LatencyTests {
    private let scratch = TemporaryFolder()

    private func ads(_ arguments: [String]) throws -> Finished { try run(Program.folder + "/ads", arguments) }

    /// A network trained for a moment.
    private func train(_ name: String, _ more: [String]) throws {
        let text =
            #"{"blocks":[3,3],"growth_rate":4,"bottleneck":false,"compression":1,"stem":{"kind":"cifar","channels":8},"input_channels":3,"image_size":32,"classes":10}"#
        try text.write(toFile: scratch("a.json"), atomically: true, encoding: .utf8)
        let done = try ads(
            [
                "train", "--data", "shapes", "--arch", scratch("a.json"), "--epochs", "1", "--limit-train", "64",
                "--batch-size", "32", "--threads", "1", "--quiet", "--out", scratch(name),
            ] + more)
        #expect(done.status == 0, "\(done.errors)")
    }

    @Test(.enabled(if: hasONNXPeers, "ONNX's runtimes are needed: they are timed")) func besideTheDenseNetwork() throws
    {
        try train("part", ["--connectivity", "nearest"])
        // The Python that has them, first.
        let python = URL(fileURLWithPath: try #require(peerPython)).deletingLastPathComponent().path
        let done = try run(
            Program.folder + "/ads", ["evaluate", scratch("part"), "--latency", "--threads", "1"],
            environment: ["PATH": python + ":/usr/bin:/bin"])
        #expect(done.status == 0, "\(done.errors)")
        let lines = done.output.split(separator: "\n").map(String.init)
        let head = try #require(lines.firstIndex { $0.hasPrefix("ms a batch, median, 1 thread; MACs 0.") })
        #expect(lines[head + 1].split(separator: " ") == ["batch", "this", "dense", "ratio"])
        let rows = lines[(head + 2)...].prefix(8)
        let programs = rows.map { $0.prefix { !$0.isNumber }.trimmingCharacters(in: .whitespaces) }
        #expect(
            programs == [
                "ads", "libtorch", "ads", "libtorch", "ONNX Runtime", "ONNX Runtime", "OpenVINO", "OpenVINO",
            ])
        let found = try #require(try RunFolder(scratch("part")).readLatencies())
        #expect(found.rows.map(\.batch) == [1, 1, 64, 64, 1, 64, 1, 64] && found.threads == 1)
        #expect(found.rows.allSatisfy { ($0.ratio ?? 0) > 0 && $0.denseMilliseconds ?? 0 > 0 })
        #expect(found.rows.allSatisfy { ($0.work.map { 0 < $0 && $0 < 1 } ?? false) == ($0.program == "ads") })
        #expect(
            done.errors.contains("timing ads, batch 1\n")
                && done.errors.contains("timing ONNX Runtime and OpenVINO, where python3 has them\n"))
        // The report has what was measured.
        #expect(try ads(["report", scratch("part")]).status == 0)
        let page = try String(contentsOfFile: scratch("part/report.html"), encoding: .utf8)
        #expect(page.contains("<h2>On the clock</h2>") && page.contains("OpenVINO <small>"))
    }

    /// Without Python, or its packages, the program's own times are there, and why others are not.
    @Test func withoutPeers() throws {
        try train("dense", [])
        // A run that cannot be written to shows its times all the same.
        try FileManager.default.createDirectory(
            atPath: scratch("dense/latency.json"), withIntermediateDirectories: false)
        let unwritten = try run(
            Program.folder + "/ads", ["evaluate", scratch("dense"), "--latency", "--threads", "1", "--quiet"],
            environment: ["PATH": "/nowhere"])
        #expect(unwritten.status == 0 && unwritten.output.contains("\nms a batch"), "\(unwritten.errors)")
        #expect(
            unwritten.errors.hasPrefix("ads: the times are not noted in the run: ")
                && unwritten.errors.contains("latency.json"), "\(unwritten.errors)")
        try FileManager.default.removeItem(atPath: scratch("dense/latency.json"))
        let bare = try run(
            Program.folder + "/ads", ["evaluate", scratch("dense"), "--latency", "--threads", "1", "--json"],
            environment: ["PATH": "/nowhere"])
        #expect(bare.status == 0, "\(bare.errors)")
        #expect(bare.errors.contains("ONNX Runtime and OpenVINO were not timed: "))
        let latency = try #require(try bare.json()["latency"] as? [String: Any])
        let rows = try #require(latency["rows"] as? [[String: Any]])
        // The dense network has nothing beside it.
        #expect(rows.count == 4 && rows.allSatisfy { $0["ratio"] == nil } && latency["share"] as? Double == 1)
        let table = try #require(try RunFolder(scratch("dense")).readLatencies()).lines
        #expect(table[0] == "ms a batch, median, 1 thread" && table.count == 6)
    }

    @Test func mediansOfRounds() throws {
        let row = Latencies.Row(
            program: "x", version: "1", batch: 1, own: [1, 8, 3], dense: [2, 4, 30])
        // Of the rounds' ratios .5, 2 and .1, not of the medians.
        #expect(row.milliseconds == 3 && row.denseMilliseconds == 4 && row.ratio == 0.5)
        #expect(Latencies.Row(program: "x", version: "1", batch: 1, own: [2], dense: nil).ratio == nil)
        var latencies = Latencies(threads: 2, machine: "m", share: 0.4, rows: [row])
        #expect(
            latencies.lines.last
                == "Of x at batch 1 (0.50) the time is more than the share of MACs: MACs leave out what BN, pooling and each layer by itself take."
        )
        // Whose work is known says so where it is more than the share of MACs, and only there.
        for (work, own) in [(0.45, true), (0.4, false)] {
            latencies.rows[0].work = work
            #expect(
                latencies.lines.last?.contains(
                    ": our kernels do 0.45 at batch 1 of the dense network's multiply-adds, as what was pruned costs them less than its MACs say (Winograd's convolution of large maps); and MACs leave out"
                ) == own)
        }
        latencies.share = 0.48
        #expect(latencies.lines.count == 3)
    }

    @Test func whatIsReadIsChecked() throws {
        let run = RunFolder(scratch.path)
        #expect(try run.readLatencies() == nil)
        let row = Latencies.Row(
            program: "x", version: "1", batch: 1, milliseconds: 1, denseMilliseconds: 2, ratio: 0.5, work: 0.6)
        let good = Latencies(threads: 1, machine: "m", share: 0.5, rows: [row])
        try run.write(good, to: run.latencies)
        #expect(try run.readLatencies() == good)
        for change: (inout Latencies) -> Void in [
            { $0.threads = 0 }, { $0.share = 0 }, { $0.share = 1.5 }, { $0.rows[0].batch = 0 },
            { $0.rows[0].milliseconds = 0 }, { $0.rows[0].milliseconds = .nan }, { $0.rows[0].denseMilliseconds = -1 },
            { $0.rows[0].ratio = .infinity }, { $0.rows[0].work = 1.1 }, { $0.rows[0].work = .nan },
            { $0.rows = [Latencies.Row](repeating: $0.rows[0], count: 101) },
        ] {
            var bad = good
            change(&bad)
            try run.write(bad, to: run.latencies)
            do {
                _ = try run.readLatencies()
                Issue.record("taken")
            } catch {
                #expect("\(error)" == "\(run.latencies) is damaged: it holds times that cannot be")
            }
        }
    }
}
