import ConnectivitySearch
import Evaluation
import Foundation
import Runs
import TestSupport
import Testing

@testable import Reporting

/// Searches with weights that are not the children's own, and how such evaluators are calibrated.
@Suite(.serialized) struct CalibrateTests {
    private let folder = TemporaryFolder()

    private func options(_ out: String) throws -> [String] {
        let network =
            #"{"blocks":[4,3],"growth_rate":4,"bottleneck":false,"compression":1,"stem":{"kind":"cifar","channels":8},"input_channels":3,"image_size":32,"classes":10}"#
        try network.write(toFile: folder("a.json"), atomically: true, encoding: .utf8)
        return [
            "--data", "shapes", "--arch", folder("a.json"), "--limit-train", "64", "--limit-validation", "40",
            "--batch-size", "32",
            "--out", folder(out),
        ]
    }

    private func ads(_ arguments: [String], killOnce words: String? = nil, signal: Int32 = SIGKILL) throws -> Finished {
        try run(Program.folder + "/ads", arguments, killOnce: words, signal: signal)
    }

    private func show(_ name: String) throws -> [String: Any] {
        try ads(["study", "show", folder(name), "--json"]).json()
    }

    /// Killed while the shared weights are trained, and with other workers: the same children, scores and agent.
    @Test func sharedWeightsSurviveAKill() throws {
        let more = [
            "--evaluator", "shared", "--shared-epochs", "60", "--children", "7", "--children-per-update", "4", "--top",
            "1",
        ]
        let whole = try ads(["search"] + options("whole") + more + ["--workers", "1"])
        #expect(whole.status == 0 && whole.errors.contains("shared weights: epoch 60/60"), "\(whole.errors)")
        let killed = try ["search"] + options("killed") + more + ["--workers", "2", "--resume"]
        let first = try ads(killed, killOnce: "shared weights: epoch 3/60")
        let resumed = try ads(killed)
        #expect(first.status != 0 && resumed.status == 0, "\(first.errors)\(resumed.errors)")
        #expect(!first.errors.contains("epoch 60/60") && resumed.errors.contains("shared weights: epoch 60/60"))
        #expect(try show("whole")["digest"] as? String == show("killed")["digest"] as? String)
        // 60 epochs of two steps; two longer evaluations of two epochs.
        #expect(try show("whole")["images"] as? Int == 60 * 64 + 2 * 128)
        // Another strategy uses the same weights; other settings would need others.
        let reused = try ads(
            ["search"] + options("reused") + more + ["--strategy", "random", "--shared", folder("whole")])
        #expect(reused.status == 0 && !reused.errors.contains("epoch 1/60"), "\(reused.errors)")
        let seed = try ads(["search"] + options("seed") + more + ["--seed", "1", "--shared", folder("whole")])
        #expect(
            seed.status == 1
                && seed.errors.contains(
                    "the shared weights of \(folder("whole")) are not those of this search: the seed is 0 there and 1 here"
                ), "\(seed.errors)")
        let none = try ads(["search"] + options("none") + more + ["--shared", folder("nothing")])
        #expect(
            none.status == 1
                && none.errors.contains("\(folder("nothing")) holds no search with trained shared weights"),
            "\(none.errors)")
        #expect(
            !FileManager.default.fileExists(atPath: folder("none"))
                && !FileManager.default.fileExists(atPath: folder("seed")))
        // The whole network's training is no row of a comparison.
        let report = try ads(["report", folder("whole"), "--json"])
        #expect(report.status == 0 && !report.output.contains("\"shared\""), "\(report.output)\(report.errors)")
    }

    @Test func magnitudePrunesATrainedNetwork() throws {
        let train =
            try ["train"] + options("dense").filter { $0 != "--limit-validation" && $0 != "40" } + ["--epochs", "1"]
        #expect(try ads(train).status == 0)
        let search =
            try ["search"] + options("s") + [
                "--strategy", "magnitude", "--dense", folder("dense"), "--children", "5", "--top", "1",
            ]
        let done = try ads(search + ["--json"])
        #expect(done.status == 0 && done.errors.contains("magnitude tunes what step 4 of 5 left"), "\(done.errors)")
        let costs = try ads(["study", "trials", folder("s"), "--csv"]).output.split(separator: "\n").dropFirst()
            .map { $0.split(separator: ",", omittingEmptySubsequences: false) }.filter { $0[4].isEmpty }.compactMap {
                Int($0[9])
            }
        #expect(costs.count == 5 && costs == costs.sorted(by: >))
        // Dense 64, five children and four tunings of 64, two longer evaluations of 128.
        #expect(try show("s")["images"] as? Int == 64 + 5 * 64 + 4 * 64 + 2 * 128)
        let other = try ads(["search"] + options("t") + ["--dense", folder("dense"), "--evaluator", "scratch"])
        #expect(
            other.status == 64
                && other.errors.contains(
                    "--dense is for --evaluator inherit and masked and for strategies that prune it")
        )
    }

    @Test func calibratesAndResumes() throws {
        let more = ["--children", "4", "--full-epochs", "2", "--full-seeds", "2", "--shared-epochs", "2"]
        let stopped = try ads(["calibrate"] + options("c") + more, killOnce: "child 2/4", signal: SIGINT)
        #expect(
            stopped.status == 130 && stopped.errors.contains("Continue with the same command and --resume"),
            "\(stopped.errors)")
        let done = try ads(["calibrate", "--resume", "--out", folder("c")])
        #expect(done.status == 0, "\(done.errors)")
        let lines = done.output.split(separator: "\n")
        #expect(lines[0].hasPrefix("evaluator") && lines[0].hasSuffix("seconds before"))
        #expect(
            lines.dropFirst().prefix(10).map { $0.split(separator: " ")[0] } == [
                "scratch", "scratch", "inherit", "inherit", "masked", "masked", "shared", "shared", "MACs", "full",
            ])
        #expect(lines[11].hasPrefix("4 connectivities, ") && lines[11].contains("full training: 2 epochs, 2 seeds"))
        #expect(done.errors.contains("[6/6] masked, with fewer and with more images"))
        let whole = try ads(["calibrate"] + options("whole") + more + ["--workers", "1", "--json"])
        func values(_ path: String) throws -> [[Double]] {
            let value =
                try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: path))) as? [String: Any]
            let rows = try #require(value?["rows"] as? [[String: Any]])
            return rows.compactMap { $0["values"] as? [Double] }
        }
        let points = try whole.json()["points"] as? [Any]
        #expect(try values(folder("whole/calibration.json")).count == 9)
        #expect(whole.status == 0 && points?.count == 4, "\(whole.errors)")
        #expect(try values(folder("whole/calibration.json")) == values(folder("c/calibration.json")))
        #expect(try ads(["report", folder("c")]).status == 0)
        let page = try String(contentsOfFile: folder("c/report.html"), encoding: .utf8)
        #expect(
            page.contains("Evaluators against full training") && page.contains("full training, one seed by another")
                && !page.contains("Search: spread"))
    }

    /// At equal cost, from a trained dense network: the truth is a longer tuning, and costs explain nothing.
    @Test func bandsOfATrainedNetwork() throws {
        let train = try options("dense").filter { $0 != "--limit-validation" && $0 != "40" }
        #expect(try ads(["train"] + train + ["--epochs", "1"]).status == 0)
        let more = [
            "--dense", folder("dense"), "--bands", "0.7,0.9", "--children", "6", "--full-epochs", "2", "--workers",
            "1", "--augmentation", "none",
        ]
        let done = try ads(["calibrate"] + options("b") + more)
        #expect(done.status == 0, "\(done.errors)")
        let tuned = try String(contentsOfFile: folder("b/inherit/config.json"), encoding: .utf8)
        #expect(tuned.contains(/"augmentation" ?: ?false/), "\(tuned)")
        #expect(done.errors.contains("[1/3] inherited weights, and each child tuned longer: 2 × 2 epochs"))
        let lines = done.output.components(separatedBy: "\n")
        func cells(_ line: String) -> [String] {
            line.components(separatedBy: "  ").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
        }
        #expect(
            cells(lines[0]) == [
                "evaluator", "tau within bands", "95% interval", "at 70%", "at 90%", "by each seed", "given the MACs",
                "seconds a child", "images a child", "seconds before",
            ])
        #expect(
            lines[1...6].map { cells($0)[0] } == [
                "inherit", "inherit by loss", "masked", "masked by loss", "MACs alone",
                "longer tuning, one seed by another",
            ])
        #expect(lines[7].hasPrefix("6 connectivities, 2,543,976 to 3,281,256 MACs; longer tuning: 2 epochs, 2 seeds"))
        #expect(lines[8].hasPrefix("compared within bands of equal cost alone: "))
        #expect(lines[8].contains(" at 70%, 2,543,976 to 2,543,976 MACs; "))
        #expect(lines[8].hasSuffix(" at 90%, 3,281,256 to 3,281,256 MACs"))
        #expect(lines[9].contains("; connectivities of one band deviate by "))
        #expect(lines[10].isEmpty && lines[11] == "masked, by numbers of images:")
        #expect(
            cells(lines[12]) == [
                "images for statistics", "validation images", "tau by accuracy", "95% interval", "tau by loss",
                "95% interval", "seconds a child",
            ])
        let numbers = lines[13...17].map { cells($0).prefix(2).joined(separator: " ") }
        #expect(numbers == ["64 2", "64 5", "64 10", "64 20", "64 40"])

        let file = folder("b/calibration.json")
        func read() throws -> [String: Any] {
            let json = try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: file)))
            return try #require(json as? [String: Any])
        }
        let found = try read()
        // 49 steps of 36,864 MACs lie over the cheapest network's 1,843,560; 19 and 39 of them are the bands.
        let points = try #require(found["points"] as? [[String: Any]])
        #expect(points.count == 6)
        for point in points {
            let (band, macs) = (try #require(point["band"] as? Int), try #require(point["macs"] as? Int))
            #expect(macs == 1_843_560 + [19, 39][band] * 36_864)
        }
        let bands = try #require(found["bands"] as? [[String: Any]])
        #expect(bands.compactMap { $0["limit"] as? Int } == [2_554_927, 3_284_906])
        #expect(bands.compactMap { $0["points"] as? Int }.reduce(0, +) == 6)
        let rows = try #require(found["rows"] as? [[String: Any]])
        #expect(rows.map { $0["images_per_child"] as? Int } == [64, 64, 0, 0, 0])
        #expect(rows.map { $0["images_before"] as? Int } == [64, 64, 64, 64, 0])
        // The MACs are the same within a band: nothing differs.
        #expect(rows[4]["tau"] == nil && rows[4]["low"] == nil)

        // Without the last scores and the result: what is there is not computed again, and all comes out the same.
        let kept = try String(contentsOfFile: folder("b/readings.jsonl"), encoding: .utf8).split(separator: "\n")
        #expect(kept.count == 6)
        try (kept.prefix(2) + [kept[2].prefix(50)]).joined(separator: "\n")
            .write(toFile: folder("b/readings.jsonl"), atomically: true, encoding: .utf8)
        try FileManager.default.removeItem(atPath: file)
        let typed = ["--bands", "0.70,0.9", "--dense", folder("dense"), "--augmentation", "none"]
        let resumed = try ads(["calibrate", "--resume", "--out", folder("b")] + typed)
        #expect(resumed.status == 0, "\(resumed.errors)")
        #expect(!resumed.errors.contains("child 1/6 scored") && !resumed.errors.contains("child 2/6 scored"))
        for child in 3...6 {
            #expect(resumed.errors.contains("child \(child)/6 scored with 5 numbers of images"), "\(resumed.errors)")
        }
        func timeless(_ lines: [String]) -> [[String]] { lines[13...17].map { Array(cells($0).dropLast()) } }
        #expect(timeless(resumed.output.components(separatedBy: "\n")) == timeless(lines))
        let again = try #require(read()["rows"] as? [[String: Any]])
        #expect(again.map { $0["values"] as? [Double] } == rows.map { $0["values"] as? [Double] })

        // Were some not trained to an end, it would be said.
        let whole = try String(contentsOfFile: file, encoding: .utf8)
        for (failed, said) in [(1, "1 connectivity"), (2, "2 connectivities")] {
            try whole.replacing("{", with: "{\"failed\":\(failed),", maxReplacements: 1)
                .write(toFile: file, atomically: true, encoding: .utf8)
            let calibration = try RunFolder(folder("b")).read(Calibration.self, from: file)
            let sentence = "left out: \(said) of which a full training or an evaluation failed"
            #expect(calibration.table.contains("\n\(sentence)\n"))
            #expect(try ads(["report", folder("b")]).status == 0)
            let page = try String(contentsOfFile: folder("b/report.html"), encoding: .utf8)
            #expect(page.contains("Left out: \(said) of which a full training or an evaluation failed."))
        }
        try whole.write(toFile: file, atomically: true, encoding: .utf8)
        #expect(try ads(["report", folder("b")]).status == 0)
        let page = try String(contentsOfFile: folder("b/report.html"), encoding: .utf8)
        #expect(page.contains("Evaluators against longer tuning") && page.contains("<th>at 70%</th>"))
        #expect(page.contains("<th>images for statistics</th>") && page.contains("Compared within bands of equal cost"))
        let content = try ReportContent(folders: [folder("b")])
        let command = ReportCommands.command(for: try #require(content.calibrations.first))
        #expect(command.contains("--bands 0.7,0.9") && command.contains("--dense \(folder("dense"))"))
        #expect(command.contains("--augmentation none"))
        #expect(!command.contains("--shared-epochs") && !command.contains("--search-block-end"))
    }

    /// A dense network that is none, or not one for this seed, is refused before anything is written.
    @Test func denseNetworksThatAreRefused() throws {
        let train = try options("dense").filter { $0 != "--limit-validation" && $0 != "40" }
        #expect(try ads(["train"] + train + ["--epochs", "1"]).status == 0)
        for (more, sentence) in [
            (["--dense", folder("none")], "there is no file \(folder("none"))/weights.safetensors"),
            (["--dense", folder("dense"), "--seed", "1"], "train it with --seed 1"),
        ] {
            let refused = try ads(["calibrate"] + options("x") + more)
            #expect(refused.status == 1 && refused.errors.contains(sentence), "\(refused.errors)")
            #expect(refused.errors.split(separator: "\n").count == 1)
        }
        #expect(!FileManager.default.fileExists(atPath: folder("x")))
    }

    @Test func wrongWords() throws {
        for (more, sentence) in [
            (["--children", "1"], "a whole number from 2 to 1000000 is needed"),
            (["--full-seeds", "0"], "a whole number from 1 to 1000000 is needed"),
            (["--target-latency", "1"], "a calibration takes --target-macs, --target-parameters or --target-traffic"),
            (["--connectivity", "log"], "a calibration draws its own connectivities"),
            (["--child-epochs", "0"], "a number over 0, up to 1e+06 is needed"),
            (
                ["--bands", "0.7,0.6"],
                "ascending numbers over 0 and under 1, with commas between them, are needed; see 'ads calibrate --help'"
            ),
            (
                ["--bands", "0.6,0.7", "--target-macs", "0.8"],
                "--bands and a target exclude each other; give one of them; see 'ads calibrate --help'"
            ),
            (
                ["--bands", "0.6,0.7,0.8", "--children", "5"],
                "5 children in 3 bands; each band needs 2 or more to compare"
            ),
            (
                ["--bands", "0.3,0.7"],
                "a target of 1094968 MACs is out of reach: pruning the layers' connections reaches 1843560 to 3649896 MACs, 0.505 to 1 of the dense network"
            ),
            (
                ["--bands", "0.001,0.7", "--search-block-end"],
                "a target of 3649 MACs is out of reach: pruning all connections reaches "
            ),
            (
                ["--dense", "x", "--shared-epochs", "3"],
                "--shared-epochs is for calibrations without --dense, which compare shared weights; see 'ads calibrate --help'"
            ),
        ] {
            let refused = try ads(["calibrate"] + options("x") + more)
            #expect(refused.status == 64 && refused.errors.contains(sentence), "\(more): \(refused.errors)")
        }
        let none = try ads(["calibrate", "--resume", "--out", folder("x")])
        #expect(none.status == 64 && none.errors.contains("there is no calibration in \(folder("x")) to continue"))
        #expect(!FileManager.default.fileExists(atPath: folder("x")))
    }
}
