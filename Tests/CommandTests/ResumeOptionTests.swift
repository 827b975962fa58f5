import Foundation
import TestSupport
import Testing

/// What --resume does with options: each is applied, or refused by its name; none is dropped.
@Suite(.serialized) struct ResumeOptionTests {
    private let scratch = TemporaryFolder()

    private func ads(_ arguments: [String]) throws -> Finished { try run(Program.folder + "/ads", arguments) }

    private func network() throws -> [String] { try SmallNetwork.options(in: scratch) }

    /// Another value for every option, so that an option that is new is missed here.
    private static let others: [String: String] = [
        "threads": "7", "seed": "9", "device": "mps", "kernels": "torch", "stem": "12", "connectivity": "log",
        "recipe": "paper", "epochs": "77",
        "batch-size": "48", "learning-rate": "0.77", "schedule": "constant", "momentum": "0.77", "weight-decay": "0.77",
        "initialization": "fan-out", "dropout": "0.77", "limit-train": "77", "limit-validation": "77",
        "score-images": "77", "label": "other",
        "split": "test",
        "strategy": "evolution", "target-macs": "0.99", "target-parameters": "0.99", "target-traffic": "0.99",
        "target-latency": "77",
        "price-macs": "0.77", "price-parameters": "0.77", "evaluator": "shared", "reward": "loss", "dense": "other",
        "child-epochs": "0.77", "shared-epochs": "77",
        "shared": "other", "children-per-update": "77", "lag": "77", "halving": "7.7", "child-threads": "77",
        "agent-rate": "0.77",
        "connection-rate": "0.77", "entropy-bonus": "0.77", "critic-steps": "77", "warm-start": "0.77",
        "study": "postgresql://h/other", "mixed": "", "children": "77", "full-epochs": "77", "full-seeds": "77",
        "bands": "0.77", "no-augment": "",
        "augmentation": "none", "all-data": "",
        "weights": "other", "normalization": "imagenet", "search-block-end": "", "inherit": "", "distil": "",
        "image-size": "77", "no-exif": "",
        "distil-temperature": "7.7", "distil-weight": "0.77",
    ]

