import Foundation
import TestSupport
import Testing

/// A search and its workers as processes: killed, interrupted, started twice, on a full disk.
@Suite(.serialized) struct SearchProcessTests {
    func search(_ folder: TemporaryFolder, _ out: String, _ more: String...) throws -> [String] {
        let network =
            #"{"blocks":[4,3],"growth_rate":4,"bottleneck":false,"compression":1,"stem":{"kind":"cifar","channels":8},"input_channels":3,"image_size":32,"classes":10}"#
        try network.write(toFile: folder("a.json"), atomically: true, encoding: .utf8)
        return [
            "search", "--data", "shapes", "--arch", folder("a.json"), "--limit-train", "64", "--limit-validation", "40",
            "--batch-size", "32",
            "--top", "1", "--out", folder(out),
        ] + more
    }

    func ads(_ arguments: [String], killOnce words: String? = nil, signal: Int32 = SIGKILL) throws -> Finished {
        try run(Program.folder + "/ads", arguments, killOnce: words, signal: signal)
    }

    func show(_ path: String) throws -> [String: Any] { try ads(["study", "show", path, "--json"]).json() }

    /// The script kills the search and its workers all along its way; its long form has a hundred kills.
    @Test func killedAnywhereItEndsTheSame() throws {
        let folder = TemporaryFolder()
        var environment = ProcessInfo.processInfo.environment
        environment["ADS"] = Program.folder + "/ads"
        let done = try run(packageRoot + "/scripts/kill-search", ["4", folder("kills")], environment: environment)
        #expect(done.status == 0, "\(done.output)\(done.errors)")
        let kills = try #require(done.output.firstMatch(of: /4 kills: (\d) hit a running trial/), "\(done.output)")
        #expect(Int(kills.1) ?? 0 >= 2 && done.output.contains("the same digest and result as the search left alone"))
    }

