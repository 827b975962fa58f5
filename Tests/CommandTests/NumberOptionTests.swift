import ArgumentParser
import Foundation
import TestSupport
import Testing

@testable import ads

/// Every option of every command that takes a number: what it refuses, in one sentence that says the range, with exit
/// code 64.
@Suite struct NumberOptionTests {
    /// What an option takes at its ends, what it refuses beside them, and how the refusal ends.
    struct Kind: Sendable {
        var takes: [String]
        var refuses: [String]
        var sentence: String

        init(_ takes: [String], refuses: [String], _ sentence: String) {
            (self.takes, self.refuses, self.sentence) = (takes, refuses, sentence)
        }

        static let count = whole(1, 1_000_000)
        static let threads = whole(1, 1024)
        static let images = whole(1, 1_000_000_000_000)
        static let rate = Kind(
            ["1e-300", "1e6"], refuses: ["0", "0.0", "-1e-9", "1000001", "1e308"],
            "a number over 0, up to 1e+06 is needed")
        static let weight = Kind(
            ["0", "1000000"], refuses: ["-0.1", "1000001", "1e308"], "a number from 0 to 1e+06 is needed")
        static let share = Kind(
            ["0", "0.999"], refuses: ["-0.1", "1", "1.0", "2"], "a number from 0 to under 1 is needed")
        static let cost = Kind(
            ["1e-9", "1", "1e15"], refuses: ["0", "-1", "1e16", "1e30", "1e308"],
            "a number over 0, up to 1e+15 is needed")
        static let seed = Kind(
            ["0", "18446744073709551615"], refuses: ["18446744073709551616", "1.5"],
            "a whole number from 0 to 18446744073709551615 is needed")

        static func whole(_ low: Int, _ high: Int) -> Kind {
            Kind(
                ["\(low)", "\(high)"],
                refuses: ["\(low - 1)", "\(high + 1)", "9223372036854775807", "-9223372036854775808", "1.5", "1e3"],
                "a whole number from \(low) to \(high) is needed")
        }
    }

    /// What no number option takes.
    static let never = [
        "x", "nan", "-nan", "inf", "-inf", "infinity", "1e999", "99999999999999999999", "-1", "1,5", "1 ",
    ]

    static let numbers: [String: Kind] = [
        "threads": .threads, "seed": .seed, "stem": .whole(1, 65_536), "image-size": .whole(1, 4096), "epochs": .count,
        "batch-size": .whole(2, 1_000_000),
        "learning-rate": .rate, "momentum": .share, "weight-decay": .weight, "dropout": .share, "limit-train": .images,
        "limit-validation": .images, "score-images": .images, "children": .count, "images": .images,
        "target-macs": .cost,
        "target-parameters": .cost,
        "target-traffic": .cost, "target-latency": .cost, "price-macs": .weight, "price-parameters": .weight,
        "shared-epochs": .count,
        "child-epochs": .rate, "top": .whole(0, 1_000_000), "reevaluation-seeds": .count, "children-per-update": .count,
        "halving": Kind(["1.01", "1e6"], refuses: ["1", "0", "1000001"], "a number over 1, up to 1e+06 is needed"),
        "workers": .whole(0, 1024),
        "stop-after": Kind(
            ["90s", "55m", "8h", "0.5", "365d"], refuses: ["0", "0s", "soon", "-1s", "366d", "1w", "s", "1e308h"],
            "a duration such as 90s, 55m or 8h is needed"),
        "child-threads": .threads, "max-lost": .whole(0, 1_000_000), "agent-rate": .rate, "connection-rate": .rate,
        "entropy-bonus": .weight, "full-epochs": .count, "critic-steps": .whole(0, 1000),
        "warm-start": Kind(["0", "100"], refuses: ["-1", "100.5", "nan"], "a number from 0 to 100 is needed"),
        "distil-temperature": Kind(
            ["0.01", "100"], refuses: ["0", "0.0099", "100.1", "1e308"], "a number from 0.01 to 100 is needed"),
        "distil-weight": Kind(
            ["1e-300", "1"], refuses: ["0", "-0.1", "1.1", "1e308"], "a number over 0, up to 1 is needed"),
        "full-seeds": .count, "repetitions": .whole(2, 1_000_000),
        "bands": Kind(
            ["0.5", "0.35,0.45,0.65", "1e-9,0.999"],
            refuses: ["0", "1", "0.5,", ",0.5", "0.65,0.35", "0.5,0.5", "0.3 0.5", "0,0.5", "0.5,1", "0.5;0.6"],
            "ascending numbers over 0 and under 1, with commas between them, are needed"),
        "image-cache-limit": Kind(
            ["0.001", "1e6"], refuses: ["0", "0.0009", "1000001", "1e308"], "a number from 0.001 to 1e+06 is needed"),
        "lag": .whole(0, 1000), "count": .whole(1, 100_000), "cores": .threads,
        "time": Kind(
            ["90", "5:00", "4:00:00", "1-12"], refuses: ["1:2:3:4", "1.5", "367-0", "1-"],
            "a time of Slurm's such as 90, 4:00:00 or 1-12 (days-hours) is needed, up to a year"),
        "lease": Kind(["1", "86400"], refuses: ["0", "0.5", "86401", "1e308"], "a number from 1 to 86400 is needed"),
    ]

