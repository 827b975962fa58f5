import Evaluation
import Foundation
import TestSupport
import Testing

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
            lines.dropFirst().prefix(5).map { $0.split(separator: " ")[0] } == [
                "scratch", "inherit", "shared", "MACs", "full",
            ])
        #expect(lines[6].hasPrefix("4 connectivities, ") && lines[6].contains("full training: 2 epochs, 2 seeds"))
        let whole = try ads(["calibrate"] + options("whole") + more + ["--workers", "1", "--json"])
        func values(_ path: String) throws -> [[Double]] {
            let value =
                try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: path))) as? [String: Any]
            let rows = try #require(value?["rows"] as? [[String: Any]])
            return rows.compactMap { $0["values"] as? [Double] }
        }
        let points = try whole.json()["points"] as? [Any]
        #expect(whole.status == 0 && points?.count == 4, "\(whole.errors)")
        #expect(try values(folder("whole/calibration.json")) == values(folder("c/calibration.json")))
        #expect(try ads(["report", folder("c")]).status == 0)
        let page = try String(contentsOfFile: folder("c/report.html"), encoding: .utf8)
        #expect(
            page.contains("Evaluators against full training") && page.contains("full training, one seed by another")
                && !page.contains("Search: spread"))
    }

    @Test func wrongWords() throws {
        for (more, sentence) in [
            (["--children", "1"], "a whole number from 2 to 1000000 is needed"),
            (["--full-seeds", "0"], "a whole number from 1 to 1000000 is needed"),
            (["--target-latency", "1"], "a calibration takes --target-macs, --target-parameters or --target-traffic"),
            (["--connectivity", "log"], "a calibration draws its own connectivities"),
            (["--child-epochs", "0"], "a number over 0, up to 1e+06 is needed"),
        ] {
            let refused = try ads(["calibrate"] + options("x") + more)
            #expect(refused.status == 64 && refused.errors.contains(sentence), "\(more): \(refused.errors)")
        }
        let none = try ads(["calibrate", "--resume", "--out", folder("x")])
        #expect(none.status == 64 && none.errors.contains("there is no calibration in \(folder("x")) to continue"))
        #expect(!FileManager.default.fileExists(atPath: folder("x")))
    }
}
