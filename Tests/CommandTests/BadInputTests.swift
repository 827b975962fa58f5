import Foundation
import TestSupport
import Testing

/// Each kind of bad input: its sentence, its exit code, one line, nothing left behind.
@Suite struct BadInputTests {
    private func expect(
        _ arguments: [String], _ status: Int32, _ sentence: String, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let finished = try run(Program.folder + "/ads", arguments)
        #expect(finished.status == status, sourceLocation: sourceLocation)
        #expect(finished.errors.contains(sentence), "\(finished.errors)", sourceLocation: sourceLocation)
        #expect(finished.output.isEmpty, sourceLocation: sourceLocation)
        #expect(
            !finished.errors.contains("Fatal error") && !finished.errors.contains("Backtrace"),
            sourceLocation: sourceLocation)
        if finished.errors.hasPrefix("ads: ") {
            #expect(
                finished.errors.split(separator: "\n").count == 1, "\(finished.errors)", sourceLocation: sourceLocation)
        }
    }

    /// A configuration of OpenSSL's that leaves it without algorithms is nothing to digests.
    @Test func anOpenSSLWithoutAlgorithms() throws {
        let folder = TemporaryFolder()
        let file = folder("openssl.cnf")
        try "openssl_conf = i\n[i]\nproviders = p\n[p]\nnull = n\n[n]\nactivate = 1\n".write(
            toFile: file, atomically: true, encoding: .utf8)
        let environment = ProcessInfo.processInfo.environment.merging(["OPENSSL_CONF": file]) { $1 }
        let arguments = [
            "train", "--data", "shapes", "--arch", "densenet-22-12", "--batch-size", "9000", "--out", folder("run"),
        ]
        let refused = try run(Program.folder + "/ads", arguments, environment: environment)
        #expect(
            refused.status == 1 && refused.errors.contains("do not fill one batch of 9000"), "\(refused.errors)")
    }

    @Test func wrongWords() throws {
        let folder = TemporaryFolder()
        let out = folder("run")
        try expect(
            ["train", "--data", "imagenet", "--arch", "densenet-22-12", "--out", out], 64,
            "unknown data set 'imagenet'; known are cifar10, cifar100, mnist, fashion-mnist, shapes, folder, npz")
        try expect(["train", "--data", "shapes", "--arch", "vgg", "--out", out], 64, "unknown architecture 'vgg'")
        try expect(
            ["train", "--data", "shapes", "--arch", "densenet-23-12", "--out", out], 64, "depth 23 does not fit")
        try expect(
            ["train", "--data", "shapes", "--arch", "densenet-22-12", "--connectivity", "far-near:3", "--out", out], 64,
            "must be even")
        try expect(
            ["train", "--data", "shapes", "--arch", "densenet-22-12", "--epochs", "0", "--out", out], 64,
            "The value '0' is invalid for '--epochs <epochs>': a whole number from 1 to 1000000 is needed")
        try expect(
            ["train", "--data", "shapes", "--arch", "densenet-22-12", "--recipe", "fast", "--out", out], 64,
            "unknown recipe 'fast'")
        try expect(
            ["train", "--data", "shapes", "--arch", "densenet-22-12", "--device", "tpu", "--out", out], 64,
            "unknown device 'tpu'")
        try expect(
            ["train", "--data", "shapes", "--arch", "densenet-22-12", "--device", "cuda:63", "--out", out], 1,
            "device 'cuda:63' is not available")
        try expect(["train", "--arch", "densenet-22-12", "--out", out], 64, "--data is needed")
        try expect(["train", "--data", "shapes", "--epoks", "3", "--out", out], 64, "Unknown option '--epoks'")
        try expect(
            ["search", "--data", "shapes", "--arch", "densenet-22-12", "--strategy", "luck", "--out", out], 64,
            "unknown strategy 'luck'; known are ads, ads-tradeoff, random")
        try expect(
            ["search", "--data", "shapes", "--arch", "densenet-22-12", "--target-macs", "0.3", "--out", out], 64,
            "28945680 to 72906000 MACs, 0.397 to 1 of the dense network")
        try expect(
            ["search", "--data", "shapes", "--arch", "densenet-22-12", "--evaluator", "inherit", "--out", out], 64,
            "give its run with --dense")
        try expect(
            ["train", "--data", "shapes", "--arch", "densenet-22-12", "--batch-size", "9000", "--out", out], 1,
            "5400 training images do not fill one batch of 9000")
        try expect(["train", "--resume", "--out", out], 64, "there is no run in \(out) to continue")
        try expect(["search", "--resume", "--out", out], 64, "there is no search in \(out) to continue")
        try expect(["bench", "--batch-size", "1"], 64, "--batch-size 1; training needs at least 2, inference 1")
        try expect(["bench", "--repetitions", "1"], 64, "a whole number from 2 to 1000000 is needed")
        try expect(["bench", "--kernels", "fast"], 64, "Please provide one of 'auto', 'swift' or 'torch'")
        try expect(
            ["bench", "--children", "2", "--inference"], 64,
            "--inference is not for --children, which are evaluated as a search does; leave it out")
        try expect(["bench", "--children", "2", "--batch-size", "64"], 64, "--batch-size is not for --children")
        try expect(["bench", "--children", "2", "--repetitions", "2"], 64, "--repetitions is not for --children")
        try expect(["bench", "--children", "2", "--connectivity", "log"], 64, "--connectivity is not for --children")
        try expect(
            ["bench", "--target-macs", "0.5"], 64, "--target-macs is for --children; leave it out, or say how many")
        try expect(["bench", "--out", out], 64, "--out is for --children; leave it out, or say how many")
        try expect(
            ["bench", "--arch", "densenet-22-12", "--children", "2", "--target-macs", "0.3", "--out", out], 64,
            "28945680 to 72906000 MACs, 0.397 to 1 of the dense network")
        for command in [
            ["demo"], ["train", "--data", "shapes", "--arch", "densenet-7-2"], ["report", "."], ["study", "best", "."],
            ["search", "--data", "shapes", "--arch", "densenet-7-2"], ["bench", "--children", "2"], ["retrain", "."],
            ["calibrate", "--data", "shapes", "--arch", "densenet-7-2"],
        ] {
            try expect(command + ["--out", ""], 64, "The value '' is invalid for '--out <out>': a path is needed")
        }
        // A demo is none of a run's files.
        try FileManager.default.createDirectory(atPath: folder("other"), withIntermediateDirectories: true)
        try "{}".write(toFile: folder("other/config.json"), atomically: true, encoding: .utf8)
        try expect(
            ["demo", "--out", folder("other")], 64, "\(folder("other")) is a run's folder; choose another with --out")
        // A folder that is not there is named as it was typed.
        try expect(
            ["inspect", "--arch", "densenet-7-2", "--svg", "/nonexistent/x.svg"], 1,
            "cannot create /nonexistent/x.svg: no such file or directory")
        try expect(["inspect", "--svg", ""], 64, "The value '' is invalid for '--svg <svg>': a path is needed")
        try expect(
            [
                "search", "--data", "shapes", "--arch", "densenet-7-2", "--top", "0", "--reevaluation-seeds", "2",
                "--out", out,
            ], 64, "--reevaluation-seeds is for the best that are evaluated again; --top 0 leaves none")
        try expect(
            [
                "search", "--data", "shapes", "--arch", "densenet-7-2", "--evaluator", "shared", "--top", "0",
                "--child-epochs", "2", "--out", out,
            ], 64, "--child-epochs is for children that are trained, and with --evaluator shared and --top 0 none is")
        try expect(
            [
                "search", "--data", "shapes", "--arch", "densenet-7-2", "--evaluator", "masked", "--learning-rate", "2",
                "--out", out, "--dense", out,
            ], 64,
            "--learning-rate is for children that are trained, and masked children are tuned with --halving or --child-epochs alone"
        )
        for option in ["--child-epochs", "--learning-rate"] {
            try expect(
                [
                    "search", "--data", "shapes", "--arch", "densenet-7-2", "--evaluator", "masked", "--top", "0",
                    option, "2", "--out", out, "--dense", out,
                ], 64, "\(option) is for children that are trained, and with --evaluator masked and --top 0 none is")
        }
        try expect(
            [
                "search", "--data", "shapes", "--arch", "densenet-22-12", "--strategy", "fixed", "--search-block-end",
                "--target-macs", "0.3", "--out", out,
            ], 64, "no fixed pattern keeps 21871800 MACs; raise the target or choose another strategy")
        try expect(["inspect"], 64, "give a run's folder, or a network with --arch")
        try expect(["frobnicate"], 64, "Unexpected argument 'frobnicate'")
        #expect(!FileManager.default.fileExists(atPath: out))
    }

    @Test func missingAndDamagedFiles() throws {
        let folder = TemporaryFolder()
        try expect(
            [
                "train", "--data", "cifar10", "--data-dir", folder.path, "--arch", "densenet-22-12", "--out",
                folder("run"),
            ], 1, "no cifar10 in \(folder.path)")
        try expect(["inspect", folder("none")], 1, "holds no run: there is no \(folder("none"))/config.json")
        try expect(["report", folder("none")], 1, "there is no folder \(folder("none"))")
        try expect(["report", folder.path], 1, "no run in \(folder.path)")
        try expect(["evaluate", folder("none")], 1, "holds no run")
        try expect(["retrain", folder("none")], 1, "holds no run")
        for command in ["retrain", "report"] {
            try expect([command, "postgresql://me:geheim@h/d"], 64, "the address postgresql://… has a password in it")
        }
        try "{\"blocks\": [2]}".write(toFile: folder("a.json"), atomically: true, encoding: .utf8)
        try expect(["inspect", "--arch", folder("a.json")], 1, "a.json: 'growth_rate' is missing")
        try "[[[1],[0,7]]]".write(toFile: folder("c.json"), atomically: true, encoding: .utf8)
        try expect(
            ["inspect", "--arch", "densenet-22-12", "--connectivity", folder("c.json")], 1,
            "holds 7; only 0 and 1 are possible")
        try "[[[1],".write(toFile: folder("d.json"), atomically: true, encoding: .utf8)
        try expect(
            ["inspect", "--arch", "densenet-22-12", "--connectivity", folder("d.json")], 1,
            "d.json: it is no valid JSON")
        // A pickle that would run something.
        try FileManager.default.createDirectory(
            atPath: folder("cifar-10-batches-py"), withIntermediateDirectories: true)
        try "cos\nsystem\n(S'touch \(folder("ran"))'\ntR.".write(
            toFile: folder("cifar-10-batches-py/data_batch_1"), atomically: true, encoding: .utf8)
        try expect(
            [
                "train", "--data", "cifar10", "--data-dir", folder.path, "--arch", "densenet-22-12", "--out",
                folder("run"),
            ], 1, "it wants 'os.system', which is refused")
        #expect(!FileManager.default.fileExists(atPath: folder("ran")))
    }

    @Test func foldersThatCannotBeWritten() throws {
        let folder = TemporaryFolder()
        try "x".write(toFile: folder("file"), atomically: true, encoding: .utf8)
        try expect(
            ["train", "--data", "shapes", "--arch", "densenet-22-12", "--out", folder("file")], 1,
            "a file of that name is there")
        try expect(
            ["train", "--data", "shapes", "--arch", "densenet-22-12", "--out", "/proc/none/run"], 1,
            "cannot create the folder /proc/none/run")
    }
}