    /// Where a command takes other numbers than the rest.
    static let exceptions: [String: Kind] = [
        "bench batch-size": Kind(["2", "65536"], refuses: ["0", "65537"], "a whole number from 1 to 65536 is needed"),
        "calibrate children": .whole(2, 1_000_000),
        "search child-epochs": Kind(
            ["1e-300", "1e6"], refuses: ["-1e-9", "1000001", "1e308"], "a number from 0 to 1e+06 is needed"),
    ]

    /// Options that take words.
    static let words: Set = [
        "data", "data-dir", "arch", "connectivity", "recipe", "schedule", "initialization", "device", "kernels", "out",
        "label", "split", "format", "weights", "normalization", "strategy", "evaluator", "reward", "dense", "shared",
        "svg", "augmentation", "image-cache", "optuna", "study", "worker-role", "program", "image",
        "secret",
    ]

    /// Commands that are the study commands' own: their options are looked at, too.
    struct Command: Sendable, CustomStringConvertible {
        var words: [String]
        var options: [String]
        var required: [String]
        var description: String { words.joined(separator: " ") }
    }

    /// What `--experimental-dump-help` tells of every command.
    static func commands() throws -> [Command] {
        let dump = try Program.ads("--experimental-dump-help").json()
        func list(_ command: [String: Any], _ words: [String]) -> [Command] {
            let arguments = command["arguments"] as? [[String: Any]] ?? []
            func name(_ argument: [String: Any]) -> String {
                ((argument["preferredName"] as? [String: Any])?["name"] as? String)
                    ?? (argument["valueName"] as? String) ?? ""
            }
            let options = arguments.filter { $0["kind"] as? String == "option" }
            let required = arguments.filter { $0["isOptional"] as? Bool == false && $0["defaultValue"] == nil }.flatMap
            { argument -> [String] in
                let value = ["workers": "2", "count": "2", "time": "90"][name(argument)] ?? "x"
                return argument["kind"] as? String == "option" ? ["--" + name(argument), value] : [value]
            }
            let below = (command["subcommands"] as? [[String: Any]] ?? []).flatMap {
                list($0, words + [$0["commandName"] as? String ?? ""])
            }
            return [Command(words: words, options: options.map(name), required: required)] + below
        }
        return list(dump["command"] as? [String: Any] ?? [:], []).filter { !$0.words.isEmpty && $0.words != ["help"] }
    }

    /// What parsing ends with, as the program does: its exit code and sentence.
    private func parse(_ arguments: [String]) -> (code: Int32, sentence: String) {
        do {
            _ = try AdsCommand.parseAsRoot(arguments)
            return (0, "")
        } catch {
            return (AdsCommand.exitCode(for: error).rawValue, AdsCommand.message(for: error))
        }
    }

