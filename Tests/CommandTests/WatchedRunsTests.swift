import Foundation
import TestSupport
import Testing

@testable import Reporting

/// What is waited for, and when there is nothing to wait for.
@Suite struct WatchedRunsTests {
    private let scratch = TemporaryFolder()

    private func write(_ text: String, _ name: String) throws {
        let url = URL(fileURLWithPath: scratch(name))
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try text.write(to: url, atomically: true, encoding: .utf8)
    }

    @Test func runsThatHaveNotEnded() throws {
        let watched = WatchedRuns(folders: [scratch("runs")])
        #expect(watched.look().empty == [scratch("runs")] && !watched.isOver(watched.look()))
        try write(#"{"kind":"training"}"#, "runs/a/config.json")
        try write(#"{"kind":"import"}"#, "runs/b/config.json")
        try write("{}", "runs/c/config.json")
        try write("{}", "runs/c/calibration.json")
        try write(#"{"kind":"search"}"#, "runs/c/scratch/config.json")
        try write(#"{"kind":"search"}"#, "runs/d/config.json")
        try write("{}", "runs/e/config.json")
        try write(#"{"kind":"training"}"#, "runs/1/2/f/config.json")
        try write(#"{"kind":"training"}"#, "runs/1/2/3/g/config.json")
        try write(#"{"kind":"training"}"#, "runs/a/checkpoints/h/config.json")
        let look = watched.look()
        #expect(look.unfinished == ["1/2/f", "a", "d", "e"].map { scratch("runs/" + $0) })
        #expect(look.runs == 6)
        #expect(
            look.stopped == [
                "the search in \(scratch("runs/d")) was stopped; 'ads search --resume --out \(scratch("runs/d"))' goes on with it"
            ])
        #expect(!watched.isOver(look))
        for name in ["1/2/f", "a", "d", "e"] { try write("{}", "runs/\(name)/result.json") }
        let ended = watched.look()
        #expect(ended.unfinished.isEmpty && ended.stopped.isEmpty && ended.runs == 6)
        // The next run of a folder may be about to begin; one given by itself has ended.
        #expect(!watched.isOver(ended))
        #expect(!watched.isOver(ended, now: Date().addingTimeInterval(8)))
        #expect(watched.isOver(ended, now: Date().addingTimeInterval(12)))
        let alone = WatchedRuns(folders: [scratch("runs/a"), scratch("runs/d")])
        #expect(alone.isOver(alone.look()))
        let both = WatchedRuns(folders: [scratch("runs/a"), scratch("runs")])
        #expect(!both.isOver(both.look()))
        // Where nothing has begun yet there is something to wait for, whatever else has ended.
        let later = WatchedRuns(folders: [scratch("runs/a"), scratch("later"), scratch("runs/1")])
        #expect(later.look().empty == [scratch("later")])
        #expect(!later.isOver(later.look(), now: Date().addingTimeInterval(60)))
    }

    /// A change of every file that a report is made of is seen, and none of others.
    @Test func changes() throws {
        let watched = WatchedRuns(folders: [scratch("r")])
        try write("{}", "r/config.json")
        var before = watched.look().files
        #expect(watched.look().files == before)
        for name in [
            "config.json", "architecture.json", "result.json", "metrics.jsonl", "test-uses.jsonl", "confusion.json",
            "latency.json", "study.sqlite",
            "study.sqlite-wal", "below/config.json", "calibration.json",
        ] {
            // Another file of the same size in its place is a change.
            for text in ["{}", "[]", "[1]"] {
                try write(text, "r/" + name)
                let now = watched.look().files
                #expect(now != before, "\(name)")
                before = now
            }
        }
        for name in ["report.html", "weights.safetensors", "checkpoints/last.safetensors"] {
            try write("x", "r/" + name)
            #expect(watched.look().files == before, "\(name)")
        }
    }

    @Test func noticesAreToldOnceTheyHaveHeld() {
        var notices = PersistentNotices(looks: 3)
        #expect(notices.due(["a"]) == [])
        #expect(notices.due(["a", "b"]) == [])
        #expect(notices.due(["b", "a"]) == ["a"])
        #expect(notices.due(["b", "a"]) == ["b"])
        #expect(notices.due(["a"]) == [])
        // What was gone for once is new.
        #expect(notices.due([]) == [])
        #expect(notices.due(["a"]) == [] && notices.due(["a"]) == [])
        #expect(notices.due(["a"]) == ["a"])
    }
}
