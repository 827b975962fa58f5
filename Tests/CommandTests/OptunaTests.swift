import Foundation
import TestSupport
import Testing

/// `ads study export --optuna` as a user types it, and what Optuna makes of it.
@Suite(.serialized) struct OptunaTests {
    private let scratch = TemporaryFolder()

    private func ads(_ arguments: [String]) throws -> Finished {
        try run(Program.folder + "/ads", arguments, in: scratch.path)
    }

    /// A search with longer evaluations and with children that are pruned.
    private func search() throws {
        let text =
            #"{"blocks":[2,3],"growth_rate":4,"bottleneck":false,"compression":1,"stem":{"kind":"cifar","channels":8},"input_channels":3,"image_size":32,"classes":10}"#
        try text.write(toFile: scratch("a.json"), atomically: true, encoding: .utf8)
        let done = try ads([
            "search", "--data", "shapes", "--arch", "a.json", "--limit-train", "64", "--batch-size", "32",
            "--limit-validation", "64", "--strategy", "random", "--children", "8", "--children-per-update", "4",
            "--halving", "2", "--search-block-end", "--top", "1", "--reevaluation-seeds", "2", "--workers", "1",
            "--quiet",
            "--out", "s",
        ])
        try #require(done.status == 0, "\(done.errors)")
    }

    private func rows() throws -> [[String: String]] {
        let lines = try ads(["study", "trials", "s", "--csv"]).output.split(separator: "\n").map {
            $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        }
        return lines.dropFirst().map { Dictionary(uniqueKeysWithValues: zip(lines[0], $0)) }
    }

    @Test(.enabled(if: hasOptuna, "Optuna for Python is needed, beside PyTorch: pip install optuna"))
    func optunaLoadsWhatTheStudyHas() throws {
        try search()
        let done = try ads(["study", "export", "s", "--optuna", "j.log"])
        #expect(done.status == 0 && done.errors.isEmpty, "\(done.errors)")
        let rows = try rows()
        let children = rows.filter { $0["again"] == "" }
        #expect(done.output == "j.log: \(children.count) trials\n")
        let said = try run(
            try #require(peerPython), [packageRoot + "/Tests/Peers/watched.py", "optuna", scratch("j.log")])
        #expect(said.status == 0, "\(said.errors)")
        let study = try #require(
            (try JSONSerialization.jsonObject(with: Data(said.output.utf8)) as? [[String: Any]])?.first)
        #expect(study["name"] as? String == "s" && study["direction"] as? String == "MAXIMIZE")
        let trials = try #require(study["trials"] as? [[String: Any]])
        #expect(trials.count == children.count && children.count >= 8)
        let states = ["COMPLETE": "COMPLETE", "PRUNED": "PRUNED", "FAILED": "FAIL"]
        for (i, (trial, row)) in zip(trials, children).enumerated() {
            #expect(trial["number"] as? Int == i)
            #expect(trial["state"] as? String == states[row["state"] ?? ""])
            let attributes = try #require(trial["attrs"] as? [String: Any])
            #expect(attributes["child"] as? Int == row["trial"].flatMap { Int($0) })
            #expect(attributes["connectivity"] as? String == row["connectivity"])
            #expect(attributes["loss"] as? Double != nil && attributes["seed"] as? String == row["seed"])
            let parameters = try #require(trial["params"] as? [String: Double])
            #expect(
                Set(parameters.keys) == [
                    "macs", "connections", "kept_block_1", "kept_block_2", "kept_end_1", "kept_end_2",
                ])
            #expect(parameters["macs"] == row["macs"].flatMap(Double.init))
            #expect(parameters["connections"] == row["connections"].flatMap(Double.init))
            // 1 + 2 decisions in the first block, 1 + 2 + 3 in the second.
            let kept = 3 * (parameters["kept_block_1"] ?? 0) + 6 * (parameters["kept_block_2"] ?? 0)
            #expect(abs(kept - (parameters["connections"] ?? 0)) < 1e-9)
            // A repeat has the value of what it repeats and takes no time.
            let original = row["repeat_of"] == "" ? row : children.first { $0["trial"] == row["repeat_of"] } ?? [:]
            let accuracy = try #require(original["accuracy"].flatMap(Double.init))
            #expect(trial["value"] as? Double == accuracy)
            let seconds = row["repeat_of"] == "" ? row["seconds"].flatMap(Double.init) ?? -1 : 0
            #expect(abs((trial["seconds"] as? Double ?? -1) - seconds) < 0.002)
        }
        #expect(trials.contains { $0["state"] as? String == "PRUNED" })
        let complete = trials.filter { $0["state"] as? String == "COMPLETE" }
        let most = complete.compactMap { $0["value"] as? Double }.max()
        #expect(study["best_value"] as? Double == most)
        #expect(study["best"] as? Int == complete.first { $0["value"] as? Double == most }?["number"] as? Int)
        // The search's own best, after its longer evaluations, with both of them.
        let best = try ads(["study", "best", "s", "--json"]).json()["number"] as? Int
        #expect((study["attrs"] as? [String: Any])?["best_child"] as? Int == best)
        let again = trials.compactMap { ($0["attrs"] as? [String: Any])?["accuracies_again"] as? [Double] }.flatMap {
            $0
        }
        #expect(
            again.sorted()
                == rows.filter { $0["again"] != "" }.compactMap { $0["accuracy"].flatMap(Double.init) }.sorted())
        // The same again, to the byte.
        let first = try Data(contentsOf: URL(fileURLWithPath: scratch("j.log")))
        #expect(try ads(["study", "export", "s/study.sqlite", "--optuna", "j.log", "--replace"]).status == 0)
        #expect(try Data(contentsOf: URL(fileURLWithPath: scratch("j.log"))) == first)
    }

    @Test func whatIsRefused() throws {
        try search()
        func refused(_ arguments: [String], _ status: Int32, _ sentence: String) throws {
            let done = try ads(["study", "export"] + arguments)
            #expect(
                done.status == status && done.output.isEmpty && done.errors == "ads: \(sentence)\n", "\(done.errors)")
        }
        try refused(["s"], 64, "Missing expected argument '--optuna <optuna>'; see 'ads study export --help'")
        try refused(["none", "--optuna", "j.log"], 64, "there is no run none")
        try "mine".write(toFile: scratch("j.log"), atomically: true, encoding: .utf8)
        try refused(
            ["s", "--optuna", "j.log"], 64,
            "j.log is there already; replace it with --replace, or choose another name")
        try refused(
            ["s", "--optuna", "s/study.sqlite", "--replace"], 64,
            "s/study.sqlite is a file of a run, which must not be replaced; choose another name")
        let nowhere = try ads(["study", "export", "s", "--optuna", "none/j.log"])
        #expect(nowhere.status == 1 && nowhere.errors.hasPrefix("ads: cannot create none/j.log: no such file"))
        #expect(try String(contentsOfFile: scratch("j.log"), encoding: .utf8) == "mine")
    }
}