    @Test func everyNumberOfEveryCommand() throws {
        var checked = 0
        let commands = try Self.commands()
        #expect(commands.count >= 15, "\(commands)")
        for command in commands {
            for option in command.options where !Self.words.contains(option) {
                guard let kind = Self.exceptions["\(command) \(option)"] ?? Self.numbers[option] else {
                    Issue.record(
                        "ads \(command) --\(option): a new option; add it to this table with the numbers it takes, or to the words"
                    )
                    continue
                }
                for value in kind.refuses + Self.never {
                    let refused = parse(command.words + command.required + ["--\(option)=\(value)"])
                    #expect(
                        refused.code == 64
                            && refused.sentence
                                == "The value '\(value)' is invalid for '--\(option) <\(option)>': \(kind.sentence)",
                        "ads \(command) --\(option)=\(value): \(refused)")
                    checked += 1
                }
                for value in kind.takes {
                    let taken = parse(command.words + command.required + ["--\(option)=\(value)"])
                    #expect(taken.code == 0, "ads \(command) --\(option)=\(value): \(taken)")
                }
            }
        }
        #expect(checked > 1000)
    }

    /// The program itself says the same, in one line.
    @Test(arguments: [
        (
            ["search", "--limit-validation=-1", "--out", "x"],
            "The value '-1' is invalid for '--limit-validation <limit-validation>': a whole number from 1 to 1000000000000 is needed; see 'ads search --help'"
        ),
        (
            ["study", "best", "x", "--target-macs", "1e30"],
            "The value '1e30' is invalid for '--target-macs <target-macs>': a number over 0, up to 1e+15 is needed; see 'ads study best --help'"
        ),
        (["train"], "Missing expected argument '--out <out>'; see 'ads train --help'"),
        (
            ["train", "--epochs", "-1", "--out", "x"],
            "The value '-1' is invalid for '--epochs <epochs>': a whole number from 1 to 1000000 is needed; see 'ads train --help'"
        ),
        (
            ["study", "best", "x", "--target-macs", "-.5"],
            "The value '-.5' is invalid for '--target-macs <target-macs>': a number over 0, up to 1e+15 is needed; see 'ads study best --help'"
        ),
        (
            ["calibrate", "--out", "x", "--bands", "-0.1,0.5"],
            "The value '-0.1,0.5' is invalid for '--bands <bands>': ascending numbers over 0 and under 1, with commas between them, are needed; see 'ads calibrate --help'"
        ),
        (["train", "--epochs", "--out", "x"], "Missing value for '--epochs <epochs>'; see 'ads train --help'"),
        (["inspect", "-1"], "Unknown option '-1'; see 'ads inspect --help'"),
        (
            ["train", "--kernels", "fast"],
            "The value 'fast' is invalid for '--kernels <kernels>'. Please provide one of 'auto', 'swift' or 'torch'. See 'ads train --help'"
        ),
        (
            ["search", "--child-epochs", "0", "--out", "x"],
            "--child-epochs 0 is for --evaluator inherit and masked: scratch learns nothing without training; see 'ads search --help'"
        ),
        (
            ["search", "--target-macs", "0.5", "--target-latency", "1", "--out", "x"],
            "one target at a time: --target-macs, --target-parameters, --target-traffic or --target-latency; see 'ads search --help'"
        ),
        (
            ["search", "--price-macs", "0.5", "--price-parameters", "1", "--out", "x"],
            "--price-macs and --price-parameters exclude each other; see 'ads search --help'"
        ),
        (
            ["bench", "--batch-size", "1"],
            "--batch-size 1; training needs at least 2, inference 1; see 'ads bench --help'"
        ),
        (
            ["search-worker", "x", "0"],
            "The value '0' is invalid for '<workers>': a whole number from 1 to 1024 is needed; see 'ads search-worker --help'"
        ),
    ])
    func oneSentence(arguments: [String], sentence: String) throws {
        let finished = try run(Program.folder + "/ads", arguments)
        #expect(finished.status == 64 && finished.output.isEmpty)
        #expect(finished.errors == "ads: \(sentence)\n")
    }

    @Test func negativeNumbersBelongToTheOptionBeforeThem() {
        func joined(_ text: String) -> String {
            NegativeNumbers.joined(text.split(separator: " ").map(String.init)).joined(separator: " ")
        }
        #expect(joined("train --epochs -1 --seed -2 --out x") == "train --epochs=-1 --seed=-2 --out x")
        #expect(joined("a --rate -1e-9 --rate -.5 --rate -inf") == "a --rate=-1e-9 --rate=-.5 --rate=-inf")
        #expect(joined("a --bands -0.1,0.5") == "a --bands=-0.1,0.5")
        for same in ["-1", "a -1", "a --b=1 -1", "a --b -c", "a --b --c", "a --b -", "a -- -1", "a --b -- -1", ""] {
            #expect(joined(same) == same)
        }
    }

    @Test func noTuningIsForInheritedWeights() {
        #expect(parse(["search", "--out", "x", "--evaluator", "inherit", "--child-epochs", "0"]).code == 0)
        #expect(parse(["search", "--out", "x", "--dense", "d", "--child-epochs", "0"]).code == 0)
        #expect(parse(["search", "--out", "x", "--evaluator", "shared", "--child-epochs", "0"]).code == 64)
        #expect(
            parse(["search", "--out", "x", "--evaluator", "scratch", "--dense", "d", "--child-epochs", "0"]).code == 64)
        #expect(parse(["bench", "--batch-size", "1", "--inference"]).code == 0)
    }
}
