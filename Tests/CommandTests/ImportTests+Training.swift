import Foundation
import Runs
import TestSupport
import Testing
import Training

/// Trainings that start from a file's weights.
extension ImportTests {
    @Test func trainingStartsFromAFileOrARun() throws {
        let file = try weights()
        let train = [
            "train", "--data", "shapes", "--epochs", "1", "--limit-train", "64", "--learning-rate", "1e-9",
            "--no-augment", "--quiet", "--json",
        ]
        func run(_ name: String, _ more: String...) throws -> Finished {
            try TestSupport.run(Program.folder + "/ads", train + ["--out", scratch(name)] + more)
        }
        let before = try ads("evaluate", scratch("dense"), "--json").json()["accuracy"] as? Double ?? 0
        // BN's statistics move even where weights do not.
        for (name, weights) in [("file", file), ("run", scratch("dense"))] {
            let done = try run(name, "--weights", weights, "--normalization", try normalization())
            #expect(done.status == 0, "\(done.errors)")
            let after = try done.json()["accuracy"] as? Double ?? 0
            #expect(abs(after - before) < 0.15 && before > 0.2, "\(before), \(after)")
            #expect(try RunFolder(scratch(name)).network() == RunFolder(scratch("dense")).network())
        }
        let c = try RunFolder(scratch("file")).read(TrainingConfiguration.self, from: scratch("file/config.json"))
        #expect(c.initialWeights == URL(fileURLWithPath: file).standardizedFileURL.path && c.initialDigest?.count == 64)
        #expect(c.normalization == (try RunFolder(scratch("run")).weightOrigin().normalization))
        // The report says how to do it again.
        let page = try ads("report", scratch("file"))
        #expect(page.status == 0)
        let text = try String(contentsOfFile: scratch("file/report.html"), encoding: .utf8)
        #expect(text.contains("--weights \(c.initialWeights ?? "?")") && text.contains("--normalization 0."))
        #expect(!text.contains("ads retrain SEARCH"))
        // Wherever the file is by then.
        try FileManager.default.moveItem(atPath: file, toPath: file + ".away")
        #expect(try ads("report", scratch("file")).status == 0)
        #expect(try String(contentsOfFile: scratch("file/report.html"), encoding: .utf8) == text)
        try FileManager.default.moveItem(atPath: file + ".away", toPath: file)

        // A part of the network takes its part of the weights; another network, and changed weights, are refused.
        let part = try run("part", "--weights", file, "--arch", scratch("a.json"), "--connectivity", "nearest")
        #expect(part.status == 0, "\(part.errors)")
        let other = try run("other", "--weights", file, "--arch", "densenet-10-4")
        #expect(other.status == 1 && other.errors.contains("it is none of the network of --arch"), "\(other.errors)")
        #expect(!FileManager.default.fileExists(atPath: scratch("other")))
        let seed = try run("seed", "--weights", scratch("dense"), "--seed", "1")
        #expect(
            seed.status == 1
                && seed.errors.contains("was trained on images that this training validates on; train with --seed 0"))
        let fresh = try run("fresh", "--weights", file, "--initialization", "fan-in")
        #expect(
            fresh.status == 64
                && fresh.errors == "ads: --initialization is for fresh weights; leave it out with --weights\n")
        #expect(
            try run("none", "--weights", scratch("nothing")).errors == "ads: there is no file \(scratch("nothing"))\n")
    }

    @Test func anInterruptedTrainingStartsFromTheSameWeights() throws {
        let file = try weights()
        let train = [
            "train", "--data", "shapes", "--weights", file, "--epochs", "1", "--limit-train", "640", "--out",
        ]
        #expect(try run(Program.folder + "/ads", train + [scratch("whole")]).status == 0)
        // Killed before its first checkpoint it starts from them again.
        let cut = scratch("cut")
        let killed = try run(Program.folder + "/ads", train + [cut], killOnce: "training ")
        #expect(
            killed.status == SIGKILL && !FileManager.default.fileExists(atPath: cut + "/checkpoints/last.safetensors"))
        #expect(try ads("train", "--resume", "--out", cut, "--quiet").status == 0)
        #expect(
            try Data(contentsOf: URL(fileURLWithPath: cut + "/weights.safetensors"))
                == Data(contentsOf: URL(fileURLWithPath: scratch("whole/weights.safetensors"))))
        let lost = scratch("lost")
        #expect(try run(Program.folder + "/ads", train + [lost]).status == 0)
        try FileManager.default.removeItem(atPath: lost + "/result.json")
        try FileManager.default.removeItem(atPath: lost + "/checkpoints/last.safetensors")
        try? FileManager.default.removeItem(atPath: lost + "/checkpoints/previous.safetensors")
        var bytes = try Data(contentsOf: URL(fileURLWithPath: file))
        bytes[bytes.count - 1] ^= 1
        try bytes.write(to: URL(fileURLWithPath: file))
        let changed = try ads("train", "--resume", "--out", lost, "--quiet")
        #expect(
            changed.status == 1 && changed.errors.contains("has changed since \(lost) was started; start a new run"),
            "\(changed.errors)")
    }
}
