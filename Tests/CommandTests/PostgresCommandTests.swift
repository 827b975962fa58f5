import ConnectivitySearch
import Foundation
import Studies
import StudyPostgres
import TestSupport
import Testing

/// Studies in a database, as people use them: the search, its workers on machines that have nothing of it, who looks.
@Suite(.serialized, .enabled(if: PostgresServer.isInstalled, "PostgreSQL is not installed"))
struct PostgresCommandTests {
    private let folder = TemporaryFolder()
    private let server: PostgresServer
    private let name = "s-\(UUID().uuidString.prefix(8))"

    init() throws { server = try #require(PostgresServer.shared, "PostgreSQL is installed and does not start") }

    /// With enough connections for a few updates.
    private static let network =
        #"{"blocks":[4,3],"growth_rate":4,"bottleneck":false,"compression":1,"stem":{"kind":"cifar","channels":8},"input_channels":3,"image_size":32,"classes":10}"#

    private var address: String { server.address(name) }

    private func ads(_ arguments: [String], environment: [String: String] = [:]) throws -> Finished {
        let all = ProcessInfo.processInfo.environment.merging(environment) { _, own in own }
        return try run(Program.folder + "/ads", arguments, environment: all)
    }

    private func search(_ out: String, _ more: String...) throws -> [String] {
        try Self.network.write(toFile: folder("a.json"), atomically: true, encoding: .utf8)
        return [
            "search", "--data", "shapes", "--arch", folder("a.json"), "--limit-train", "64", "--limit-validation", "40",
            "--batch-size", "32", "--top", "1", "--threads", "1", "--quiet", "--out", folder(out),
        ] + more
    }

    private func digest(_ study: String) throws -> String {
        let shown = try ads(["study", "show", study, "--json"])
        return try #require(shown.json()["digest"] as? String, "\(shown.errors)")
    }

    @Test func aSearchIsTheSameInADatabase() throws {
        let more = ["--children", "6", "--children-per-update", "3"]
        #expect(try ads(search("file") + more).status == 0)
        let there = try ads(search("there") + more + ["--study", address])
        #expect(there.status == 0, "\(there.errors)")
        #expect(try digest(folder("file")) == digest(address) && digest(folder("there")) == digest(address))
        #expect(!FileManager.default.fileExists(atPath: folder("there/study.sqlite")))
        // Whoever looks takes the folder or the address.
        for study in [address, folder("there")] {
            for words in [["best"], ["trials"], ["doctor"]] {
                let done = try ads(["study"] + words + [study])
                #expect(done.status == 0 && done.errors == "", "\(words) \(done.errors)")
            }
        }
        let list = try ads(["study", "list", address])
        #expect(
            list.output.contains("study=\(name): ads on shapes, 6 of 6 children, best "),
            "\(list.output) \(list.errors)")
        let tree = try ads(["study", "list", folder("there")])
        #expect(tree.output.hasPrefix("\(folder("there")): ads on shapes, 6 of 6 children, best "))
        #expect(try ads(["report", folder("there"), "--out", folder("report.html")]).status == 0)
        // What is reported and retrained by the address alone is the same, too.
        let report = try ads(["report", address, "--out", folder("by-address.html")])
        #expect(report.status == 0 && report.errors == "", "\(report.errors)")
        let pages = try ["report.html", "by-address.html"].map {
            try String(contentsOfFile: folder($0), encoding: .utf8)
        }
        let tables = pages.map { $0.firstMatch(of: /<table class="sorts"(.|\n)*?<\/table>/).map { String($0.0) } }
        #expect(tables[0] == tables[1] && tables[0]?.contains("COMPLETE") == true)
        #expect(pages.allSatisfy { !$0.contains("Not finished.") } && pages[1].contains("search ads, postgresql://"))
        let network = try [folder("there"), address].enumerated().map { number, search in
            let done = try ads([
                "retrain", search, "--epochs", "1", "--limit-train", "64", "--out", folder("r\(number)"), "--quiet",
            ])
            #expect(done.status == 0, "\(done.errors)")
            return try Data(contentsOf: URL(fileURLWithPath: folder("r\(number)/weights.safetensors")))
        }
        #expect(network[0] == network[1])
        // It goes on with more children; elsewhere, too, where nothing of it is but the address.
        #expect(try ads(["search", "--resume", "--out", folder("there"), "--children", "8", "--quiet"]).status == 0)
        let moved = try ads([
            "search", "--resume", "--study", address, "--out", folder("moved"), "--children", "10", "--quiet",
        ])
        #expect(moved.status == 0, "\(moved.errors)")
        #expect(try ads(search("file") + ["--children", "8", "--children-per-update", "3", "--resume"]).status == 0)
        #expect(try ads(search("file") + ["--children", "10", "--children-per-update", "3", "--resume"]).status == 0)
        #expect(try digest(folder("file")) == digest(folder("moved")))
        // One name is one search.
        let again = try ads(search("again") + more + ["--study", address])
        #expect(
            again.errors
                == "ads: \(address) holds a search already; continue it with --resume, or give this one another name (?study=...)\n"
        )
        #expect(again.status == 1 && !FileManager.default.fileExists(atPath: folder("again")))
        let other = try ads([
            "search", "--resume", "--out", folder("moved"), "--study", server.address("other"), "--quiet",
        ])
        #expect(
            other.status == 64
                && other.errors.contains("--study is \(address) in \(folder("moved")) and cannot change"),
            "\(other.errors)")
    }

    /// A page by the address alone follows a search from before it began to its end; nothing is retrained before.
    @Test func aSearchIsWatchedByItsAddress() throws {
        let page = folder("page.html")
        func text() -> String { (try? String(contentsOfFile: page, encoding: .utf8)) ?? "" }
        let watch = try Background(Program.folder + "/ads", ["report", address, "--watch", "--out", page])
        #expect(watch.says("ads: there is no run in \(address) yet; waiting for one\n"), "\(watch.errors)")
        let search = try Background(
            Program.folder + "/ads",
            search("s", "--children", "2", "--study", address, "--workers", "0").filter { $0 != "--quiet" })
        #expect(search.says("children wait for: ads worker --study \(address)"), "\(search.errors)")
        let end = Date().addingTimeInterval(60)
        while !text().contains("Not finished."), Date() < end { Thread.sleep(forTimeInterval: 0.1) }
        #expect(text().contains("location.reload()") && text().contains("Not finished."))
        let early = try ads(["retrain", address, "--out", folder("r")])
        #expect(
            early.status == 1
                && early.errors
                    == "ads: the search of \(address) is not finished; 'ads study best' writes the best child so far into a file for --connectivity\n",
            "\(early.errors)")
        #expect(!FileManager.default.fileExists(atPath: folder("r")))
        #expect(try ads(["worker", "--study", address, "--quiet"]).status == 0)
        #expect(search.end() == 0, "\(search.errors)")
        #expect(watch.end() == 0, "\(watch.errors)")
        #expect(!text().contains("Not finished.") && !text().contains("location.reload()"))
        // A folder whose study lies elsewhere is watched alike.
        let ended = try ads(["report", folder("s"), "--watch"])
        #expect(ended.status == 0 && ended.output == "\(folder("s/report.html"))\n", "\(ended.errors)")
    }

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

    /// Where a study lies the folder says, and no folder says it to a search that was not asked to.
    @Test func foldersAndAddresses() throws {
        try FileManager.default.createDirectory(atPath: folder("stale"), withIntermediateDirectories: true)
        try address.write(toFile: folder("stale/study.url"), atomically: true, encoding: .utf8)
        let stale = try ads(search("stale") + ["--children", "2"])
        #expect(
            stale.status == 1
                && stale.errors
                    == "ads: \(folder("stale"))/study.url says that this search has its study in a database; give that with --study, or remove the file\n",
            "\(stale.errors)")
        #expect(try ads(["study", "show", address]).errors == "ads: there is no study '\(name)' in \(address)\n")
        // Begun and killed before its plan was stored: the same command begins.
        let begun = try ads(search("begun") + ["--children", "2", "--study", address, "--resume"])
        #expect(begun.status == 0, "\(begun.errors)")
        let none = try ads(["search", "--resume", "--study", server.address("none of them"), "--out", folder("none")])
        #expect(
            none.status == 1 && none.errors.contains("holds no search that was started; start it without --resume"),
            "\(none.errors)")
        // A study in a folder has workers from other terminals; they end with it.
        #expect(try ads(search("file") + ["--children", "2"]).status == 0)
        let worker = try ads(["worker", "--study", folder("file")])
        #expect(worker.status == 0 && worker.errors == "0 evaluations done, the search has ended\n", "\(worker.errors)")
        // One that is gone ends its workers.
        let study = try PostgresStudy(PostgresAddress(address), mustExist: true)
        let (owner, plan) = (Ownership(), try #require(try study.plan()))
        try study.own(owner, for: 100, isDead: { _ in true })
        try study.store(plan: plan.replacingOccurrences(of: #""isFinished":true,"#, with: ""), by: owner)
        let waiting = try Background(Program.folder + "/ads", ["worker", "--study", address])
        #expect(waiting.says("working for"), "\(waiting.errors)")
        try server.sql("DELETE FROM ads.study WHERE name = '\(name)'")
        #expect(
            waiting.end() == 1 && waiting.errors.hasSuffix("ads: there is no study '\(name)' in \(address)\n"),
            "\(waiting.errors)")
    }

    /// SIGTERM, as schedulers send it, gives the child back: another worker ends it, and nothing was lost.
    @Test func aWorkerThatIsStopped() throws {
        let running = try Background(
            Program.folder + "/ads",
            search("s", "--children", "2", "--study", address, "--workers", "0", "--limit-train", "4000").filter {
                $0 != "--quiet"
            })
        #expect(running.says("children wait for: ads worker --study \(address)"), "\(running.errors)")
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

    @Test func refusals() throws {
        let cases: [([String], String)] = [
            (
                ["search", "--study", "runs/x", "--out", folder("n"), "--data", "shapes", "--arch", "densenet-13-4"],
                "--study is an address of PostgreSQL, postgresql://...; without it the study lies in the run's folder"
            ),
            (
                [
                    "search", "--study", "postgresql://a:geheim@h/d", "--out", folder("n"), "--data", "shapes",
                    "--arch", "densenet-13-4",
                ],
                "the address postgresql://… has a password in it, which every list of processes shows; put it into the file that PGPASSFILE names (~/.pgpass), readable by you alone, or into a service file"
            ),
            (["search", "--mixed", "--out", folder("n")], "--mixed is for --study; see 'ads search --help'"),
            (
                ["search", "--workers", "0", "--out", folder("n")],
                "--workers 0 leaves the work to other machines, which need --study"
            ),
            (
                ["study", "create", folder("n")],
                "a study is made in PostgreSQL, postgresql://...; in a folder a search makes its own"
            ),
            (
                ["retrain", address],
                "an address is no folder that the run could be made in; give its folder with --out"
            ),
            (
                ["report", address],
                "an address is no folder that the page could be written into; give its file with --out"
            ),
            (["study", "create", address, "--worker-role", ""], "--worker-role is a name of 1 to 63 bytes"),
            (
                ["worker", "--study", address, "--stop-after", "soon"],
                "The value 'soon' is invalid for '--stop-after <stop-after>': a duration such as 90s, 55m or 8h is needed; see 'ads worker --help'"
            ),
            (
                ["calibrate", "--workers", "0", "--data", "shapes", "--arch", "densenet-13-4", "--out", folder("n")],
                "--workers 0 is for a search with --study"
            ),
        ]
        for (words, sentence) in cases {
            let done = try ads(words)
            #expect(done.errors.hasSuffix("ads: \(sentence)\n") && done.output == "", "\(words): \(done.errors)")
            #expect(done.status == 64 && !done.errors.contains("geheim"), "\(words): \(done.status)")
        }
        #expect(!FileManager.default.fileExists(atPath: folder("n")))
        let none = try ads(["study", "show", address])
        #expect(none.status == 1 && none.errors == "ads: there is no study '\(name)' in \(address)\n", "\(none.errors)")
        let away = try ads(["study", "show", "postgresql:///ads?host=/nowhere"])
        #expect(
            away.status == 1 && away.errors.hasPrefix("ads: postgresql:///ads?host=/nowhere cannot be reached: "),
            "\(away.errors)")
    }
}
