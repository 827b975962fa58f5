import Foundation
import TestSupport
import Testing
import Training

@testable import Reporting

/// The bytes of the file that TensorBoard reads.
@Suite struct EventFileTests {
    /// The check value of RFC 3720 and two of its examples.
    @Test func theChecksum() {
        #expect(CRC32C.checksum(Data("123456789".utf8)) == 0xE306_9283)
        #expect(CRC32C.checksum(Data(count: 32)) == 0x8A91_36AA)
        #expect(CRC32C.checksum(Data(repeating: 0xFF, count: 32)) == 0x62A8_AB43)
    }

    /// As TensorFlow's writer has them, to the byte.
    @Test func theFirstRecord() {
        let expected: [UInt8] =
            [0x18, 0, 0, 0, 0, 0, 0, 0, 0xA3, 0x7F, 0x4B, 0x22, 0x09, 0, 0, 0, 0, 0, 0, 0xF0, 0x3F, 0x1A, 0x0D]
            + Array("brain.Event:2".utf8)
        let bytes = EventFile(start: 1).bytes
        #expect(Array(bytes.prefix(expected.count)) == expected)
        #expect(Array(bytes.dropFirst(expected.count)) == [0x86, 0xBF, 0x57, 0x7A])
    }

    @Test func aFileGoesOnFromItsStart() {
        var file = EventFile(start: 1_700_000_000.5)
        file.add(step: 1, after: 2, [("a", 1), ("b", nil), ("c", .nan)])
        #expect(EventFile.start(of: file.bytes) == 1_700_000_000.5)
        let first = EventFile(start: 1_700_000_000.5).bytes
        for count in 0..<first.count { #expect(EventFile.start(of: first.prefix(count)) == nil) }
        for i in first.indices {
            var damaged = first
            damaged[i] ^= 1
            #expect(EventFile.start(of: damaged) == nil, "byte \(i)")
        }
        for start in [0, -1, .nan, .infinity] { #expect(EventFile.start(of: EventFile(start: start).bytes) == nil) }
        // Nothing but what is no number is no event.
        let before = file.bytes
        file.add(step: 2, after: 3, [("a", nil), ("b", .infinity), ("c", 1e300)])
        #expect(file.bytes == before)
    }

    @Test func entropyInBits() {
        #expect(EventFile.entropy([0.5, 0.5]) == 1)
        #expect(EventFile.entropy([0, 1]) == 0)
        #expect(abs(EventFile.entropy([0.25, 1]) - 0.40564) < 1e-5)
        #expect(EventFile.entropy([]) == 0)
    }
}

/// `--tensorboard` as a user types it.
@Suite(.serialized) struct TensorBoardTests {
    private let scratch = TemporaryFolder()

    private func ads(_ arguments: [String], killOnce words: String? = nil) throws -> Finished {
        try run(Program.folder + "/ads", arguments, in: scratch.path, killOnce: words)
    }

    private func network() throws -> [String] {
        let text =
            #"{"blocks":[2,2],"growth_rate":4,"bottleneck":false,"compression":1,"stem":{"kind":"cifar","channels":8},"input_channels":3,"image_size":32,"classes":10}"#
        try text.write(toFile: scratch("a.json"), atomically: true, encoding: .utf8)
        return ["--data", "shapes", "--arch", "a.json", "--limit-train", "64", "--batch-size", "32"]
    }

    private typealias Scalars = [String: [[Double]]]

    /// What TensorBoard reads in runs' folders.
    private func scalars(_ folders: [String]) throws -> [Scalars] {
        let done = try run(
            try #require(peerPython),
            [packageRoot + "/Tests/Peers/watched.py", "tensorboard"] + folders.map { scratch($0) })
        #expect(done.status == 0, "\(done.errors)")
        return try #require(try JSONSerialization.jsonObject(with: Data(done.output.utf8)) as? [Scalars])
    }

    private func lines(_ folder: String) throws -> [[String: Any]] {
        try String(contentsOfFile: scratch(folder + "/metrics.jsonl"), encoding: .utf8).split(separator: "\n").map {
            try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
        }
    }

    /// Whether a number is another as a 32-bit float; means of two floats lie between two of them.
    private func isFloat(_ a: Double, of b: Double) -> Bool { abs(a - b) <= abs(b) * 1.2e-7 }

    /// A training's scalars are its metrics', an event an epoch.
    private func expectMetrics(_ scalars: Scalars, _ folder: String, epochs: Int) throws {
        let lines = try lines(folder)
        #expect(lines.count == epochs)
        let names = [
            "loss/train": "train_loss", "loss/validation": "validation_loss", "accuracy/train": "train_accuracy",
            "accuracy/validation": "validation_accuracy", "learning_rate": "learning_rate",
            "images_per_second": "images_per_second",
        ]
        #expect(Set(scalars.keys) == Set(names.keys))
        for (tag, key) in names {
            let events = try #require(scalars[tag])
            #expect(events.map { $0[0] } == (1...epochs).map(Double.init), "\(tag)")
            for (event, line) in zip(events, lines) {
                let value = try #require(line[key] as? Double)
                #expect(isFloat(event[1], of: value), "\(tag)")
            }
            let seconds = lines.compactMap { $0["seconds"] as? Double }
            for i in 1..<max(1, epochs) {
                #expect(abs(events[i][2] - events[i - 1][2] - seconds[i]) < 1e-5, "\(tag)")
            }
        }
    }

    @Test(.enabled(if: hasTensorBoard, "TensorBoard for Python is needed, beside PyTorch: pip install tensorboard"))
    func aTrainingKilledAndResumed() throws {
        let train = ["train"] + (try network()) + ["--epochs", "6", "--out", "run", "--tensorboard"]
        let killed = try ads(train, killOnce: "epoch 3/6")
        #expect(killed.status == SIGKILL)
        // Without the option: the run has its curves, and they are kept up.
        let path = scratch("run/events.out.tfevents.ads")
        let before = try Data(contentsOf: URL(fileURLWithPath: path))
        // As a kill in the middle of a write leaves it.
        try before.dropLast(5).write(to: URL(fileURLWithPath: path))
        let resumed = try ads(["train", "--resume", "--out", "run", "--quiet"])
        #expect(resumed.status == 0, "\(resumed.errors)")
        let after = try Data(contentsOf: URL(fileURLWithPath: path))
        #expect(after.starts(with: before.dropLast(5)))
        try expectMetrics(scalars(["run"])[0], "run", epochs: 6)
        // Looking at what is finished changes nothing.
        #expect(try ads(["train", "--resume", "--out", "run", "--quiet"]).status == 0)
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == after)
        // A file that is another's, or torn at its start, is made anew.
        try Data("torn".utf8).write(to: URL(fileURLWithPath: path))
        #expect(try ads(["train", "--resume", "--out", "run", "--quiet"]).status == 0)
        try expectMetrics(scalars(["run"])[0], "run", epochs: 6)
    }

    /// TensorBoard that has the file open sees what is added.
    @Test(.enabled(if: hasTensorBoard, "TensorBoard for Python is needed, beside PyTorch: pip install tensorboard"))
    func whoWatchesSeesItGrow() throws {
        let train = ["train"] + (try network()) + ["--epochs", "5", "--out", "run", "--tensorboard"]
        _ = try ads(train, killOnce: "epoch 2/5")
        let done = try run(
            try #require(peerPython),
            [
                packageRoot + "/Tests/Peers/watched.py", "growing", scratch("run"), Program.folder + "/ads", "train",
                "--resume", "--out", scratch("run"), "--quiet",
            ])
        #expect(done.output == "[1, 2, 3, 4, 5]\n", "\(done.errors)")
    }

    @Test(.enabled(if: hasTensorBoard, "TensorBoard for Python is needed, beside PyTorch: pip install tensorboard"))
    func aSearchAndItsNetwork() throws {
        let search =
            ["search"] + (try network()) + [
                "--children", "6", "--children-per-update", "3", "--limit-validation", "64", "--top", "1",
                "--reevaluation-seeds", "2", "--evaluator", "shared", "--shared-epochs", "2", "--workers", "1", "--out",
                "s",
            ]
        let done = try ads(search + ["--tensorboard", "--quiet"])
        #expect(done.status == 0, "\(done.errors)")
        let more = try ads(["search", "--resume", "--children", "9", "--out", "s", "--quiet"])
        #expect(more.status == 0, "\(more.errors)")
        let retrained = try ads([
            "retrain", "s", "--epochs", "2", "--limit-train", "64", "--batch-size", "32", "--tensorboard", "--quiet",
        ])
        #expect(retrained.status == 0, "\(retrained.errors)")
        let all = try scalars(["s", "s/shared", "s/retrained-0"])
        try expectMetrics(all[1], "s/shared", epochs: 2)
        try expectMetrics(all[2], "s/retrained-0", epochs: 2)
        let children = try lines("s")
        let numbers = children.compactMap { $0["number"] as? Double }
        for (tag, key) in [
            ("child/reward", "reward"), ("child/validation_accuracy", "accuracy"), ("child/validation_loss", "loss"),
            ("child/macs", "macs"), ("child/connections", "connections"),
        ] {
            let events = try #require(all[0][tag])
            #expect(events.map { $0[0] } == numbers, "\(tag)")
            for (event, child) in zip(events, children) {
                #expect(isFloat(event[1], of: try #require(child[key] as? Double)), "\(tag)")
            }
        }
        var best = -Double.infinity
        let soFar = children.map { child in
            best = max(best, child["accuracy"] as? Double ?? 0)
            return Float(best)
        }
        #expect(all[0]["child/best"]?.map { Float($0[1]) } == soFar)
        let updates = try #require(all[0]["update/mean_reward"])
        #expect(updates.map { $0[0] } == (1...updates.count).map(Double.init) && updates.count >= 3)
        #expect(all[0]["update/keep_rate"]?.count == updates.count)
        #expect(all[0]["again/validation_accuracy"]?.isEmpty == false)
    }

    /// What is in the way is said, and the training goes on.
    @Test func whereNothingCanBeWritten() throws {
        let events = scratch("run/events.out.tfevents.ads")
        try FileManager.default.createDirectory(atPath: events, withIntermediateDirectories: true)
        let done = try ads(["train"] + network() + ["--epochs", "2", "--out", "run", "--tensorboard"])
        let sentence = "run/events.out.tfevents.ads is a folder; a file was expected"
        let said = done.errors.split(separator: "\n").filter { $0.contains("events") }
        #expect(said == ["the curves for TensorBoard were not written: \(sentence)", "ads: \(sentence)"])
        #expect(done.status == 1)
        // Its result is there all the same.
        #expect(FileManager.default.fileExists(atPath: scratch("run/result.json")))
    }
}
