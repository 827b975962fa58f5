import ConnectivitySearch
import Foundation
import Runs
import TestSupport
import Testing

/// Runs in places that are not as usual: another working folder, storage that is only read, data that changed, links.
@Suite(.serialized) struct OddPlaceTests {
    private let scratch = TemporaryFolder()

    private func ads(_ arguments: [String], in folder: String? = nil) throws -> Finished {
        try run(Program.folder + "/ads", arguments, in: folder)
    }

    private func done(_ arguments: [String], in folder: String? = nil) throws {
        let done = try ads(arguments, in: folder)
        #expect(done.status == 0, "\(arguments): \(done.errors)")
    }

    private func network() throws -> [String] { try SmallNetwork.options(in: scratch) }

    /// Images in two class folders, from the fuzzers' corpus.
    private func images(_ name: String, _ count: Int) throws {
        for split in ["train", "test"] {
            for label in ["cup", "hat"] {
                let folder = scratch("\(name)/\(split)/\(label)")
                try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
                for i in 0..<count {
                    let seed = ["jpeg/valid-progressive", "png/valid-alpha"][i % 2]
                    try FileManager.default.copyItem(
                        atPath: packageRoot + "/Tests/Fuzz/corpus/" + seed, toPath: "\(folder)/\(i)")
                }
            }
        }
    }

    /// At another size the same photographs are other images, of which weights may know those that are validated on.
    @Test func weightsKnowWhatTheyWereTrainedOn() throws {
        try images("own", 20)
        let train = [
            "train", "--data", "folder", "--data-dir", scratch("own"), "--no-image-cache", "--epochs", "1",
            "--batch-size", "8", "--quiet",
        ]
        try done(train + ["--arch", "densenet-7-2", "--image-size", "8", "--out", scratch("small")])
        let weights = ["--weights", scratch("small"), "--arch", scratch("small/architecture.json")]
        for (size, seed) in [("8", "1"), ("12", "1"), ("12", "0")] {
            let next = try ads(
                train + weights + ["--image-size", size, "--seed", seed, "--out", scratch("next-\(size)-\(seed)")])
            let file = scratch("small/weights.safetensors")
            let expected =
                switch (size, seed) {
                case ("8", _):
                    "ads: \(file) was trained on images that this training validates on; train with --seed 0\n"
                case (_, "1"):
                    "ads: \(file) was trained on other images of folder, with the same classes: where both were made of the same files, it knows some that are validated on; train with --seed 0\n"
                default: ""
                }
            #expect(next.status == (size == "8" ? 1 : 0) && next.errors == expected, "\(next.errors)")
        }
    }

