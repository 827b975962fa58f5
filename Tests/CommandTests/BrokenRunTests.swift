import Foundation
import TestSupport
import Testing

/// Every command on folders that are missing, are none, or hold damaged files: one sentence, no crash, nothing taken
/// for whole.
@Suite(.serialized) struct BrokenRunTests {
    private let scratch = TemporaryFolder()

    private func ads(_ arguments: [String]) throws -> Finished {
        try run(Program.folder + "/ads", arguments, in: scratch.path)
    }

    /// A finished training and a finished search, made once.
    private func make() throws {
        let text =
            #"{"blocks":[2,2],"growth_rate":4,"bottleneck":false,"compression":1,"stem":{"kind":"cifar","channels":8},"input_channels":3,"image_size":32,"classes":10}"#
        try text.write(toFile: scratch("a.json"), atomically: true, encoding: .utf8)
        let network = ["--data", "shapes", "--arch", "a.json", "--limit-train", "64", "--batch-size", "32", "--quiet"]
        #expect(try ads(["train"] + network + ["--epochs", "1", "--out", "train"]).status == 0)
        let search = try ads(
            ["search"] + network + [
                "--limit-validation", "40", "--children", "2", "--top", "0", "--workers", "1", "--out", "search",
            ])
        #expect(search.status == 0, "\(search.errors)")
    }

    private static let onTraining: [[String]] = [
        ["train", "--resume", "--quiet", "--out", "RUN"], ["evaluate", "RUN"], ["inspect", "RUN"], ["report", "RUN"],
        ["export", "RUN", "--format", "onnx"],
        [
            "search", "--data", "shapes", "--arch", "a.json", "--dense", "RUN", "--limit-train", "64", "--batch-size",
            "32", "--children", "1", "--quiet", "--out", "new",
        ],
    ]
    private static let onSearch: [[String]] = [
        ["search", "--resume", "--quiet", "--out", "RUN"], ["retrain", "RUN", "--epochs", "1", "--quiet"],
        ["inspect", "RUN"], ["report", "RUN"],
        ["study", "show", "RUN"], ["study", "best", "RUN"], ["study", "trials", "RUN"], ["study", "doctor", "RUN"],
        ["study", "list", "RUN"],
    ]