    @Test func theSameChildrenWithAnyNumberOfWorkers() throws {
        let folder = TemporaryFolder()
        let digests = try [1, 2, 4].map { workers -> String in
            let done = try ads(
                search(
                    folder, "w\(workers)", "--children", "7", "--children-per-update", "4", "--halving", "2",
                    "--workers", "\(workers)"))
            #expect(done.status == 0, "\(done.errors)")
            #expect(done.errors.contains("\(workers) worker\(workers == 1 ? "" : "s") with 1 thread each"))
            return try #require(show(folder("w\(workers)"))["digest"] as? String)
        }
        #expect(Set(digests).count == 1)
        // The strategy learned from the same rewards, and the same child won.
        let results = try [1, 2, 4].map { workers -> NSDictionary in
            var result = try #require(
                JSONSerialization.jsonObject(
                    with: Data(contentsOf: URL(fileURLWithPath: folder("w\(workers)/result.json")))) as? [String: Any])
            result["seconds"] = nil
            return result as NSDictionary
        }
        #expect(results[0] == results[1] && results[1] == results[2])
    }

    @Test func ctrlCGivesTrialsBackAndResumes() throws {
        let folder = TemporaryFolder()
        let command = try search(folder, "s", "--children", "400", "--workers", "2", "--limit-train", "1024")
        let stopped = try ads(command, killOnce: "child 2/400", signal: SIGINT)
        #expect(stopped.status == 130)
        #expect(stopped.errors.contains("finished children are kept. Continue with the same command and --resume"))
        let trials = try ads(["study", "trials", folder("s")]).output
        #expect(!trials.contains("RUNNING") && trials.contains("COMPLETE"))
        let doctor = try ads(["study", "doctor", folder("s")])
        #expect(doctor.status == 0 && doctor.output.hasPrefix("sound: "), "\(doctor.output)\(doctor.errors)")
        let resumed = try ads(["search", "--resume", "--out", folder("s"), "--children", "12", "--json"])
        #expect(resumed.status == 0, "\(resumed.errors)")
    }

    /// Suspended for longer than its lease, as a laptop that sleeps: another search takes the study over, and the
    /// first, woken, ends with one sentence and has changed nothing.
    @Test func aSuspendedSearchLosesItsStudy() throws {
        let folder = TemporaryFolder()
        // A child takes a second or so, a suspended search more than its lease.
        let common = [
            "--children", "16", "--children-per-update", "4", "--workers", "1", "--lease", "2", "--limit-train", "512",
        ]
        let whole = try ads(search(folder, "whole") + common)
        #expect(whole.status == 0, "\(whole.errors)")
        let first = try Background(Program.folder + "/ads", search(folder, "s") + common)
        #expect(first.says("child 2/16"), "\(first.errors)")
        suspend(first)
        Thread.sleep(forTimeInterval: 3)
        let second = try Background(
            Program.folder + "/ads", ["search", "--resume", "--out", folder("s"), "--workers", "1"])
        #expect(second.says("child 6/16"), "\(second.errors)")
        let known = try ads(["study", "trials", folder("s")]).output.split(separator: "\n").filter {
            $0.contains("COMPLETE")
        }
        kill(first.process, SIGCONT)
        #expect(first.end() == 1)
        let last = first.errors.split(separator: "\n").last ?? ""
        let sentence = "ads: \(folder("s"))/study.sqlite was taken over by "
        #expect(last.hasPrefix(sentence) && !first.errors.contains("damaged"), "\(first.errors)")
        #expect(second.end() == 0, "\(second.errors)")
        let trials = try ads(["study", "trials", folder("s")]).output
        #expect(known.allSatisfy { trials.contains($0) } && known.count >= 5)
        #expect(try ads(["study", "doctor", folder("s")]).status == 0)
        #expect(try show(folder("s"))["digest"] as? String == show(folder("whole"))["digest"] as? String)
    }

    /// Stops the process where it does not hold SQLite's lock for writing: suspended in the middle of a write, nobody
    /// else could write.
    private func suspend(_ search: Background) {
        for _ in 0..<200 {
            kill(search.process, SIGSTOP)
            Thread.sleep(forTimeInterval: 0.05)
            let locks = (try? String(contentsOfFile: "/proc/locks", encoding: .utf8)) ?? ""
            let writes = locks.split(separator: "\n").contains {
                $0.contains("POSIX") && $0.contains("WRITE \(search.process) ")
            }
            if !writes { return }
            kill(search.process, SIGCONT)
            Thread.sleep(forTimeInterval: 0.02)
        }
    }

    /// What kills workers would kill the next: the search says which child, and stops.
    @Test func afterMaxLostItStops() throws {
        let folder = TemporaryFolder()
        let command = try search(
            folder, "s", "--children", "40", "--workers", "2", "--limit-train", "2048", "--max-lost", "0")
        let search = try Background(Program.folder + "/ads", command)
        #expect(search.says("child 1/40"), "\(search.errors)")
        let end = Date().addingTimeInterval(60)
        while search.isRunning, Date() < end {
            let workers = try run("/usr/bin/env", ["pgrep", "-P", "\(search.process)"]).output.split(separator: "\n")
                .compactMap { Int32($0) }
            for worker in workers { kill(worker, SIGKILL) }
            Thread.sleep(forTimeInterval: 1.5)
        }
        #expect(search.end() == 1)
        let last = search.errors.split(separator: "\n").last ?? ""
        #expect(
            last.contains(" was lost with its worker 1 time (the last: process ") && last.contains("--max-lost 0"),
            "\(search.errors)")
        // The other worker's child may be RUNNING still; the next search takes it.
        let trials = try ads(["study", "trials", folder("s")]).output
        #expect(trials.contains("COMPLETE") && !trials.contains("FAILED"), "\(trials)")
        #expect(try ads(["study", "doctor", folder("s")]).status == 0)
    }

    @Test func aSecondSearchIsRefused() throws {
        let folder = TemporaryFolder()
        let first = Process()
        first.executableURL = URL(fileURLWithPath: Program.folder + "/ads")
        first.arguments = try search(folder, "s", "--children", "2000", "--quiet")
        first.standardError = FileHandle.nullDevice
        try first.run()
        defer { first.waitUntilExit() }
        defer { kill(first.processIdentifier, SIGKILL) }
        let end = Date().addingTimeInterval(30)
        while try ads(["study", "show", folder("s")]).status != 0, Date() < end { Thread.sleep(forTimeInterval: 0.1) }
        let second = try ads(["search", "--resume", "--out", folder("s")])
        #expect(second.status == 1)
        #expect(
            second.errors.contains("is being searched by process \(first.processIdentifier) on "), "\(second.errors)")
        #expect(try ads(["study", "doctor", folder("s")]).output.contains("process \(first.processIdentifier) on "))
    }

    @Test func whatTheStudyCommandsSay() throws {
        let folder = TemporaryFolder()
        let done = try ads(
            search(
                folder, "runs/s", "--children", "6", "--strategy", "evolution", "--search-block-end", "--target-macs",
                "0.6"))
        #expect(done.status == 0, "\(done.errors)")
        let list = try ads(["study", "list", folder("runs")]).output
        #expect(list.hasPrefix("\(folder("runs"))/s: evolution on shapes, 6 of 6 children, best "))
        let csv = try ads(["study", "trials", folder("runs/s"), "--csv"]).output.split(separator: "\n")
        #expect(
            csv.count == 9 && Set(csv.map { $0.split(separator: ",", omittingEmptySubsequences: false).count }) == [19])
        let best = try ads([
            "study", "best", folder("runs/s"), "--target-macs", "0.6", "--out", folder("c.json"), "--json",
        ])
        let macs = try #require(best.json()["macs"] as? Int)
        let inspected = try ads(["inspect", "--arch", folder("a.json"), "--connectivity", folder("c.json"), "--json"])
            .json()
        #expect(inspected["macs"] as? Int == macs)
        for (arguments, status, sentence) in [
            (["best", folder("runs/s"), "--target-macs", "0.01"], Int32(1), "no child keeps"),
            (["best", folder("runs/s"), "--target-macs=-1"], 64, "a number over 0, up to 1e+15 is needed"),
            (["show", folder("nothing")], 64, "there is no run"),
            (["show", folder("runs")], 1, "there is no study"),
            (["list", folder("nothing")], 64, "no study in"),
        ] {
            let refused = try ads(["study"] + arguments)
            #expect(
                refused.status == status && refused.errors.contains(sentence) && refused.output.isEmpty,
                "\(arguments): \(refused.errors)")
        }
    }

    @Test func wrongWords() throws {
        let folder = TemporaryFolder()
        for (more, sentence) in [
            (["--workers", "0"], "--workers 0 leaves the work to other machines, which need --study"),
            (["--workers", "1025"], "a whole number from 0 to 1024 is needed"),
            (["--child-threads", "0"], "a whole number from 1 to 1024 is needed"),
            (["--lease", "0.5"], "a number from 1 to 86400 is needed"),
            (["--lease", "nan"], "a number from 1 to 86400 is needed"),
            (["--max-lost=-1"], "a whole number from 0 to 1000000 is needed"),
            (["--halving", "1"], "a number over 1, up to 1e+06 is needed"),
            (
                ["--strategy", "luck"],
                "unknown strategy 'luck'; known are ads, ads-tradeoff, random, evolution, surrogate, magnitude, fixed, spread"
            ),
            (["--strategy", "magnitude"], "magnitude prunes a trained dense network; give its run with --dense"),
            (
                ["--evaluator", "shared", "--images", "100"],
                "children that are not trained see no images of their own; --images needs --children, too"
            ),
            (["--evaluator", "shared", "--halving", "2"], "--halving with shared weights"),
            (["--evaluator", "shared", "--shared-epochs", "0"], "a whole number from 1 to 1000000 is needed"),
            (["--shared-epochs", "3"], "--shared-epochs needs --evaluator shared"),
            (
                ["--evaluator", "shared", "--images", "20", "--children", "4"],
                "a budget of 20 images; 512 were seen before the first child"
            ),
            (["--evaluator", "masked"], "inherited weights need a trained dense network; give its run with --dense"),
            (
                ["--warm-start", "0.5"],
                "--warm-start is what a trained dense network says; give its run with --dense"
            ),
            (
                ["--strategy", "evolution", "--critic-steps", "3"],
                "--critic-steps is a number of the agent's, which the strategy evolution does not have; leave it out"
            ),
            (["--strategy", "random", "--agent-rate", "0.1"], "--agent-rate is a number of the agent's"),
            (["--strategy", "random", "--connection-rate", "0.1"], "--connection-rate is a number of the agent's"),
            (["--strategy", "fixed", "--entropy-bonus", "0.1"], "--entropy-bonus is a number of the agent's"),
            (["--strategy", "surrogate", "--warm-start", "0"], "--warm-start is a number of the agent's"),
            (["--reward", "luck"], "Please provide one of 'accuracy' and 'loss'"),
            (["--images", "0"], "a whole number from 1 to 1000000000000 is needed"),
            (["--top=-1"], "a whole number from 0 to 1000000 is needed"),
        ] {
            let refused = try ads(search(folder, "s") + more)
            #expect(refused.status == 64 && refused.errors.contains(sentence), "\(more): \(refused.errors)")
            #expect(!FileManager.default.fileExists(atPath: folder("s")))
        }
    }
}
