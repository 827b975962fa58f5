import Foundation
import TestSupport
import Testing

/// `Experiments/run` and `Experiments/tables` with the built executable, all of it on generated images.
@Suite(.serialized) struct ExperimentTests {
    private func experiments(
        _ script: String, _ arguments: [String], killOnce words: String? = nil, signal: Int32 = SIGKILL
    ) throws -> Finished {
        var environment = ProcessInfo.processInfo.environment
        environment["ADS"] = Program.folder + "/ads"
        return try run(
            packageRoot + "/Experiments/" + script, arguments, environment: environment, killOnce: words,
            signal: signal)
    }

    private func json(_ path: String) throws -> [String: Any] {
        try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: path))) as? [String: Any] ?? [:]
    }

    /// Killed, interrupted, asked for something else, and finished: nothing that was finished is done again.
    @Test func everyStageOnTheWayToItsTables() throws {
        let folder = TemporaryFolder()
        let out = folder("out")
        let command = ["all", "--quick", "--out", out]
        let killed = try experiments("run", command, killOnce: "compress/ads-50e-0-tuned")
        #expect(killed.status == SIGKILL && killed.errors.hasPrefix("68 pieces, 0 finished\n"), "\(killed.errors)")
        let stopped = try experiments("run", command, killOnce: "compress/random-50e-0-tuned", signal: SIGINT)
        #expect(stopped.status == 130, "\(stopped.errors)")
        // Where a killed program's child cannot be told, it finishes its piece.
        #expect(stopped.errors.contains(/68 pieces, [45] finished\n/))
        #expect(
            stopped.errors.hasSuffix(
                "Experiments/run: interrupted; what was finished is kept, the same command goes on\n"))
        let other = try experiments("run", command + ["--children", "7"])
        let difference = "was made by another command: --children is 10 there and 7 here"
        let refusal = "compress/ads-50e-0 \(difference); type the same options, or choose another --out"
        #expect(other.status == 64 && other.errors.hasSuffix("Experiments/run: \(refusal)\n"), "\(other.errors)")
        let finished = try experiments("run", command)
        #expect(finished.status == 0, "\(finished.errors)")
        let left = finished.errors.split(separator: "\n").count { $0.contains(" left") }
        #expect(left > 40, "the time left is said after every piece but the last: \(finished.errors)")
        let again = try experiments("run", command)
        #expect(again.status == 0 && again.errors == "68 pieces, 68 finished\n", "\(again.errors)")
        let listed = try experiments("run", command + ["--list"]).output.split(separator: "\n")
        #expect(listed.count == 68 && listed.allSatisfy { $0.hasPrefix("finished  ") }, "\(listed)")

        try check(out)
    }

    /// What lies in the folder, and what the tables make of it.
    private func check(_ out: String) throws {
        // Four starts: the one that was refused is none.
        let starts = try String(contentsOfFile: out + "/starts.jsonl", encoding: .utf8).split(separator: "\n")
        #expect(starts.count == 4 && starts.allSatisfy { $0.contains("\"processor\": ") && $0.contains("\"date\": ") })
        var accuracies: [String: Double] = [:]
        let runs = try FileManager.default.subpathsOfDirectory(atPath: out).filter { $0.hasSuffix("/result.json") }
        for run in runs {
            let name = String(run.dropLast("/result.json".count))
            guard let split = try json(out + "/" + run)["split"] as? String, split == "test" else { continue }
            accuracies[name] = try #require(json(out + "/" + run)["accuracy"] as? Double)
            let uses = try String(contentsOfFile: "\(out)/\(name)/test-uses.jsonl", encoding: .utf8)
            #expect(uses.split(separator: "\n").count == 1, "\(name) was tested once")
        }
        // 5 rows of 2 seeds, 2 of the bottlenecks, 4 for longer; 8 and 2 from scratch; 6 on the other set; 6 of
        // photographs.
        #expect(accuracies.count == 38, "\(accuracies.keys.sorted())")
        // Weights are those of the network that was given, whatever the seed.
        let teacher = try Data(contentsOf: URL(fileURLWithPath: out + "/compress/teacher/weights.safetensors"))
        let given = try Data(contentsOf: URL(fileURLWithPath: out + "/compress/given-1/weights.safetensors"))
        #expect(teacher == given)
        let normalizations = try ["teacher", "given-1"].map { run in
            let stored: Any = try #require(json("\(out)/compress/\(run)/config.json")["normalization"])
            return try JSONSerialization.data(withJSONObject: stored, options: .sortedKeys)
        }
        #expect(normalizations[0] == normalizations[1])
        // The saved MACs are spent: the next growth rate would cost more than dense.
        let wide = try json(out + "/scratch/ads-50e-0-wide-0/result.json")["macs"] as? Int ?? 0
        let narrow = try json(out + "/scratch/ads-50e-0-trained-0/result.json")["macs"] as? Int ?? 0
        let dense = try json(out + "/scratch/dense-0/result.json")["macs"] as? Int ?? 0
        #expect(narrow < wide && wide <= dense, "\(narrow), \(wide), \(dense)")

        let made = try experiments("tables", [out])
        #expect(made.status == 0, "\(made.errors)")
        #expect(try String(contentsOfFile: out + "/results.md", encoding: .utf8) == made.output)
        let lines = made.output.split(separator: "\n")
        for (row, names) in [
            ("ads | ", ["compress/ads-50e-0-tuned", "compress/ads-50e-1-tuned"]),
            ("random | ", ["compress/random-50e-0-tuned", "compress/random-50e-1-tuned"]),
            ("magnitude | ", ["compress/magnitude-50e-0-tuned", "compress/magnitude-50e-1-tuned"]),
            ("log | ", ["compress/log-0-tuned", "compress/log-1-tuned"]),
            ("dense, 2 epochs | ", ["compress/dense-0-longer", "compress/dense-1-longer"]),
            ("dense | ", ["scratch/dense-0", "scratch/dense-1"]),
            ("ads | ", ["scratch/ads-50e-0-trained-0", "scratch/ads-50e-1-trained-1"]),
            ("ads, wider (growth rate ", ["scratch/ads-50e-0-wide-0", "scratch/ads-50e-1-wide-1"]),
            ("random | ", ["transfer/random-50e-0-trained-0", "transfer/random-50e-1-trained-1"]),
        ] {
            var known: [String] = []
            for name in names {
                let accuracy = try #require(accuracies[name], "\(name)")
                known.append(String(format: "%.2f%%", 100 * accuracy))
            }
            let bySeed = " | \(known.joined(separator: ", ")) | "
            let isThere = lines.contains { $0.hasPrefix("| \(row)") && $0.contains(bySeed) }
            #expect(isThere, "\(row)\(bySeed)\n\(made.output)")
        }
        for start in [
            "| ads − random | ", "| ads at 50% with the ends | ads | 64 | ", "| dense, tuned | ", "| the search | ",
            "| layers, by distance: 2 back | ", "| ends, by block: block 1 | ",
            "    Experiments/run all --quick --out OUT",
        ] {
            #expect(lines.contains { $0.hasPrefix(start) }, "\(start)\n\(made.output)")
        }
        #expect(!made.output.contains(out))
        let figures = try FileManager.default.contentsOfDirectory(atPath: out).filter { $0.hasSuffix(".svg") }
        #expect(figures.count == 10)
        for figure in figures {
            #expect(made.output.contains("(\(figure))"), "\(figure) is shown")
            let parsed = try run("/usr/bin/env", ["python3", "-c", Self.parse, "\(out)/\(figure)"])
            #expect(parsed.status == 0, "\(figure): \(parsed.errors)")
        }
    }

    private static let parse = "import sys, xml.etree.ElementTree as e; assert e.parse(sys.argv[1]).getroot()"

    @Test func dataThatAreMissingAreMissedAtOnce() throws {
        let folder = TemporaryFolder()
        let done = try experiments("run", ["scratch", "--out", folder("out"), "--data-dir", folder.path])
        #expect(done.status == 1)
        let sentence = "Experiments/run: data/cifar10: no cifar10 in \(folder.path)"
        #expect(done.errors.contains("\n1 of 97: data/cifar10\n\(sentence)"), "\(done.errors)")
        let reach = try experiments("run", ["scratch", "--out", folder("out"), "--targets", "0.39"])
        let least = "0.39 of the MACs is out of reach for densenet-22-12: the least is 0.3971"
        let hint = "0.39e prunes what the blocks' ends read, too"
        #expect(reach.status == 64 && reach.errors == "Experiments/run: \(least); \(hint)\n", "\(reach.errors)")
    }
}
