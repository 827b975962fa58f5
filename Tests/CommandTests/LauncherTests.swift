import Files
import Foundation
import TestSupport
import Testing

@testable import Reporting
@testable import ads

/// What `ads workers` prints, run or checked by those it is for; the programs it calls are played here.
@Suite struct LauncherTests {
    private let folder = TemporaryFolder()
    private static let address = "postgresql://me@db.example.org/ads?study=my%20cifar"

    private func ads(_ arguments: [String]) throws -> Finished { try run(Program.folder + "/ads", arguments) }

    private func program(_ name: String, _ text: String) throws {
        let bin = folder("bin")
        try FileManager.default.createDirectory(atPath: bin, withIntermediateDirectories: true)
        try ("#!/bin/bash\n" + text).write(toFile: "\(bin)/\(name)", atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: "\(bin)/\(name)")
    }

    private var log: String { (try? String(contentsOfFile: folder("log"), encoding: .utf8)) ?? "" }

    private func shell(_ script: String, _ arguments: [String] = []) throws -> Background {
        let path = "PATH=\(folder("bin")):\(ProcessInfo.processInfo.environment["PATH"] ?? "")"
        // Threads of ours block signals, which programs that they start inherit.
        let unblocked = ["perl", "-MPOSIX", "-e", "sigprocmask(SIG_SETMASK, POSIX::SigSet->new()); exec @ARGV"]
        return try Background(
            "/usr/bin/env",
            unblocked + ["env", path, "HOME=\(folder.path)", "SLURM_JOB_ID=7", "/bin/bash", script] + arguments)
    }

    /// Waits for words in the log of what was called.
    private func waits(for words: String) -> Bool {
        let end = Date().addingTimeInterval(30)
        while Date() < end, !log.contains(words) { Thread.sleep(forTimeInterval: 0.02) }
        return log.contains(words)
    }

