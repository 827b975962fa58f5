import ConnectivitySearch
import Foundation
import Runs
import TestSupport
import Testing
import Training

/// The executable end to end: runs, kills, resumes.
@Suite(.serialized) struct RunTests {
    private let small = ["--threads", "1", "--quiet", "--json"]

    /// A network of 2 layers a block: the whole way in seconds.
    private func architecture(_ folder: TemporaryFolder) throws -> String {
        let text =
            #"{"blocks":[2,2],"growth_rate":6,"bottleneck":false,"compression":1,"stem":{"kind":"cifar","channels":8},"input_channels":3,"image_size":32,"classes":10}"#
        try text.write(toFile: folder("a.json"), atomically: true, encoding: .utf8)
        return folder("a.json")
    }

    private func ads(_ arguments: [String], killAfter: Double? = nil, signal: Int32 = SIGKILL) throws -> Finished {
        try run(Program.folder + "/ads", arguments, killAfter: killAfter, signal: signal)
    }

    @Test func benchMeasuresBothKernels() throws {
        let folder = TemporaryFolder()
        for work in [[], ["--inference"]] {
            let finished = try ads(
                ["bench", "--arch", architecture(folder), "--batch-size", "4", "--repetitions", "2"] + work + small)
            #expect(finished.status == 0, "\(finished.errors)")
            let result = try finished.json()
            let runs = try #require(result["runs"] as? [[String: Any]])
            #expect(runs.map { $0["kernels"] as? String } == ["swift", "torch"])
            for run in runs {
                #expect(
                    (run["milliseconds"] as? Double ?? 0) > 0
                        && run["work"] as? String == (work.isEmpty ? "training step" : "inference"))
            }
            let share = try #require(runs[0]["share_of_peak"] as? Double)
            #expect(share > 0 && share < 1.2 && runs[1]["share_of_peak"] == nil)
            #expect((result["peak"] as? Double ?? 0) > 1e9 && (result["multiply_adds"] as? Int ?? 0) > 0)
        }
    }

    @Test func theWholeWay() throws {
        let folder = TemporaryFolder()
        let arch = try architecture(folder)
        let common = ["--data", "shapes", "--arch", arch, "--limit-train", "256", "--batch-size", "32"]
        let dense = try ads(["train"] + common + ["--epochs", "1", "--out", folder("dense")] + small)
        #expect(dense.status == 0, "\(dense.errors)")
        let trained = try dense.json()
        for key in ["accuracy", "loss", "parameters", "macs", "images_per_second", "split"] {
            #expect(trained[key] != nil, "\(key)")
        }
        let search = try ads(
            ["search"] + common + [
                "--children", "4", "--target-macs", "0.9", "--dense", folder("dense"), "--limit-validation", "50",
                "--top", "1", "--out", folder("ads"),
            ] + small)
        #expect(search.status == 0, "\(search.errors)")
        #expect((try search.json()["macs_share"] as? Double ?? 2) <= 0.9)
        let again = try ads(["search"] + common + ["--children", "4", "--out", folder("ads")] + small)
        #expect(again.status == 1 && again.errors.contains("holds a run already; continue it with --resume"))
        let retrained = try ads(["retrain", folder("ads"), "--epochs", "1", "--batch-size", "64"] + small)
        #expect(retrained.status == 0, "\(retrained.errors)")
        #expect(try retrained.json()["split"] as? String == "test")
        #expect(try retrained.json()["macs"] as? Int == search.json()["macs"] as? Int)
        let inherited = try ads(
            [
                "retrain", folder("ads"), "--inherit", "--epochs", "1", "--batch-size", "64", "--out",
                folder("inherited"),
            ] + small)
        #expect(inherited.status == 0, "\(inherited.errors)")
        let evaluated = try ads(["evaluate", folder("ads/retrained-0"), "--split", "test"] + small)
        #expect(try evaluated.json()["accuracy"] as? Double == retrained.json()["accuracy"] as? Double)
        #expect(
            try String(contentsOfFile: folder("ads/retrained-0/test-uses.jsonl"), encoding: .utf8).split(
                separator: "\n"
            ).count == 2)
        let report = try ads(["report", folder.path])
        #expect(report.status == 0, "\(report.errors)")
        let html = try String(contentsOfFile: folder("report.html"), encoding: .utf8)
        for part in [
            "<h2>Networks</h2>", "<h2>Confusion</h2>", "<h2>Search: ads</h2>",
            "<h2>Accuracy against cost</h2>", "<h2>Repeat it</h2>",
            "ads train --data shapes",
        ] {
            #expect(html.contains(part), "\(part)")
        }
        #expect(html.contains("<th scope=\"row\">dense</th>") && html.contains("<th scope=\"row\">found</th>"))
        // The dense network was validated, the found one tested, and trained with other steps.
        #expect(
            html.contains(
                "are not compared here: the accuracy is of the validation images for the dense network and of the test images"
            ))
        #expect(!html.contains("class=\"best\""), "one by itself is not the best of anything")
        #expect(!html.contains("GRDB") && !html.contains("Optional("), "a value was printed that is none for readers")
        #expect(!html.contains("http"), "the report needs nothing from elsewhere")
        let table = try ads(["report", folder.path, "--markdown"]).output
        #expect(table.contains("| found |") && table.contains("| dense |"))
    }

    @Test func theSameCommandGivesTheSameBits() throws {
        let folder = TemporaryFolder()
        let arch = try architecture(folder)
        for name in ["one", "two"] {
            let done = try ads(
                [
                    "train", "--data", "shapes", "--arch", arch, "--limit-train", "128", "--batch-size", "32",
                    "--epochs", "2", "--out", folder(name),
                ] + small)
            #expect(done.status == 0, "\(done.errors)")
        }
        #expect(
            try Data(contentsOf: URL(fileURLWithPath: folder("one/weights.safetensors")))
                == Data(contentsOf: URL(fileURLWithPath: folder("two/weights.safetensors"))))
    }

    @Test func ctrlCSavesAndSaysHowToGoOn() throws {
        let folder = TemporaryFolder()
        let arch = try architecture(folder)
        let command = [
            "train", "--data", "shapes", "--arch", arch, "--batch-size", "32", "--epochs", "50", "--threads", "1",
            "--out", folder("run"),
        ]
        let stopped = try ads(command, killAfter: 4, signal: SIGINT)
        #expect(stopped.status == 130)
        #expect(stopped.errors.contains("saved. Continue with the same command and --resume"))
        let resumed = try ads(["train", "--resume", "--out", folder("run")], killAfter: 3, signal: SIGINT)
        #expect(resumed.status == 130)
    }

    /// Killed at random moments until it is done: the same weights as never killed; no epoch that was shown is lost.
    @Test func aTrainingSurvivesKills() throws {
        let folder = TemporaryFolder()
        let arch = try architecture(folder)
        func command(_ out: String) -> [String] {
            [
                "train", "--data", "shapes", "--arch", arch, "--limit-train", "256", "--batch-size", "32", "--epochs",
                "6", "--threads", "1", "--resume", "--out", folder(out),
            ]
        }
        let whole = try ads(command("whole"))
        #expect(whole.status == 0, "\(whole.errors)")
        var kills = 0
        while true {
            let attempt = try ads(command("killed"), killAfter: kills < 10 ? Double.random(in: 0.2...1.6) : nil)
            if attempt.status == 0 { break }
            #expect(attempt.status == SIGKILL, "\(attempt.errors)")
            kills += 1
            // What was shown on stderr as a finished epoch is in metrics.jsonl.
            let shown = attempt.errors.split(separator: "\n").count { $0.contains("validation") }
            let kept =
                (try? String(contentsOfFile: folder("killed/metrics.jsonl"), encoding: .utf8))?.split(separator: "\n")
                .count ?? 0
            #expect(kept >= shown)
            if kills > 10 { break }
        }
        #expect(
            try Data(contentsOf: URL(fileURLWithPath: folder("whole/weights.safetensors")))
                == Data(contentsOf: URL(fileURLWithPath: folder("killed/weights.safetensors"))))
    }

    @Test func startsFromAnotherFolderWithAnEmptyEnvironment() throws {
        let finished = try run(
            Program.folder + "/ads", ["inspect", "--arch", "densenet-22-12", "--json"], environment: [:], in: "/")
        #expect(finished.status == 0, "\(finished.errors)")
        let version = try run(Program.folder + "/ads", ["--version"], environment: [:], in: "/")
        #expect(version.output.hasPrefix("0."))
    }

    /// The demo ends at its table and report, says of every network what was tested, and again finds everything done.
    @Test func theDemoTellsItsStory() throws {
        let folder = TemporaryFolder()
        let command = ["demo", "--children", "6", "--epochs", "1", "--quiet", "--seed", "4", "--out", folder("demo")]
        let first = try ads(command)
        #expect(first.status == 0 && first.errors.isEmpty, "\(first.errors)")
        for line in [
            "found:", "agent       first 6: ", "coin flips  first 6: ", "report: \(folder("demo"))/report.html",
        ] {
            #expect(first.output.contains("\n" + line), "\(line)")
        }
        func result(_ name: String) throws -> TrainingResult {
            try RunFolder(folder("demo/" + name)).read(
                TrainingResult.self, from: RunFolder(folder("demo/" + name)).result)
        }
        let (dense, found, flipped) = (try result("dense"), try result("found"), try result("random"))
        for result in [dense, found, flipped] {
            #expect(result.split == "test")
            let row = first.output.split(separator: "\n").first { $0.hasPrefix(result.label + " ") }
            #expect(row?.contains(String(format: "%.2f%%", 100 * result.accuracy)) == true, "\(result.label)")
        }
        for result in [found, flipped] {
            let share = Double(result.macs) / Double(dense.macs)
            #expect(share <= 0.45 && share > 0.41)
        }
        // The table has the accuracy of the child that was taken.
        for (label, search) in [("found", "ads"), ("random", "random")] {
            let run = RunFolder(folder("demo/search-" + search))
            let taken = try run.read(SearchResult.self, from: run.result).accuracy
            let row = first.output.split(separator: "\n").first { $0.hasPrefix(label + " ") }
            #expect(row?.contains(String(format: " %.2f%% ", 100 * taken)) == true, "\(label)")
        }
        // Nothing is trained or searched twice: no weights are written again.
        let kept = ["dense", "found", "random"].map { "\($0)/weights.safetensors" }
        func written() throws -> [Date?] {
            try kept.map {
                try FileManager.default.attributesOfItem(atPath: folder("demo/" + $0))[.modificationDate] as? Date
            }
        }
        let before = try written()
        let again = try ads(command + ["--json"])
        let rows = try JSONDecoder().decode([Row].self, from: Data(again.output.utf8))
        #expect(again.status == 0 && Set(rows.map(\.label)).isSuperset(of: ["dense", "found", "random"]))
        #expect(try written() == before && !before.contains(nil))
        // Nor is anything tested twice.
        for name in ["dense", "found", "random"] {
            let uses = try String(contentsOfFile: folder("demo/\(name)/test-uses.jsonl"), encoding: .utf8)
            #expect(uses.split(separator: "\n").count == 1, "\(name): \(uses)")
        }
        // Another number of children is another demo, and this one stays as it is.
        for children in ["5", "7"] {
            let other = try ads([
                "demo", "--children", children, "--epochs", "1", "--seed", "4", "--out", folder("demo"),
            ])
            #expect(other.status == 64)
            #expect(
                other.errors
                    == "ads: --children is 6 in \(folder("demo")) and cannot change; choose another folder with --out\n"
            )
        }
        #expect(try ads(command).status == 0)
        // A page, a picture or matrices take the place of no file of a run.
        let found2 = folder("demo/search-ads")
        for name in ["search-ads", "found", "found/checkpoints"] {
            for file in try FileManager.default.contentsOfDirectory(atPath: folder("demo/" + name))
            where file != "report.html" && file != "checkpoints" {
                #expect(RunFolder.ownFiles.contains(file), "\(file)")
            }
        }
        for command in [
            ["report", found2, "--out", found2 + "/study.sqlite"],
            ["inspect", found2, "--svg", found2 + "/config.json"],
            ["study", "best", found2, "--out", found2 + "/study.sqlite"],
            ["report", found2, "--out", folder("demo/found/weights.safetensors")],
        ] {
            let file = command[command.count - 1]
            let kept = try Data(contentsOf: URL(fileURLWithPath: file))
            let refused = try ads(command)
            #expect(refused.status == 64 && refused.output.isEmpty)
            #expect(
                refused.errors
                    == "ads: \(file) is a file of a run, which must not be replaced; choose another name\n")
            #expect(try Data(contentsOf: URL(fileURLWithPath: file)) == kept)
        }
        // A build that searched otherwise left another demo.
        let search = RunFolder(found2)
        let own = try search.read(SearchConfiguration.self, from: search.configuration)
        for change in [
            { $0.keepsPredecessor = true }, { $0.evaluator.reward = .loss },
        ] as [(inout SearchConfiguration) -> Void] {
            var older = own
            change(&older)
            try search.write(older, to: search.configuration)
            let refused = try ads(command)
            #expect(refused.status == 64)
            #expect(
                refused.errors
                    == "ads: \(folder("demo")) holds a demo of an older build; choose another folder with --out\n")
        }
    }

    /// Interrupted it says how to go on, which is not an option that it lacks; a closed terminal interrupts, too.
    @Test(arguments: [SIGINT, SIGHUP]) func anInterruptedDemoSaysHowToGoOn(signal: Int32) throws {
        let folder = TemporaryFolder()
        let stopped = try run(
            Program.folder + "/ads", ["demo", "--children", "4", "--epochs", "9", "--out", folder("demo")],
            killOnce: "training the dense network", signal: signal)
        #expect(stopped.status == 130)
        #expect(stopped.errors.hasSuffix("; saved. Continue with the same command\n"), "\(stopped.errors.suffix(300))")
    }

    /// Whoever asked that a closed terminal be ignored is not interrupted by it.
    @Test func nohup() throws {
        let folder = TemporaryFolder()
        let network = ["--data", "shapes", "--arch", "densenet-7-2", "--limit-train", "64", "--batch-size", "32"]
        let words =
            ["/usr/bin/nohup", Program.folder + "/ads", "train"] + network + ["--epochs", "30", "--out", folder("r")]
        let done = try run("/usr/bin/env", words, killOnce: "epoch 2/", signal: SIGHUP)
        #expect(done.status == 0 && done.errors.contains("epoch 30/30"), "\(done.errors.suffix(300))")
    }
    /// Photographs take minutes to be read; who does not want to wait for that need not.
    @Test func imagesThatAreReadCanBeInterrupted() throws {
        let folder = TemporaryFolder()
        // A file of 6,000 by 6,000 grey pixels, under many names: most of a minute, and next to no room.
        let make = #"""
            import os, struct, sys, zlib
            def chunk(name, data): return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
            pixels = zlib.compress(bytes(6001 * 6000), 1)
            head = chunk(b"IHDR", struct.pack(">IIBBBBB", 6000, 6000, 8, 0, 0, 0, 0))
            for c in "ab":
                os.makedirs(f"{sys.argv[1]}/{c}")
                for i in range(250 * os.cpu_count()):
                    path = f"{sys.argv[1]}/{c}/{i}.png"
                    if c == "a" and i == 0:
                        first = path
                        open(path, "wb").write(b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", pixels) + chunk(b"IEND", b""))
                    else:
                        os.link(first, path)
            """#
        let made = try run("/usr/bin/env", ["python3", "-c", make, folder("images")])
        #expect(made.status == 0, "\(made.errors)")
        let began = Date()
        let stopped = try ads(
            [
                "train", "--data", "folder", "--data-dir", folder("images"), "--image-cache", folder("cache"), "--arch",
                "densenet-7-2", "--epochs", "1", "--out", folder("run"),
            ], killAfter: 4, signal: SIGINT)
        #expect(stopped.status == 130 && Date().timeIntervalSince(began) < 20)
        #expect(stopped.errors == "ads: interrupted while images were read; nothing was kept of them\n")
        #expect(((try? FileManager.default.contentsOfDirectory(atPath: folder("cache"))) ?? []).isEmpty)
        #expect(!FileManager.default.fileExists(atPath: folder("run")))
    }

    private struct Row: Decodable { let label: String }

    @Test func theExampleRuns() throws {
        let folder = TemporaryFolder()
        let finished = try run(Program.folder + "/search-your-data", [folder("search")])
        #expect(finished.status == 0, "\(finished.errors)")
        #expect(finished.output.contains("child 12: accuracy") && finished.output.contains("found: "))
    }

    @Test func helpNamesEveryCommandWithAnExample() throws {
        let help = try ads(["--help"]).output
        for command in ["demo", "train", "search", "retrain", "evaluate", "inspect", "report"] {
            #expect(help.contains("  " + command))
            #expect(try ads([command, "--help"]).output.contains("EXAMPLE"))
        }
    }
}
