import Foundation
import TestSupport
import Testing

/// `ads report --watch` beside a search and a training that go on.
@Suite(.serialized) struct WatchTests {
    private let scratch = TemporaryFolder()

    private func ads(_ arguments: [String]) throws -> Finished { try run(Program.folder + "/ads", arguments) }

    private func beside(_ arguments: [String]) throws -> Background {
        try Background(Program.folder + "/ads", arguments)
    }

    private func network() throws -> [String] {
        let text =
            #"{"blocks":[4,3],"growth_rate":4,"bottleneck":false,"compression":1,"stem":{"kind":"cifar","channels":8},"input_channels":3,"image_size":32,"classes":10}"#
        try text.write(toFile: scratch("a.json"), atomically: true, encoding: .utf8)
        return ["--data", "shapes", "--arch", scratch("a.json"), "--batch-size", "32"]
    }

    private func page(_ path: String) -> String { (try? String(contentsOfFile: path, encoding: .utf8)) ?? "" }

    /// Waits for a page with some words; the page, or an empty one after a minute.
    private func page(_ path: String, with words: String) -> String {
        let end = Date().addingTimeInterval(60)
        while Date() < end {
            let text = page(path)
            if text.contains(words) { return text }
            Thread.sleep(forTimeInterval: 0.05)
        }
        return ""
    }

    /// From before there is a folder, over a kill, to the end: then the page is that of `ads report`.
    @Test func aSearchIsKilledAndGoesOn() throws {
        let (folder, path) = (scratch("s"), scratch("s/report.html"))
        let command =
            ["search"] + (try network()) + [
                "--limit-train", "1024", "--limit-validation", "40", "--children", "400", "--top", "0", "--workers",
                "1", "--quiet", "--out", folder,
            ]
        let watch = try beside(["report", folder, "--watch"])
        #expect(
            watch.says(
                "watching \(folder): \(path) is written again while runs go on; ends with them, or by Ctrl-C\n"))
        #expect(watch.says("ads: there is no run in \(folder) yet; waiting for one\n"), "\(watch.errors)")
        let search = try beside(command)
        let first = page(path, with: "table class=\"sorts\"")
        #expect(first.contains("location.reload()") && first.contains("reloads itself") && first.hasSuffix("</html>\n"))
        #expect(first.contains("Not finished."))
        kill(search.process, SIGKILL)
        _ = search.end()
        #expect(
            watch.says(
                "ads: the search in \(folder) was stopped; 'ads search --resume --out \(folder)' goes on with it\n"),
            "\(watch.errors)")
        #expect(watch.isRunning)
        // However many there are by now on a busy machine.
        let shown = try ads(["study", "show", folder])
        let more = try #require(shown.output.firstMatch(of: /(\d+) of 400 children/).flatMap { Int($0.1) }) + 1
        let resumed = try ads(["search", "--resume", "--quiet", "--out", folder, "--children", "\(more)"])
        #expect(resumed.status == 0, "\(resumed.errors)")
        #expect(watch.end() == 0, "\(watch.errors)")
        #expect(watch.errors.split(separator: "\n").count == 3, "\(watch.errors)")
        let last = page(path)
        #expect(!last.contains("location.reload()") && !last.contains("Not finished.") && last != first)
        #expect(try ads(["report", folder]).status == 0)
        #expect(page(path) == last)
        // Of what has ended there is nothing to watch.
        let ended = try ads(["report", folder, "--watch", "--out", scratch("again.html")])
        #expect(ended.status == 0 && ended.output == scratch("again.html") + "\n", "\(ended.errors)")
        #expect(page(scratch("again.html")) == last)
    }

    /// A training is shown before it has ended; Ctrl-C leaves a page that does not reload itself.
    @Test func aTrainingUntilCtrlC() throws {
        let path = scratch("page.html")
        let train = try beside(
            ["train"] + (try network()) + [
                "--limit-train", "1024", "--epochs", "1000", "--schedule", "constant", "--label", "a <b>", "--quiet",
                "--out", scratch("runs/t"),
            ])
        let watch = try beside(["report", scratch("runs"), "--watch", "--out", path])
        let first = page(path, with: "<polyline")
        #expect(
            first.contains("<h2>Trainings that are not finished</h2>")
                && first.contains("a &lt;b>, seed 0, not finished")
                || first.contains("a &lt;b&gt;, seed 0, not finished"))
        #expect(first.contains(" of 1000</td>") && first.contains("location.reload()"))
        #expect(!watch.errors.contains("was stopped"))
        kill(train.process, SIGKILL)
        _ = train.end()
        #expect(
            watch.says(
                "ads: the training in \(scratch("runs/t")) was stopped; 'ads train --resume --out \(scratch("runs/t"))' goes on with it\n"
            ), "\(watch.errors)")
        #expect(watch.isRunning)
        kill(watch.process, SIGINT)
        #expect(watch.end() == 130)
        #expect(watch.errors.hasSuffix("ads: stopped watching; \(path) stays as it is now\n"), "\(watch.errors)")
        let last = page(path)
        #expect(!last.contains("location.reload()") && last.contains(" of 1000</td>"))
        // The page without --watch has the training, too, and no comparison.
        let plain = try ads(["report", scratch("runs"), "--json"])
        #expect(plain.status == 0 && plain.output == "[]\n", "\(plain.errors)")
        #expect(try ads(["report", scratch("runs"), "--out", path]).status == 0)
        #expect(page(path).contains("<h2>Trainings that are not finished</h2>"))
    }

    @Test func nothingToWatchYet() throws {
        let watch = try beside(["report", scratch("none"), "--watch"])
        #expect(watch.says("watching "))
        kill(watch.process, SIGTERM)
        #expect(watch.end() == 130)
        #expect(watch.errors.hasSuffix("ads: stopped watching; no page was written\n"), "\(watch.errors)")
        #expect(!FileManager.default.fileExists(atPath: scratch("none")))
    }

    @Test func refusals() throws {
        try "x".write(toFile: scratch("file"), atomically: true, encoding: .utf8)
        try FileManager.default.createDirectory(atPath: scratch("run/checkpoints"), withIntermediateDirectories: true)
        try #"{"kind":"import"}"#.write(toFile: scratch("run/config.json"), atomically: true, encoding: .utf8)
        for (arguments, status, sentence) in [
            ([scratch("run"), "--json"], 64, "--watch writes the page; leave --json out"),
            ([scratch("run"), "--markdown"], 64, "--watch writes the page; leave --markdown out"),
            ([scratch("file")], 1, "there is no folder \(scratch("file"))"), ([""], 1, "there is no folder "),
        ] as [([String], Int32, String)] {
            let refused = try ads(["report", "--watch"] + arguments)
            #expect(refused.status == status && refused.output.isEmpty)
            #expect(refused.errors == "ads: \(sentence)\n")
        }
        // A run that has ended, and is damaged: as without --watch.
        let damaged = try ads(["report", "--watch", scratch("run")])
        #expect(damaged.status == 1 && damaged.errors.contains("ads: \(scratch("run"))/config.json: "))
    }
}
