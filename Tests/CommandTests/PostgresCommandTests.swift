import ConnectivitySearch
import Foundation
import Studies
import StudyPostgres
import TestSupport
import Testing

/// Studies in a database, as people use them: the search, its workers on machines that have nothing of it, who looks.
@Suite(.serialized, .enabled(if: PostgresServer.isInstalled, "PostgreSQL is not installed"))
struct PostgresCommandTests {
    let folder = TemporaryFolder()
    let server: PostgresServer
    let name = "s-\(UUID().uuidString.prefix(8))"

    init() throws { server = try #require(PostgresServer.shared, "PostgreSQL is installed and does not start") }

    /// With enough connections for a few updates.
    static let network =
        #"{"blocks":[4,3],"growth_rate":4,"bottleneck":false,"compression":1,"stem":{"kind":"cifar","channels":8},"input_channels":3,"image_size":32,"classes":10}"#

    var address: String { server.address(name) }

    func ads(_ arguments: [String], environment: [String: String] = [:]) throws -> Finished {
        let all = ProcessInfo.processInfo.environment.merging(environment) { _, own in own }
        return try run(Program.folder + "/ads", arguments, environment: all)
    }

    func search(_ out: String, _ more: String...) throws -> [String] {
        try Self.network.write(toFile: folder("a.json"), atomically: true, encoding: .utf8)
        return [
            "search", "--data", "shapes", "--arch", folder("a.json"), "--limit-train", "64", "--limit-validation", "40",
            "--batch-size", "32", "--top", "1", "--threads", "1", "--quiet", "--out", folder(out),
        ] + more
    }

    func digest(_ study: String) throws -> String {
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
        #expect(search.says("children wait for: ads worker --study '\(address)'"), "\(search.errors)")
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
}