    @Test func shellWords() throws {
        for (text, word) in [
            ("a/b-c=d", "a/b-c=d"), ("", "''"), ("a b", "'a b'"), ("it's", #"'it'\''s'"#), ("é", "'é'"),
        ] {
            #expect(ShellText.word(text) == word)
        }
        let words = ["a b", "$HOME", "`x`", "'", "\"", "\\", "*", "", "~", "#", "é\u{1F600}"]
        let echoed = try run("/bin/sh", ["-c", "printf '%s|' \(ShellText.command(words))"])
        #expect(echoed.output == words.map { $0 + "|" }.joined())
    }

    @Test func slurmTimes() throws {
        for (text, seconds) in [
            ("90", 5400), ("5:30", 330), ("4:00:00", 14_400), ("1-12", 129_600), ("0-0:30", 1800), ("2-1:0:1", 176_401),
            ("366-0", 31_622_400),
        ] {
            #expect(try SlurmTime.parse(text) == SlurmTime(text: text, seconds: seconds))
        }
        for text in ["", "x", "1:", ":1", "1:2:3:4", "1-2-3", "-1", "1.5", "1-1:1:1:1", "367-0", "9999999", "１"] {
            #expect(throws: RangeError.self, "\(text)") { try SlurmTime.parse(text) }
        }
        // Nobody works where all of the time is notice.
        for text in ["4", "0", "0:0:0", "4:00"] {
            #expect(throws: RangeError.self, "\(text)") { try SlurmTime.parse(text) }
        }
        #expect(try SlurmTime.parse("4:01").seconds == 241)
    }

    /// Four ways a task of Slurm's ends: its search ended, it failed, its limit came near, and somebody ended it.
    @Test(arguments: ["done", "failed", "limit", "cancelled"]) func aTaskOfSlurms(end: String) throws {
        try program(
            "ads",
            """
            printf '[%s]' "$@" >>\(folder("log"))
            trap 'echo TERM >>\(folder("log")); sleep 0.3; exit 130' TERM
            case \(end) in done) exit 0;; failed) exit 3;; esac
            echo working >>\(folder("log"))
            while :; do sleep 0.05; done
            """)
        try program("scontrol", "echo scontrol \"$@\" >>\(folder("log"))\n")
        let printed = try ads([
            "workers", "slurm", "--study", Self.address, "--count", "3", "--cores", "2", "--time", "1-12", "--program",
            folder("bin/ads"), "--data-dir", "/data/of it's",
        ])
        #expect(printed.status == 0 && printed.errors == "", "\(printed.errors)")
        for line in [
            "--job-name=ads-my-cifar", "--array=1-3", "--time=1-12", "--cpus-per-task=2", "--requeue",
            "--open-mode=append", "--signal=B:USR1@120",
        ] {
            #expect(printed.output.contains("\n#SBATCH \(line)\n"), "\(line)")
        }
        try printed.output.write(toFile: folder("job"), atomically: true, encoding: .utf8)
        let job = try shell(folder("job"))
        if end == "limit" || end == "cancelled" { #expect(waits(for: "working")) }
        if end == "limit" { kill(job.process, SIGUSR1) }
        if end == "cancelled" {
            // As Slurm does: every process.
            kill(job.process, SIGTERM)
            _ = try run("/usr/bin/env", ["pkill", "-TERM", "-f", folder("bin/ads")])
        }
        #expect(job.end() == ["done": 0, "failed": 3, "limit": 0, "cancelled": 130][end])
        let words = "[worker][--study][\(Self.address)][--data-dir][/data/of it's]"
        #expect(log.hasPrefix(words), "\(log)")
        #expect(log.contains("scontrol requeue 7") == (end == "limit"), "\(log)")
        #expect(log.components(separatedBy: "TERM").count == (end == "limit" || end == "cancelled" ? 2 : 1), "\(log)")
    }

    @Test func machinesBySSH() throws {
        // A machine that is this one, with its own home.
        try program(
            "ssh",
            """
            echo "ssh $1 $2 $3 $4" >>\(folder("log"))
            [ "$4" = gone ] && exit 255
            cd \(folder.path) && exec /bin/sh -c "$5"
            """)
        // A file each: two that write to one may come between one another.
        try program("ads", "printf '[%s]' \"$@\" >\(folder("started"))-$$\n")
        try program("pkill", "printf '<%s>' \"$@\" >>\(folder("log"))\nexit 1\n")
        let printed = try ads([
            "workers", "ssh", "me@node1", "gone", "--study", Self.address, "--count", "2", "--data-dir", "/d'",
            "--program", folder("bin/ads"),
        ])
        #expect(printed.status == 0, "\(printed.errors)")
        try printed.output.write(toFile: folder("start"), atomically: true, encoding: .utf8)
        let started = try shell(folder("start"))
        #expect(started.end() == 1 && started.errors.contains("gone: ssh or its command failed (255)"))
        let worker = "[worker][--study][\(Self.address)][--data-dir][/d']"
        func said() throws -> [String] {
            try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasPrefix("started-") }
                .map { try String(contentsOfFile: folder($0), encoding: .utf8) }
        }
        let end = Date().addingTimeInterval(60)
        while try said() != [worker, worker], Date() < end { Thread.sleep(forTimeInterval: 0.02) }
        #expect(try said() == [worker, worker])
        #expect(log.contains("ssh -o BatchMode=yes -- me@node1\n") && log.contains("ssh -o BatchMode=yes -- gone\n"))
        let own = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".log") }
        #expect(own.count == 2 && own.allSatisfy { $0.hasPrefix("ads-my-cifar-") }, "\(own)")
        let stopped = try shell(folder("start"), ["stop"])
        #expect(stopped.end() == 1)
        let pattern = "[w]orker --study postgresql://me@db\\.example\\.org/ads\\?study=my%20cifar( |$)"
        #expect(log.contains("<-TERM><-f><\(pattern)>"), "\(log)")
        // It finds workers, and not who looks for them.
        let found = try run("/bin/sh", ["-c", "echo 'ads worker --study \(Self.address)' | grep -cE '\(pattern)'"])
        let itself = try run("/bin/sh", ["-c", "echo 'sh -c pkill -f \(pattern)' | grep -cE '\(pattern)'"])
        #expect(found.output == "1\n" && itself.output == "0\n")
        // Nor those of studies whose names begin as this one's.
        let others =
            "ads worker --study \(Self.address)100 --data-dir /d\nads worker --study \(Self.address)&sslmode=require"
        let no = try run("/bin/sh", ["-c", "printf '%s\n' '\(others)' | grep -cE '\(pattern)'"])
        let more = try run(
            "/bin/sh", ["-c", "echo 'ads worker --study \(Self.address) --data-dir /d' | grep -cE '\(pattern)'"])
        #expect(no.output == "0\n" && more.output == "1\n")
    }

    private static let validator: String? = {
        let path = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        return path.map { "\($0)/kubernetes-validate" }.first(where: FileManager.default.isExecutableFile(atPath:))
    }()

    @Test(.enabled(if: validator != nil, "kubernetes-validate is not installed")) func aJobOfKubernetes() throws {
        let printed = try ads([
            "workers", "kubernetes", "--study", Self.address, "--count", "16", "--cores", "2", "--image",
            "registry.example.org/ads:1", "--data-dir", #"/data: "mine" # {}"#,
        ])
        #expect(printed.status == 0, "\(printed.errors)")
        try printed.output.write(toFile: folder("job.yaml"), atomically: true, encoding: .utf8)
        let validator = try #require(Self.validator)
        let valid = try run(validator, ["--strict", folder("job.yaml")])
        #expect(valid.status == 0, "\(valid.output) \(valid.errors)")
        // What it says, as YAML reads it.
        let python = validator.replacingOccurrences(of: "kubernetes-validate", with: "python3")
        let read = try run(
            python,
            ["-c", "import sys, json, yaml; print(json.dumps(yaml.safe_load(open(sys.argv[1]))))", folder("job.yaml")])
        let job = try #require(read.json()["spec"] as? [String: Any], "\(read.errors)")
        let pod = try #require((job["template"] as? [String: Any])?["spec"] as? [String: Any])
        let container = try #require((pod["containers"] as? [[String: Any]])?.first)
        #expect(
            container["command"] as? [String] == [
                "ads", "worker", "--study", Self.address, "--data-dir", #"/data: "mine" # {}"#,
            ])
        #expect(job["parallelism"] as? Int == 16 && job["completions"] == nil)
        #expect(pod["restartPolicy"] as? String == "Never")
        let rules = try #require((job["podFailurePolicy"] as? [String: Any])?["rules"] as? [[String: Any]])
        #expect(rules.map { $0["action"] as? String } == ["FailJob", "Ignore", "Ignore"])
        #expect((rules[1]["onExitCodes"] as? [String: Any])?["values"] as? [Int] == [130])
        let secret = ((pod["volumes"] as? [[String: Any]])?.first?["secret"] as? [String: Any])
        #expect(secret?["secretName"] as? String == "ads-database" && secret?["defaultMode"] as? Int == 0o400)
    }

    @Test func names() throws {
        func name(_ study: String) throws -> String {
            let all = CharacterSet.alphanumerics
            let encoded = try #require(study.addingPercentEncoding(withAllowedCharacters: all))
            return try LaunchedWorkers(
                address: .init("postgresql://h/d?study=\(encoded)"), count: 1, cores: 1, program: "ads"
            ).name
        }
        for (study, expected) in [
            ("cifar", "ads-cifar"), ("My Cifar_10!", "ads-my-cifar-10"), ("---", "ads"), ("é", "ads"),
            (String(repeating: "a", count: 200), "ads-" + String(repeating: "a", count: 36)),
            (String(repeating: "a", count: 35) + "--b", "ads-" + String(repeating: "a", count: 35)), ("²", "ads"),
        ] {
            #expect(try name(study) == expected)
        }
    }

    @Test func refusals() throws {
        let study = ["--study", Self.address, "--count", "2"]
        for (arguments, sentence) in [
            (["slurm", "--count", "2", "--time", "90"], "Missing expected argument '--study <study>'"),
            (
                ["slurm", "--study", "runs/x", "--count", "2", "--time", "90"],
                "--study is an address of PostgreSQL, postgresql://...: workers elsewhere cannot reach a study in a folder"
            ),
            (
                ["slurm", "--study", "postgresql://me:geheim@h/d", "--count", "2", "--time", "90"],
                "the address postgresql://… has a password in it"
            ),
            (["slurm"] + study, "Missing expected argument '--time <time>'"),
            (
                ["slurm", "--time", "tomorrow"] + study,
                "a time of Slurm's such as 90, 4:00:00 or 1-12 (days-hours) is needed, up to a year"
            ),
            (
                ["slurm", "--time", "3"] + study,
                "workers give their children back 120 seconds before the limit; over 4 minutes are needed"
            ),
            (["slurm", "--time", "90", "--study", Self.address, "--count", "0"], "a whole number from 1 to 100000"),
            (["slurm", "--time", "90", "--cores", "0"] + study, "a whole number from 1 to 1024 is needed"),
            (
                ["slurm", "--time", "90", "--data-dir", "data"] + study,
                "--data-dir data: workers start elsewhere, so that a path from the root is needed"
            ),
            (["slurm", "--time", "90", "--data-dir", ""] + study, "--data-dir is empty or holds a control character"),
            (
                ["slurm", "--time", "90", "--program", "a\nb"] + study,
                "--program is empty or holds a control character"
            ),
            (["kubernetes"] + study, "Missing expected argument '--image <image>'"),
            (["kubernetes", "--image", "a b"] + study, "--image 'a b' is no image's name, such as"),
            (
                ["kubernetes", "--image", "a", "--secret", "A_b"] + study,
                "small letters, digits, hyphens and dots are needed, 253 at most"
            ),
            (["ssh"] + study, "Missing expected argument '<host> ...'"),
            (["ssh", "a b"] + study, "a machine as ssh knows it is needed, such as node1 or me@node1"),
            (["ssh", "a;rm"] + study, "a machine as ssh knows it is needed"),
        ] {
            let refused = try ads(["workers"] + arguments)
            #expect(
                refused.status == 64 && refused.errors.contains(sentence) && refused.output == "",
                "\(arguments): \(refused.errors)")
            #expect(!refused.errors.contains("geheim"))
        }
    }
}