    /// Refuses every option but the ones that may change.
    private func refusesAll(
        _ command: String, _ continuing: [String], in folder: String, but changing: Set<String>
    ) throws {
        let dump = try ads([command, "--experimental-dump-help"]).json()
        let arguments = try #require((dump["command"] as? [String: Any])?["arguments"] as? [[String: Any]])
        let names = arguments.filter { $0["kind"] as? String != "positional" }
            .compactMap { ($0["preferredName"] as? [String: Any])?["name"] as? String }
        // Where decoded images are kept changes nothing.
        let never: Set = [
            "help", "version", "resume", "out", "json", "quiet", "data-dir", "data", "arch", "image-cache",
            "image-cache-limit", "no-image-cache",
        ]
        let own = Set(names).subtracting(never).subtracting(changing)
        #expect(changing.isSubset(of: names) && own.count >= 14, "\(names)")
        for name in own.sorted() {
            guard let value = Self.others[name] else {
                Issue.record("--\(name) of ads \(command) is new: does --resume apply it or refuse it?")
                continue
            }
            // A device that is not there is refused anyway; where only one is known nothing else can be typed.
            if name == "device" { continue }
            let refused = try ads(continuing + ["--\(name)"] + (value.isEmpty ? [] : [value]))
            #expect(
                refused.status == 64 && refused.output.isEmpty,
                "\(command) --\(name): \(refused.status) \(refused.errors)")
            let sentence = "and cannot change; leave it out or start a new run\n"
            #expect(
                refused.errors.hasPrefix("ads: --\(name) is ") && refused.errors.hasSuffix(" in \(folder) \(sentence)"),
                "\(refused.errors)")
        }
    }

    @Test func train() throws {
        let run = scratch("run")
        let done = try ads(["train"] + network() + ["--epochs", "1", "--out", run])
        #expect(done.status == 0, "\(done.errors)")
        try refusesAll("train", ["train", "--resume", "--out", run], in: run, but: ["tensorboard"])
        let refused = try ads(["train", "--resume", "--out", run, "--seed", "1"])
        #expect(refused.errors == "ads: --seed is 0 in \(run) and cannot change; leave it out or start a new run\n")
        // What the run has may be typed again.
        let same = try ads([
            "train", "--resume", "--out", run, "--seed", "0", "--epochs", "1", "--batch-size", "32", "--limit-train",
            "64", "--split", "validation", "--quiet",
        ])
        #expect(same.status == 0, "\(same.errors)")
        // So may the whole command, and any part of it: what is left out is as in the run.
        let rest = "in \(run) and cannot change; leave it out or start a new run\n"
        for (options, sentence) in [
            (try network() + ["--epochs", "1", "--connectivity", "dense"], nil), (["--data", "shapes"], nil),
            (["--arch", scratch("a.json")], nil), (["--arch", scratch("a.json"), "--stem", "8"], nil),
            (try network() + ["--epochs", "2"], "--epochs is 1"),
            (try network() + ["--label", "x"], "--label is dense"),
            (try network() + ["--split", "test"], "--split is validation"),
            (["--data", "cifar10"], "--data is shapes"),
            (["--arch", "densenet-7-2"], "--arch is another architecture"),
            (
                ["--arch", scratch("a.json"), "--connectivity", "nearest"],
                "--connectivity is part of architecture.json"
            ),
            (["--arch", scratch("a.json"), "--stem", "12"], "--arch is another architecture"),
        ] {
            let other = try ads(["train", "--resume", "--out", run, "--quiet"] + options)
            #expect(other.status == (sentence == nil ? 0 : 64), "\(options): \(other.errors)")
            #expect(other.errors == (sentence.map { "ads: \($0) \(rest)" } ?? ""))
        }
    }

    @Test func searchAndRetrain() throws {
        let (dense, found) = (scratch("dense"), scratch("found"))
        #expect(try ads(["train"] + network() + ["--epochs", "1", "--out", dense]).status == 0)
        let search =
            try network() + ["--limit-validation", "40", "--strategy", "random", "--workers", "1", "--dense", dense]
        let done = try ads(
            ["search"] + search + ["--children", "2", "--top", "1", "--reevaluation-seeds", "1", "--out", found])
        #expect(done.status == 0, "\(done.errors)")
        let changing: Set = [
            "children", "images", "top", "reevaluation-seeds", "workers", "threads", "max-lost", "lease",
            "tensorboard",
        ]
        try refusesAll("search", ["search", "--resume", "--out", found], in: found, but: changing)
        for (options, sentence) in [
            (["--data", "shapes"], nil), (["--arch", scratch("a.json")], nil), (search, nil),
            (["--data", "cifar10"], "--data is shapes"),
            (["--arch", "densenet-7-2"], "--arch is another architecture"),
        ] {
            let other = try ads(["search", "--resume", "--out", found, "--quiet"] + options)
            #expect(other.status == (sentence == nil ? 0 : 64), "\(options): \(other.errors)")
            #expect(
                sentence.map { other.errors.hasPrefix("ads: \($0) in ") } ?? other.errors.isEmpty, "\(other.errors)")
        }
        // All that may change, at once: more children, and more of them evaluated again.
        let more = try ads([
            "search", "--resume", "--out", found, "--children", "4", "--top", "2", "--reevaluation-seeds", "2",
            "--workers", "1", "--threads", "1",
            "--max-lost", "9", "--lease", "9", "--images", "100000", "--seed", "0", "--json", "--quiet",
        ])
        #expect(more.status == 0, "\(more.errors)")
        let trials = try ads(["study", "trials", found, "--csv"]).output.split(separator: "\n").dropFirst()
        let again = trials.filter { !$0.split(separator: ",", omittingEmptySubsequences: false)[4].isEmpty }
        // The space is so small that random may end with 3 of its 4 children.
        #expect((try more.json()["children"] as? Int ?? 0) >= 3 && again.count >= 4, "\(trials)")
        let configuration =
            try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: found + "/config.json")))
            as? [String: Any]
        #expect(
            configuration?["max_lost"] as? Int == 9 && configuration?["lease_seconds"] as? Int == 9
                && configuration?["top"] as? Int == 2 && configuration?["children"] as? Int == 4)

        let retrain = ["retrain", found, "--quiet", "--epochs", "1", "--batch-size", "32"]
        #expect(try ads(retrain).status == 0)
        let folder = found + "/retrained-0"
        try refusesAll("retrain", ["retrain", found, "--resume", "--out", folder], in: folder, but: ["tensorboard"])
        func uses() throws -> Int {
            try String(contentsOfFile: folder + "/test-uses.jsonl", encoding: .utf8).split(separator: "\n").count
        }
        let first = try ads(["retrain", found, "--resume", "--quiet", "--json"])
        #expect(first.status == 0, "what was not typed is as in the run: \(first.errors)")
        // What is finished is not tested again.
        let stored = try String(contentsOfFile: folder + "/result.json", encoding: .utf8)
        #expect(
            try uses() == 1 && ads(["train", "--resume", "--quiet", "--json", "--out", folder]).output == first.output)
        #expect(try uses() == 1 && String(contentsOfFile: folder + "/result.json", encoding: .utf8) == stored)
        // The dense network's split is that of its seed; its weights are those of the search.
        let seed = try ads(retrain + ["--inherit", "--seed", "1"])
        #expect(seed.status == 1 && seed.errors.contains("train it with --seed 1"), "\(seed.errors)")
        let inherited = try ads(retrain + ["--inherit", "--out", scratch("inherited")])
        #expect(inherited.status == 0, "\(inherited.errors)")
        // Without its checkpoint a run that inherited must not start from fresh weights.
        try FileManager.default.removeItem(atPath: scratch("inherited/checkpoints/last.safetensors"))
        try? FileManager.default.removeItem(atPath: scratch("inherited/checkpoints/previous.safetensors"))
        let before = try Data(contentsOf: URL(fileURLWithPath: scratch("inherited/weights.safetensors")))
        #expect(try ads(["train", "--resume", "--out", scratch("inherited"), "--quiet"]).status == 0)
        #expect(try Data(contentsOf: URL(fileURLWithPath: scratch("inherited/weights.safetensors"))) == before)
        #expect(
            try ads(
                ["train"] + network() + [
                    "--epochs", "1", "--label", "again", "--initialization", "fan-out", "--out", scratch("other"),
                ]
            ).status == 0)
        try FileManager.default.removeItem(atPath: dense + "/weights.safetensors")
        try FileManager.default.copyItem(
            atPath: scratch("other/weights.safetensors"), toPath: dense + "/weights.safetensors")
        let changed = try ads(retrain + ["--inherit", "--out", scratch("changed")])
        #expect(
            changed.status == 1
                && changed.errors.contains("the weights of \(dense) have changed since the search was started"),
            "\(changed.errors)")
        #expect(!FileManager.default.fileExists(atPath: scratch("changed")))
    }

    @Test func calibrate() throws {
        let folder = scratch("calibration")
        let options =
            try network() + [
                "--limit-validation", "40", "--children", "2", "--full-epochs", "1", "--full-seeds", "1",
                "--shared-epochs", "1", "--workers", "1",
            ]
        let done = try ads(["calibrate"] + options + ["--out", folder])
        #expect(done.status == 0, "\(done.errors)")
        try refusesAll(
            "calibrate", ["calibrate", "--resume", "--out", folder], in: folder,
            but: ["workers", "threads", "max-lost", "lease"])
        let again = try ads([
            "calibrate", "--resume", "--out", folder, "--children", "2", "--workers", "1", "--max-lost", "9", "--lease",
            "9",
            "--quiet",
        ])
        #expect(again.status == 0, "\(again.errors)")
        // What was changed is kept for the next resume.
        let url = URL(fileURLWithPath: folder + "/config.json")
        let stored = try JSONSerialization.jsonObject(with: Data(contentsOf: url)) as? [String: Any]
        let search = stored?["search"] as? [String: Any]
        #expect(search?["max_lost"] as? Int == 9 && search?["lease_seconds"] as? Int == 9)
    }
}
