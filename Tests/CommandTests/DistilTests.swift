import Evaluation
import Foundation
import Runs
import TestSupport
import Testing
import Training

/// `ads retrain --distil` and `--limit-train`: what a run notes, what is refused, and that it goes on as it was.
@Suite(.serialized) struct DistilTests {
    private let scratch = TemporaryFolder()
    private var dense: String { scratch("dense") }
    private var found: String { scratch("found") }

    private func ads(_ arguments: [String], killOnce words: String? = nil) throws -> Finished {
        try run(Program.folder + "/ads", arguments, killOnce: words)
    }

    private func network() throws -> [String] { try SmallNetwork.options(in: scratch) }

    /// A dense network and a search among its parts.
    private func make() throws {
        let trained = try ads(["train"] + network() + ["--epochs", "1", "--out", dense])
        #expect(trained.status == 0, "\(trained.errors)")
        try search(found, ["--dense", dense])
    }

    private func search(_ path: String, _ more: [String]) throws {
        let done = try ads(
            ["search"] + network() + [
                "--limit-validation", "40", "--strategy", "random", "--children", "2", "--top", "0", "--workers", "1",
                "--out", path,
            ] + more)
        #expect(done.status == 0, "\(done.errors)")
    }

    private func retrain(_ name: String, _ more: [String], search: String? = nil) throws -> Finished {
        try ads(
            ["retrain", search ?? found, "--quiet", "--epochs", "1", "--batch-size", "32", "--limit-train", "64"] + more
                + ["--out", scratch(name)])
    }

    private func configuration(_ name: String) throws -> TrainingConfiguration {
        let folder = RunFolder(scratch(name))
        return try folder.read(TrainingConfiguration.self, from: folder.configuration)
    }

    private func weights(_ name: String) throws -> Data {
        try Data(contentsOf: URL(fileURLWithPath: scratch(name + "/weights.safetensors")))
    }

    @Test func whatARunNotes() throws {
        try make()
        let before = try weights("dense")
        let runs: [(name: String, options: [String])] = [
            ("plain", []), ("taught", ["--distil"]), ("inherited", ["--inherit"]),
            ("both", ["--inherit", "--distil", "--distil-temperature", "2", "--distil-weight", "0.5"]),
        ]
        for (name, more) in runs {
            let done = try retrain(name, more)
            #expect(done.status == 0, "\(name): \(done.errors)")
            #expect(try configuration(name).limitTrain == 64)
        }
        let digest = try TrainedDense.digest(RunFolder(dense))
        let (plain, taught, inherited, both) = (
            try configuration("plain"), try configuration("taught"), try configuration("inherited"),
            try configuration("both")
        )
        #expect(plain.distillation == nil && plain.initialWeights == nil)
        #expect(inherited.distillation == nil && inherited.initialWeights == dense)
        #expect(taught.distillation == Distillation(teacher: dense, digest: digest, temperature: 4, weight: 0.9))
        #expect(taught.initialWeights == nil && taught.initialDigest == nil)
        #expect(both.distillation == Distillation(teacher: dense, digest: digest, temperature: 2, weight: 0.5))
        #expect(both.initialWeights == dense && both.initialDigest == digest)
        let made = Set(try runs.map { try weights($0.name) })
        #expect(made.count == 4, "each learned in its own way")
        #expect(try weights("dense") == before)
        // Images are normalised as the teacher knows them, even where the validation images are trained on, too.
        let all = try retrain("all", ["--distil", "--all-data"])
        #expect(all.status == 0, "\(all.errors)")
        let (known, own) = (try configuration("dense").normalization, try configuration("all"))
        #expect(own.allData && own.normalization == known && known != nil)
        // A network that somebody else trained may know images in another way; so do its parts, taught or not.
        let path = RunFolder(dense).configuration
        let text = try String(contentsOfFile: path, encoding: .utf8)
        let other = text.replacing(/"deviation"\s*:\s*\[[^\]]*\]/, with: #""deviation" : [51, 52, 53]"#)
        #expect(other != text)
        try other.write(toFile: path, atomically: true, encoding: .utf8)
        for (name, more) in [("foreign", ["--inherit"]), ("taught-foreign", ["--distil"])] {
            let done = try retrain(name, more)
            #expect(done.status == 0, "\(done.errors)")
            #expect(try configuration(name).normalization?.deviation == [51, 52, 53])
        }
    }