    /// One sentence and a code, or nothing wrong; which of them is the caller's.
    private func check(_ arguments: [String], mustFail: Bool, _ what: String) throws {
        let finished = try ads(arguments)
        let told = finished.errors.split(separator: "\n")
        #expect(
            finished.status == 0 || finished.status == 1 || finished.status == 64,
            "\(what): \(arguments) ended with \(finished.status): \(finished.errors)")
        #expect(!mustFail || finished.status != 0, "\(what): \(arguments) took it for whole")
        if finished.status != 0 {
            let own = told.filter { $0.hasPrefix("ads: ") }
            #expect(
                own.count == 1 && told.last?.hasPrefix("ads: ") == true, "\(what): \(arguments): \(finished.errors)")
            #expect(
                !finished.errors.contains("Fatal error") && !finished.errors.contains("DecodingError")
                    && !finished.errors.contains("NSError"), "\(finished.errors)")
        }
    }

    private func commands(_ list: [[String]], on run: String) -> [[String]] {
        list.map { $0.map { $0 == "RUN" ? run : $0 } }
    }

    @Test func foldersThatAreNoRuns() throws {
        try make()
        try FileManager.default.createDirectory(atPath: scratch("empty"), withIntermediateDirectories: true)
        try "x".write(toFile: scratch("file"), atomically: true, encoding: .utf8)
        for run in ["missing", "empty", "file", "train/config.json"] {
            for arguments in commands(Self.onTraining + Self.onSearch, on: run) {
                try check(arguments, mustFail: true, run)
            }
            try check(["calibrate", "--resume", "--out", run], mustFail: true, run)
            try check(["search-worker", run, "1"], mustFail: true, run)
        }
        #expect(!FileManager.default.fileExists(atPath: scratch("new")))
        let refused = try ads(["retrain", "train"])
        #expect(refused.errors == "ads: train holds a training, not a search\n")
        // A run of another kind.
        for arguments in commands(Self.onSearch.filter { !["inspect", "report"].contains($0[0]) }, on: "train")
            + commands([Self.onTraining[0], Self.onTraining[1], Self.onTraining[4], Self.onTraining[5]], on: "search")
        {
            try check(arguments, mustFail: true, "another kind of run")
        }
    }

    @Test func damagedFiles() throws {
        try make()
        let files: [(run: String, file: String, readers: Set<String>)] = [
            ("train", "config.json", ["train", "evaluate", "report", "export", "search"]),
            ("train", "architecture.json", ["train", "evaluate", "inspect", "report", "export", "search"]),
            ("train", "weights.safetensors", ["train", "evaluate", "export", "search"]),
            ("train", "result.json", ["train", "report"]),
            ("train", "metrics.jsonl", ["report"]),
            ("search", "config.json", ["search", "retrain", "report"]),
            ("search", "architecture.json", ["retrain", "inspect"]),
            ("search", "study.sqlite", ["search", "report", "study"]), ("search", "result.json", ["report"]),
        ]
        for (run, file, readers) in files {
            for cut in ["half", "empty", "folder"] {
                let what = "\(run)/\(file), \(cut)"
                let (copy, path) = (scratch("copy"), scratch("copy/\(file)"))
                for arguments in commands(run == "train" ? Self.onTraining : Self.onSearch, on: "copy") {
                    try? FileManager.default.removeItem(atPath: copy)
                    try? FileManager.default.removeItem(atPath: scratch("new"))
                    try FileManager.default.copyItem(atPath: scratch(run), toPath: copy)
                    if cut == "folder" {
                        try FileManager.default.removeItem(atPath: path)
                        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
                    } else {
                        let data = try Data(contentsOf: URL(fileURLWithPath: path))
                        try data.prefix(cut == "half" ? data.count / 2 : 0).write(to: URL(fileURLWithPath: path))
                    }
                    // An empty file of lines is one of no lines.
                    let isNone = cut == "empty" && file.hasSuffix(".jsonl")
                    try check(
                        arguments,
                        mustFail: readers.contains(arguments[0]) && !isNone
                            && arguments[1] != "doctor", what)
                }
            }
        }
    }

    /// What is whole is still reported and listed; what is not is named, on the page as well.
    @Test func damagedRunsBesideWholeOnes() throws {
        try make()
        for (from, to) in [("train", "runs/a"), ("train", "runs/b"), ("search", "runs/c"), ("search", "runs/d")] {
            try FileManager.default.createDirectory(atPath: scratch("runs"), withIntermediateDirectories: true)
            try FileManager.default.copyItem(atPath: scratch(from), toPath: scratch(to))
        }
        try Data().write(to: URL(fileURLWithPath: scratch("runs/b/config.json")))
        let settings = scratch("runs/d/config.json")
        let other = try String(contentsOfFile: settings, encoding: .utf8)
            .replacingOccurrences(of: "\"limit_validation\" : 40", with: "\"limit_validation\" : 41")
        try other.write(toFile: settings, atomically: true, encoding: .utf8)
        let report = try ads(["report", "runs"])
        #expect(report.status == 0, "\(report.errors)")
        let named = [
            "left out: runs/b/config.json: it is no valid JSON",
            "left out: runs/d/config.json is not that of the study beside it: --limit-validation is 40 there and 41 here",
        ]
        let told = report.errors.split(separator: "\n")
        #expect(told.count == 2 && zip(told, named).allSatisfy { $0.hasPrefix("ads: " + $1) }, "\(report.errors)")
        let page = try String(contentsOfFile: scratch("runs/report.html"), encoding: .utf8)
        #expect(page.contains("2 damaged runs left out:") && page.contains("runs/d/config.json is not that of"))
        #expect(try !ads(["report", "runs/a", "--json"]).errors.contains("left out"))
        // Only damaged ones are no report.
        let none = try ads(["report", "runs/d"])
        #expect(none.status == 1 && none.errors.hasPrefix("ads: runs/d/config.json is not that of the study beside it"))

        try Data("no study".utf8).write(to: URL(fileURLWithPath: scratch("runs/d/study.sqlite")))
        let list = try ads(["study", "list", "runs"])
        #expect(
            list.status == 1 && list.errors == "ads: 1 of 2 studies cannot be read; see its line\n", "\(list.errors)")
        let lines = list.output.split(separator: "\n")
        #expect(lines.count == 2 && lines[0].hasPrefix("runs/c: ads on shapes, 2 of 2 children"), "\(list.output)")
        #expect(lines.last?.hasPrefix("runs/d: ") == true, "\(list.output)")
    }

    @Test func moreThreadsThanCores() throws {
        try make()
        let cores = ProcessInfo.processInfo.activeProcessorCount
        let asked = try ads(["evaluate", "train", "--quiet", "--threads", "\(cores + 1)"])
        let sentence = "\(cores + 1) threads share \(cores == 1 ? "1 core" : "\(cores) cores") here"
        #expect(asked.status == 0 && asked.errors.hasPrefix("ads: " + sentence), "\(asked.errors)")
        #expect(try ads(["evaluate", "train", "--quiet", "--threads", "\(cores)"]).errors.isEmpty)
    }

    @Test func placesThatCannotBeWritten() throws {
        try make()
        try "x".write(toFile: scratch("file"), atomically: true, encoding: .utf8)
        let network = ["--data", "shapes", "--arch", "a.json", "--limit-train", "64", "--batch-size", "32", "--quiet"]
        for out in ["file", "file/below", "/proc/none/run"] {
            for arguments in [
                ["train"] + network + ["--epochs", "1", "--out", out],
                ["search"] + network + ["--children", "1", "--out", out],
                ["calibrate"] + network + ["--children", "2", "--out", out],
                ["retrain", "search", "--epochs", "1", "--quiet", "--out", out],
                ["demo", "--quiet", "--out", out],
            ] { try check(arguments, mustFail: true, out) }
        }
        for arguments in [
            ["report", "train", "--out", "/proc/none/report.html"], ["report", "train", "--out", "search"],
            ["inspect", "train", "--svg", "/proc/none/a.svg"],
            ["inspect", "train", "--svg", "search"], ["study", "best", "search", "--out", "/proc/none/c.json"],
        ] { try check(arguments, mustFail: true, "a file in a place that cannot be written") }
        #expect(try String(contentsOfFile: scratch("file"), encoding: .utf8) == "x")
    }

    /// Numbers that no run has, in files that are whole JSON.
    @Test func hostileNumbers() throws {
        try make()
        func refused(
            _ path: [String], _ value: Any, in file: String = "config.json", by arguments: [[String]],
            _ sentence: String
        ) throws {
            let run = scratch("hostile")
            try? FileManager.default.removeItem(atPath: run)
            try FileManager.default.copyItem(atPath: scratch("train"), toPath: run)
            let url = URL(fileURLWithPath: run + "/" + file)
            var json = try #require(JSONSerialization.jsonObject(with: Data(contentsOf: url)) as? [String: Any])
            if path.count == 1 {
                json[path[0]] = value
            } else {
                var inner = try #require(json[path[0]] as? [String: Any])
                inner[path[1]] = value
                json[path[0]] = inner
            }
            try JSONSerialization.data(withJSONObject: json).write(to: url)
            for command in commands(arguments, on: "hostile") {
                try check(command, mustFail: !sentence.isEmpty, "\(path) \(value)")
                let told = try ads(command).errors
                #expect(sentence.isEmpty || told.contains(sentence), "\(command): \(told)")
            }
        }
        let (resume, evaluate) = (Self.onTraining[0], Self.onTraining[1])
        let each = "a mean and a deviation over 0 are needed for each channel"
        try refused(["normalization", "mean"], [Double](), by: [resume, evaluate], each)
        try refused(["normalization", "deviation"], [0, 0, 0], by: [resume, evaluate], each)
        try refused(
            ["normalization"], ["mean": [1], "deviation": [1]], by: [resume, evaluate],
            "images of 3 channels cannot be normalised by 1 means")
        try refused(["recipe", "batch_size"], 0, by: [resume], "batch size 0; BN needs at least 2 images")
        try refused(["limit_train"], -5, by: [resume], "-5 training images; at least 1 is needed")
        try refused(["machine", "threads"], Int.max, by: [resume], "\(Int.max) threads; 1 to 1024 are possible")
        try refused(["machine", "threads"], 0, by: [resume], "0 threads; 1 to 1024 are possible")
        let reports = [["report", "RUN"], ["report", "RUN", "--markdown"]]
        let result = "hostile/result.json is damaged: "
        for (key, value, sentence) in [
            ("images_per_second", 1e300, "1e+300 images a second"), ("seconds", 1e300, "1e+300 seconds in training"),
            ("inference_images_per_second", -1, "-1.0 images a second"), ("seconds", -1, "-1.0 seconds in training"),
            ("accuracy", 1.5, "accuracy 1.5; 0 to 1 is possible"), ("macs", -7, "-7 MACs"),
            ("validation_accuracy", -0.5, "validated accuracy -0.5; 0 to 1 is possible"),
            ("parameters", -7, "-7 parameters"), ("connections", -1, "-1 connections"), ("epochs", -1, "-1 epochs"),
        ] { try refused([key], value, in: "result.json", by: reports, result + sentence) }
        // What is no file is not replaced, and fewer children than there are cannot be asked for.
        #expect(mkfifo(scratch("pipe"), 0o644) == 0)
        let piped = try ads(["report", "train", "--out", "pipe"])
        #expect(
            piped.status == 1
                && piped.errors == "ads: pipe is no regular file and is not replaced; choose another name\n")
        let fewer = try ads(["search", "--resume", "--children", "1", "--out", "search"])
        let sentence = "search has 2 finished children; --children 1 is fewer, type more or leave it out"
        #expect(fewer.status == 1 && fewer.errors == "ads: \(sentence)\n", "\(fewer.errors)")
    }
}