    /// Where data lay is known wherever one stands; images that are no longer those of the run are told.
    @Test func dataElsewhereAndChanged() throws {
        try images("pictures", 20)
        let run = scratch("run")
        try done(
            [
                "train", "--data", "folder", "--data-dir", "pictures", "--arch", "densenet-7-4", "--image-size", "32",
                "--batch-size", "8", "--epochs", "1", "--quiet", "--no-image-cache", "--out", run,
            ], in: scratch.path)
        let evaluate = ["evaluate", run, "--quiet", "--no-image-cache"]
        let first = try ads(evaluate, in: "/")
        #expect(first.status == 0 && first.errors == "", "\(first.errors)")
        try FileManager.default.removeItem(atPath: scratch("pictures/train/cup/3"))
        let changed = try ads(evaluate, in: "/")
        #expect(
            changed.status == 0
                && changed.errors
                    == "ads: these images of folder are not those that \(run) was made with; which are held out may have changed, so that it may know some of them\n",
            "\(changed.errors)")
    }

    /// A label stays within its cell of a table.
    @Test func labelsInATable() throws {
        try done(["train"] + network() + ["--epochs", "1", "--label", "a|b\nc", "--out", scratch("run")])
        let table = try ads(["report", scratch("run"), "--markdown"])
        #expect(table.output.contains(#"| a\|b\\u{a}c | "#), "\(table.output)")
        #expect(table.output.split(separator: "\n").count == 3, "\(table.output)")
    }

    /// A link to a file of a run is that file.
    @Test func linksToFilesOfARun() throws {
        try done(["train"] + network() + ["--epochs", "1", "--out", scratch("run")])
        let run = scratch("run")
        for (link, target, command) in [
            ("model.onnx", "weights.safetensors", ["export", run, "--format", "onnx", "--replace"]),
            ("a.svg", "config.json", ["inspect", run, "--svg", "\(run)/a.svg"]),
            ("report.html", "result.json", ["report", run]),
        ] {
            let before = try Data(contentsOf: URL(fileURLWithPath: "\(run)/\(target)"))
            try FileManager.default.createSymbolicLink(atPath: "\(run)/\(link)", withDestinationPath: target)
            let refused = try ads(command)
            #expect(
                refused.status == 64
                    && refused.errors
                        == "ads: \(run)/\(link) is a file of a run, which must not be replaced; choose another name\n",
                "\(refused.errors)")
            #expect(try Data(contentsOf: URL(fileURLWithPath: "\(run)/\(target)")) == before)
        }
        // So is a file of a run that lies elsewhere.
        try FileManager.default.moveItem(atPath: "\(run)/metrics.jsonl", toPath: scratch("elsewhere"))
        try FileManager.default.createSymbolicLink(
            atPath: "\(run)/metrics.jsonl", withDestinationPath: scratch("elsewhere"))
        #expect(try ads(["inspect", run, "--svg", "\(run)/metrics.jsonl"]).status == 64)
    }

    /// A search that lies where nothing can be written is looked at like any other.
    @Test(.enabled(if: canMount, "needs root, and a mount namespace")) func storageThatIsOnlyRead() throws {
        try done(
            ["search"] + network() + [
                "--limit-validation", "40", "--strategy", "random", "--children", "2", "--top", "0", "--workers", "1",
                "--out", scratch("found"),
            ])
        func readOnly(_ arguments: [String]) throws -> Finished {
            let script = #"mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" && shift && exec "$@""#
            return try run(
                "/usr/bin/env",
                ["unshare", "--mount", "sh", "-c", script, "sh", scratch("found"), Program.folder + "/ads"] + arguments)
        }
        for words in [["show", "--json"], ["best"], ["trials"], ["list"], ["doctor"]] {
            let there = try readOnly(["study", words[0], scratch("found")] + words.dropFirst())
            let here = try ads(["study", words[0], scratch("found")] + words.dropFirst())
            #expect(
                there.status == 0 && there.output == here.output && !here.output.isEmpty, "\(words) \(there.errors)")
        }
        // What was not cleanly stopped has writes that stand beside it, and is not shown without them.
        try Data("x".utf8).write(to: URL(fileURLWithPath: scratch("found/study.sqlite-wal")))
        let open = try readOnly(["study", "best", scratch("found")])
        #expect(
            open.status == 1
                && open.errors
                    == "ads: \(scratch("found"))/study.sqlite cannot be looked at where nothing can be written: its last writes still stand in study.sqlite-wal beside it; copy its folder to where you may write\n",
            "\(open.errors)")
        try FileManager.default.removeItem(atPath: scratch("found/study.sqlite-wal"))
        let report = try readOnly(["report", scratch("found"), "--out", scratch("page.html")])
        #expect(report.status == 0 && report.errors == "", "\(report.errors)")
        #expect(try String(contentsOfFile: scratch("page.html"), encoding: .utf8).contains("Search"))
    }

    private static let canMount =
        geteuid() == 0 && (try? run("/usr/bin/env", ["unshare", "--mount", "true"]))?.status == 0

    /// A batch that no child can fill is refused before there is a folder.
    @Test func searchesThatCannotBe() throws {
        let refused = try ads([
            "search", "--data", "shapes", "--arch", "densenet-10-4", "--limit-train", "64", "--batch-size", "128",
            "--children", "2", "--quiet", "--out", scratch("new"),
        ])
        #expect(
            refused.status == 1
                && refused.errors
                    == "ads: 64 training images do not fill one batch of 128; lower --batch-size or raise --limit-train\n",
            "\(refused.errors)")
        #expect(!FileManager.default.fileExists(atPath: scratch("new")))
    }

    /// A search decides all connections, and says so where a file has fewer.
    @Test func thePrunedNetworkOfAFile() throws {
        let pruned = scratch("chain/architecture.json")
        try done([
            "train", "--data", "shapes", "--arch", "densenet-10-4", "--connectivity", "nearest", "--limit-train", "64",
            "--batch-size", "32", "--epochs", "1", "--quiet", "--out", scratch("chain"),
        ])
        let search = try ads([
            "search", "--data", "shapes", "--arch", pruned, "--limit-train", "64", "--limit-validation", "40",
            "--batch-size", "32", "--children", "1", "--top", "0", "--workers", "1", "--strategy", "fixed", "--out",
            scratch("found"),
        ])
        let sentence = "the connections in \(pruned) are left aside: all of its architecture's are decided anew\n"
        #expect(search.status == 0 && search.errors.contains(sentence), "\(search.errors)")
        let found = try RunFolder(scratch("found")).network()
        #expect(found.connectivity == .dense(found.architecture))
    }

    /// Damage is noticed where a run's file is named as somebody's weights, too.
    @Test func damagedWeightsOfARun() throws {
        try done(["train"] + network() + ["--epochs", "1", "--out", scratch("run")])
        var bytes = try Data(contentsOf: URL(fileURLWithPath: scratch("run/weights.safetensors")))
        bytes[bytes.count - 1] ^= 1
        let file = scratch("copy.safetensors")
        try bytes.write(to: URL(fileURLWithPath: file))
        let sentence =
            "ads: \(file): its arrays do not match their SHA-256; it was damaged after it was written, take another copy\n"
        for words in [
            ["import", file, "--data", "shapes"],
            [
                "train", "--data", "shapes", "--weights", file, "--limit-train", "64", "--batch-size", "32", "--epochs",
                "1",
            ],
        ] {
            let refused = try ads(words + ["--out", scratch("new")])
            #expect(refused.status == 1 && refused.errors.hasSuffix(sentence), "\(refused.errors)")
            #expect(!FileManager.default.fileExists(atPath: scratch("new")))
        }
    }
}
