import ConnectivitySearch
import Foundation
import Studies
import StudyPostgres
import TestSupport
import Testing

/// Workers on machines that have nothing of the search.
extension PostgresCommandTests {
    /// A worker with the least rights, no file of the search and a cache of its own evaluates all of it.
    @Test func aWorkerFromNothing() throws {
        let own = [
            "--data", "shapes", "--arch", folder("a.json"), "--limit-train", "64", "--batch-size", "32", "--quiet",
        ]
        _ = try search("x")
        #expect(try ads(["train"] + own + ["--epochs", "1", "--threads", "1", "--out", folder("dense")]).status == 0)
        let masked = [
            "--children", "10", "--evaluator", "masked", "--score-images", "40", "--dense", folder("dense"),
            "--target-macs", "0.7",
        ]
        let role = "worker \(name)"
        #expect(try server.sql("CREATE ROLE \"\(role)\" LOGIN").errors == "")
        let grants = try ads(["study", "create", server.address("tables"), "--worker-role", role])
        #expect(
            grants.status == 0 && grants.output.split(separator: "\n").count == 4, "\(grants.output) \(grants.errors)")
        let listed = try ads(["study", "list", server.address("tables")])
        #expect(listed.output.contains("study=tables: no search yet\n"), "\(listed.output)")
        #expect(try server.sql(grants.output).errors == "")
        let theirs = server.address(name, user: role.replacingOccurrences(of: " ", with: "%20"))
        // It comes before the search, and waits.
        let worker = try Background(
            "/usr/bin/env", ["ADS_CACHE=\(folder("cache"))", Program.folder + "/ads", "worker", "--study", theirs])
        #expect(worker.says("waiting for a search to begin in \(theirs): ads search --study ..."), "\(worker.errors)")
        var command = try search("there").filter { !["--limit-train", "64", "--batch-size", "32"].contains($0) }
        command += masked + ["--workers", "0", "--study", address]
        let there = try ads(command)
        #expect(there.status == 0, "\(there.errors)")
        #expect(
            worker.end() == 0 && worker.errors.hasSuffix(" evaluations done, the search has ended\n"),
            "\(worker.errors)")
        #expect(worker.errors.contains("working for \(theirs): masked on shapes"))
        let here = try ads(
            search("file").filter { !["--limit-train", "64", "--batch-size", "32"].contains($0) } + masked)
        #expect(here.status == 0, "\(here.errors)")
        #expect(try digest(folder("file")) == digest(address))
        let trials = try PostgresStudy(PostgresAddress(address)).trials(update: nil)
        #expect(
            trials.allSatisfy {
                $0.lost == 0 && $0.curve.allSatisfy { $0.worker.contains("process \(worker.process)") }
                    || $0.proposal.repeatOf != nil
            })
        // The search goes on where neither its folder nor the dense network is.
        try FileManager.default.moveItem(atPath: folder("dense"), toPath: folder("away"))
        let moved = try run(
            Program.folder + "/ads",
            [
                "search", "--resume", "--study", address, "--out", folder("moved"), "--children", "12", "--workers",
                "1", "--quiet",
            ],
            environment: ProcessInfo.processInfo.environment.merging(["ADS_CACHE": folder("other")]) { _, own in own })
        #expect(moved.status == 0, "\(moved.errors)")
        // What was found is tuned by the address alone, from the weights that the study carries.
        let tuned = try run(
            Program.folder + "/ads",
            [
                "retrain", address, "--inherit", "--epochs", "1", "--limit-train", "64", "--quiet", "--out",
                folder("tuned"),
            ],
            environment: ProcessInfo.processInfo.environment.merging(["ADS_CACHE": folder("other")]) { _, own in own })
        #expect(tuned.status == 0, "\(tuned.errors)")
        let made = try String(contentsOfFile: folder("tuned/config.json"), encoding: .utf8)
        #expect(made.contains(folder("other") + "/studies/"), "\(made)")
        // It goes on where the cache was cleared and the study's search goes on, too.
        try FileManager.default.removeItem(atPath: folder("other"))
        try FileManager.default.removeItem(atPath: folder("tuned/result.json"))
        for name in try FileManager.default.contentsOfDirectory(atPath: folder("tuned/checkpoints")) {
            try FileManager.default.removeItem(atPath: folder("tuned/checkpoints/\(name)"))
        }
        let again = try run(
            Program.folder + "/ads", ["retrain", address, "--resume", "--quiet", "--out", folder("tuned")],
            environment: ProcessInfo.processInfo.environment.merging(["ADS_CACHE": folder("other")]) { _, own in own })
        #expect(again.status == 0, "\(again.errors)")
        // Once it has ended there is nothing to do.
        let late = try ads(["worker", "--study", theirs])
        #expect(late.status == 0 && late.errors == "0 evaluations done, the search has ended\n", "\(late.errors)")
        // The role can claim and report, and nothing else.
        let study = try PostgresStudy(PostgresAddress(theirs), mustExist: true)
        let me = Ownership(WorkerIdentity(host: "x", process: 1, started: 1))
        for refused in [
            { try study.own(me, for: 1, isDead: { _ in true }) }, { _ = try study.owner() },
            { _ = try study.strategy() },
            { try study.share(["a": Data([1])], as: "dense", by: me) },
        ] as [() throws -> Void] {
            #expect(throws: (any Error).self) { try refused() }
        }
        // Trials that wait, that are held and that run, in a study of their own.
        let open = try PostgresStudy(PostgresAddress(server.address(name + " open")))
        let connectivity = try #require(trials.first?.proposal.connectivity)
        try open.own(me, for: 100, isDead: { _ in true })
        _ = try open.add(
            (0..<3).map {
                Proposal(
                    update: 1, position: $0, connectivity: connectivity, macs: 1, parameters: 1, connections: 1,
                    seed: 0, repeatOf: $0 == 1 ? 1 : nil)
            }, by: me)
        #expect(try open.claim(me.owner, token: "t", for: 100)?.trial.number == 1)
        func said(_ sql: String) throws -> String { try server.sql("SET ROLE \"\(role)\"; \(sql)").errors }
        func trial(_ change: String, _ number: Int) -> String {
            "UPDATE ads.trial SET \(change) WHERE number = \(number) AND study = (SELECT id FROM ads.study WHERE name = '\(name) open')"
        }
        let running = "state = 'RUNNING', token = 'x', worker = '{}', lease_until = 1"
        for (change, number) in [
            ("held = true", 3), ("checksum = 'x'", 3), ("outcome = '{}'", 3), ("reported = 'x'", 3),
            ("state = 'COMPLETE', ended = 'COMPLETE'", 3),
            (running + ", held = true", 3), (running, 2), ("held = false", 2),
        ] {
            let errors = try said(trial(change, number))
            #expect(
                errors.contains(
                    "permission denied: a worker claims trials that wait, and changes nothing else of them"),
                "\(change): \(errors)")
        }
        for change in [
            "lease_until = 1e300", "worker = repeat('x', 5000)", "token = repeat('x', 201)",
            "reported = repeat('x', 201)", "checksum = repeat('x', 201)",
            "outcome = repeat('x', 4194305)",
        ] {
            let errors = try said(trial(change, 1))
            #expect(
                errors.contains("permission denied: no worker writes so much, or claims a trial for so long"),
                "\(change): \(errors)")
        }
        #expect(try said(trial(running, 3)) == "")
        for sql in [
            "UPDATE ads.trial SET proposal = '{}'", "UPDATE ads.trial SET lost = 7", "UPDATE ads.trial SET number = 7",
            "DELETE FROM ads.trial", "INSERT INTO ads.blob VALUES (1, repeat('0', 64), 0, '')", "DROP TABLE ads.trial",
            "ALTER TABLE ads.trial DISABLE TRIGGER ALL", "UPDATE ads.study SET plan = '{}'",
            "SELECT state FROM ads.study",
            "COPY ads.trial TO PROGRAM 'cat'",
        ] {
            let errors = try said(sql)
            #expect(
                ["permission denied", "must be owner", "must be superuser"].contains { errors.contains($0) },
                "\(sql): \(errors)")
        }
    }

    /// A study that would have a worker write elsewhere, or what no run has, is refused.
    @Test func filesThatNoRunHas() throws {
        _ = try search("x")
        let dense = [
            "train", "--data", "shapes", "--arch", folder("a.json"), "--limit-train", "64", "--batch-size", "32",
            "--epochs", "1", "--threads", "1", "--quiet", "--out", folder("dense"),
        ]
        #expect(try ads(dense).status == 0)
        let begun =
            try search("s").filter { !["--limit-train", "64", "--batch-size", "32"].contains($0) } + [
                "--children", "2", "--evaluator", "masked", "--score-images", "40", "--dense", folder("dense"),
                "--study",
                address,
            ]
        #expect(try ads(begun).status == 0)
        let study = try PostgresStudy(PostgresAddress(address), mustExist: true)
        let files = try #require(try study.shared("dense"))
        let owner = Ownership()
        try study.own(owner, for: 100, isDead: { _ in true })
        let plan = try #require(try study.plan()).replacingOccurrences(of: #""isFinished":true,"#, with: "")
        try study.store(plan: plan, by: owner)
        for name in ["../config.json", "/tmp/config.json", "model.pkl", ""] {
            let list = files.merging([name: files["config.json"] ?? ""]) { own, _ in own }
            let json = String(decoding: try JSONEncoder().encode(list), as: UTF8.self)
            try server.sql(
                "UPDATE ads.shared SET files = '\(json)' WHERE study = (SELECT id FROM ads.study WHERE name = '\(self.name)')"
            )
            let worker = try ads(["worker", "--study", address], environment: ["ADS_CACHE": folder("cache")])
            #expect(
                worker.status == 1 && worker.errors == "ads: \(address) carries files that no run has\n",
                "\(name): \(worker.errors)")
        }
        #expect(!FileManager.default.fileExists(atPath: folder("cache")))
    }

    /// SIGTERM, as schedulers send it, gives the child back: another worker ends it, and nothing was lost.
    @Test func aWorkerThatIsStopped() throws {
        let running = try Background(
            Program.folder + "/ads",
            search("s", "--children", "2", "--study", address, "--workers", "0", "--limit-train", "4000").filter {
                $0 != "--quiet"
            })
        #expect(running.says("children wait for: ads worker --study '\(address)'"), "\(running.errors)")
        let first = try Background(Program.folder + "/ads", ["worker", "--study", address])
        #expect(first.says("working for"), "\(first.errors)")
        let study = try PostgresStudy(PostgresAddress(address), mustExist: true)
        while first.isRunning, try study.leases().isEmpty { Thread.sleep(forTimeInterval: 0.02) }
        kill(first.process, SIGTERM)
        #expect(
            first.end() == 130 && first.errors.hasSuffix("0 evaluations done; stopped before the search ended\n"),
            "\(first.errors)")
        #expect(try study.leases().isEmpty)
        let brief = try ads(["worker", "--study", address, "--stop-after", "0.2s", "--quiet"])
        #expect(brief.status == 130, "\(brief.errors)")
        let second = try ads(["worker", "--study", address])
        try #require(second.status == 0, "\(second.errors)")
        #expect(running.end() == 0)
        #expect(try study.trials(update: nil).allSatisfy { $0.lost == 0 && $0.state == .complete })
    }

    /// A plan for another machine or other data is refused by name.
    @Test func workersThatMayNot() throws {
        let done = try ads(search("s") + ["--children", "2", "--study", address])
        #expect(done.status == 0, "\(done.errors)")
        let study = try PostgresStudy(PostgresAddress(address), mustExist: true)
        let plan = try #require(try study.plan()).replacingOccurrences(of: #""isFinished":true,"#, with: "")
        let owner = Ownership()
        try study.own(owner, for: 100, isDead: { _ in true })
        func worker(_ change: (String, String), _ more: String...) throws -> Finished {
            #expect(plan.contains(change.0), "\(plan)")
            try study.store(plan: plan.replacingOccurrences(of: change.0, with: change.1), by: owner)
            return try ads(["worker", "--study", address] + more)
        }
        let version = try worker((#""ads":"0.1.0""#, #""ads":"9.9""#))
        #expect(
            version.errors
                == "ads: this machine computes other bits than the study's (its version is 9.9, here 0.1.0); use the same, or start the search with --mixed\n"
        )
        let data = try worker((#""digest":""#, #""digest":"0"#))
        #expect(
            data.errors
                == "ads: the data of shapes here are others than those of \(address); give their folder with --data-dir\n"
        )
        #expect(version.status == 1 && data.status == 1)
        // What is allowed works on; there is nothing left to evaluate, so that it waits.
        let allowed = plan.replacingOccurrences(of: #""ads":"0.1.0""#, with: #""ads":"9.9""#)
        let mixed = try worker(
            (plan, allowed.replacingOccurrences(of: #""machine":{"#, with: #""mixed":true,"machine":{"#)),
            "--stop-after", "2s")
        #expect(
            mixed.status == 130 && mixed.errors.hasSuffix("0 evaluations done; stopped before the search ended\n"),
            "\(mixed.errors)")
    }
}