    @Test func whatIsRefused() throws {
        try make()
        func refused(_ more: [String], _ status: Int32, _ sentence: String, search: String? = nil) throws {
            let done = try retrain("refused", more, search: search)
            #expect(done.status == status && done.output.isEmpty, "\(more): \(done.status)")
            #expect(done.errors == "ads: \(sentence)\n", "\(done.errors)")
            #expect(!FileManager.default.fileExists(atPath: scratch("refused")))
        }
        try refused(["--distil-temperature", "2"], 64, "--distil-temperature needs --distil")
        try refused(["--distil-weight", "0.5", "--inherit"], 64, "--distil-weight needs --distil")
        // With nothing to continue --resume starts a run, by the same rules.
        try refused(["--distil-weight", "0.5", "--resume"], 64, "--distil-weight needs --distil")
        try refused(["--limit-train", "31"], 1, "31 training images do not fill one batch of 32; lower --batch-size")
        try refused(
            ["--distil", "--seed", "1"], 1,
            "\(dense) was trained on images that are held out here (another seed, or --all-data); train it with --seed 1"
        )
        let scratched = scratch("scratched")
        try search(scratched, [])
        try refused(
            ["--distil"], 64,
            "the search in \(scratched) has no trained dense network for --distil; give one to 'ads search' with --dense",
            search: scratched)
        try refused(
            ["--distil", "--inherit"], 64,
            "the search in \(scratched) had no trained dense network; there are no weights for --inherit",
            search: scratched)
        try replaceDense()
        try refused(["--distil"], 1, "the weights of \(dense) have changed since the search was started")
    }

    /// Puts other weights of the same network in the dense network's place.
    private func replaceDense() throws {
        let other = try ads(
            ["train"] + network() + ["--epochs", "1", "--initialization", "fan-out", "--out", scratch("other")])
        #expect(other.status == 0, "\(other.errors)")
        try FileManager.default.removeItem(atPath: dense + "/weights.safetensors")
        try FileManager.default.copyItem(
            atPath: scratch("other/weights.safetensors"), toPath: dense + "/weights.safetensors")
    }

    /// Killed after an epoch and resumed, by the command that started it or by `ads train`: the bits of a run that was
    /// not. Another number, a number that none is, and another teacher are refused.
    @Test func aKilledRunGoesOn() throws {
        try make()
        let options = [
            "retrain", found, "--inherit", "--distil", "--epochs", "8", "--batch-size", "32", "--limit-train", "256",
            "--threads", "1", "--out",
        ]
        let whole = try ads(options + [scratch("whole"), "--quiet"])
        #expect(whole.status == 0, "\(whole.errors)")
        // What has ended needs neither its teacher nor its start any more.
        try FileManager.default.moveItem(atPath: dense, toPath: dense + "-away")
        let ended = try ads(["retrain", found, "--resume", "--quiet", "--out", scratch("whole")])
        #expect(ended.status == 0 && ended.output == whole.output, "\(ended.errors)")
        try FileManager.default.moveItem(atPath: dense + "-away", toPath: dense)
        let killed = try ads(options + [scratch("killed")], killOnce: "validation")
        #expect(killed.status == SIGKILL, "\(killed.errors)")
        for copy in ["trained", "hostile", "changed"] {
            try FileManager.default.copyItem(atPath: scratch("killed"), toPath: scratch(copy))
        }
        let resume = ["retrain", found, "--resume", "--quiet", "--out"]
        for (option, value, stored) in [
            ("--distil-temperature", "5", "4.0"), ("--distil-weight", "0.5", "0.9"), ("--limit-train", "77", "256"),
        ] {
            let refused = try ads(resume + [scratch("killed"), option, value])
            #expect(refused.status == 64)
            #expect(
                refused.errors
                    == "ads: \(option) is \(stored) in \(scratch("killed")) and cannot change; leave it out or start a new run\n",
                "\(refused.errors)")
        }
        let same = ["--distil", "--distil-temperature", "4", "--limit-train", "256"]
        let done = try ads(resume + [scratch("killed")] + same)
        #expect(done.status == 0, "\(done.errors)")
        let trained = try ads(["train", "--resume", "--quiet", "--out", scratch("trained")])
        #expect(trained.status == 0, "\(trained.errors)")
        let expected = try weights("whole")
        #expect(try weights("killed") == expected && weights("trained") == expected)

        var hostile = try configuration("hostile")
        hostile.distillation?.temperature = 0
        let folder = RunFolder(scratch("hostile"))
        try folder.write(hostile, to: folder.configuration)
        let number = try ads(resume + [folder.path])
        #expect(
            number.status == 1
                && number.errors == "ads: a distillation temperature of 0.0; it must be from 0.01 to 100\n",
            "\(number.errors)")
        try replaceDense()
        for command in [resume, ["train", "--resume", "--quiet", "--out"]] {
            let changed = try ads(command + [scratch("changed")])
            #expect(
                changed.status == 1
                    && changed.errors
                        == "ads: the weights of \(dense) have changed since \(scratch("changed")) was started; start a new run\n",
                "\(changed.errors)")
        }
    }
}
