import Foundation
import ImageData
import TestSupport
import Testing

@testable import Reporting

/// The commands a page gives to repeat its runs, run in a new folder; and the README's, paired.
@Suite(.serialized) struct RepeatTests {
    private let scratch = TemporaryFolder()

    private func ads(_ arguments: [String]) throws -> Finished {
        try run(Program.folder + "/ads", arguments, in: scratch.path)
    }

    private func network() throws -> [String] {
        let text =
            #"{"blocks":[2,2],"growth_rate":4,"bottleneck":false,"compression":1,"stem":{"kind":"cifar","channels":8},"input_channels":3,"image_size":32,"classes":10}"#
        try text.write(toFile: scratch("a.json"), atomically: true, encoding: .utf8)
        return ["--data", "shapes", "--arch", "a.json", "--limit-train", "64", "--batch-size", "32", "--quiet"]
    }

    /// Runs a page's command line by a shell, with another folder.
    private func repeated(_ command: String, into folder: String) throws {
        var environment = ProcessInfo.processInfo.environment
        environment["PATH"] = Program.folder + ":" + (environment["PATH"] ?? "")
        let done = try run(
            "/bin/bash", ["-c", command.replacingOccurrences(of: "NEW-RUN", with: folder)], environment: environment,
            in: scratch.path)
        #expect(done.status == 0, "\(command): \(done.errors)")
    }

    private func bytes(_ path: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: scratch(path))) }

    private func digest(_ path: String) throws -> String? {
        try ads(["study", "show", path, "--json"]).json()["digest"] as? String
    }

    @Test func theCommandsOfThePageGiveTheSameBits() throws {
        let unusual = [
            "--epochs", "2", "--learning-rate", "0.03", "--schedule", "constant", "--momentum", "0.8", "--weight-decay",
            "0.001",
            "--initialization", "fan-out", "--dropout", "0.1", "--no-augment", "--seed", "3", "--threads", "1",
            "--kernels", "torch",
            "--connectivity", "log", "--normalization", "0.5,0.4,0.3/0.2,0.3,0.25", "--label", "it's mine",
        ]
        #expect(try ads(["train"] + network() + unusual + ["--out", "runs/train"]).status == 0)
        #expect(try ads(["train"] + network() + ["--epochs", "1", "--out", "runs/dense"]).status == 0)
        let search = try ads(
            ["search"] + network() + [
                "--dense", "runs/dense", "--limit-validation", "40", "--strategy", "ads-tradeoff", "--children", "4",
                "--children-per-update", "3",
                "--child-epochs", "1.5", "--learning-rate", "0.02", "--halving", "2", "--search-block-end",
                "--target-parameters", "0.9",
                "--price-macs", "0.2", "--top", "1", "--reevaluation-seeds", "1", "--max-lost", "4", "--agent-rate",
                "0.02", "--connection-rate", "0.2", "--entropy-bonus", "0.001",
                "--out", "runs/found",
            ])
        #expect(search.status == 0, "\(search.errors)")
        #expect(try ads(["retrain", "runs/found", "--epochs", "1", "--batch-size", "64", "--quiet"]).status == 0)
        #expect(
            try ads([
                "retrain", "runs/found", "--inherit", "--epochs", "1", "--batch-size", "64", "--quiet", "--out",
                "runs/inherited",
            ]).status == 0)
        for (name, more) in [
            ("taught", ["--distil", "--limit-train", "640"]),
            (
                "both",
                [
                    "--inherit", "--distil", "--distil-temperature", "2.5", "--distil-weight", "0.25", "--limit-train",
                    "128",
                ]
            ),
        ] {
            let done = try ads(
                ["retrain", "runs/found", "--epochs", "1", "--batch-size", "64", "--quiet", "--out", "runs/" + name]
                    + more)
            #expect(done.status == 0, "\(done.errors)")
        }
        let content = try ReportContent(folders: [scratch("runs")])
        #expect(content.trained.count == 6 && content.searched.count == 1)
        for (number, trained) in content.trained.enumerated() {
            try repeated(ReportCommands.command(for: trained, in: content), into: "again-\(number)")
            let original = try Data(contentsOf: URL(fileURLWithPath: trained.path + "/weights.safetensors"))
            #expect(
                try bytes("again-\(number)/weights.safetensors") == original,
                "\(ReportCommands.command(for: trained, in: content))")
        }
        // How images are prepared is the search's to say: `ads retrain` has no option for it.
        for trained in content.trained {
            var configuration = trained.configuration
            configuration.data.preparation = ImagePreparation(size: 32, ignoresOrientation: true)
            let prepared = ReportContent.Trained(
                result: trained.result, configuration: configuration, network: trained.network, epochs: trained.epochs,
                testUses: trained.testUses, confusion: trained.confusion, latencies: trained.latencies,
                path: trained.path)
            let command = ReportCommands.command(for: prepared, in: content)
            #expect(command.contains("--no-exif") == command.hasPrefix("ads train "), "\(command)")
        }
        // What it says of a run depends on the run alone, not on what became of the dense network's folder.
        let commands = content.trained.map { ReportCommands.command(for: $0, in: content) }
        #expect(commands.count { $0.hasPrefix("ads retrain") && $0.contains("--inherit") } == 2)
        try FileManager.default.moveItem(atPath: scratch("runs/dense"), toPath: scratch("dense"))
        try "x".write(toFile: scratch("runs/dense"), atomically: true, encoding: .utf8)
        #expect(content.trained.map { ReportCommands.command(for: $0, in: content) } == commands)
        let alone = try ReportContent(folders: [scratch("runs/inherited"), scratch("runs/both")])
        #expect(
            alone.trained.map { ReportCommands.command(for: $0, in: alone) }.count {
                $0.hasPrefix("ads retrain SEARCH") && $0.contains("--inherit")
            } == 2)
        try FileManager.default.removeItem(atPath: scratch("runs/dense"))
        try FileManager.default.moveItem(atPath: scratch("dense"), toPath: scratch("runs/dense"))
        let command = ReportCommands.command(for: content.searched[0])
        try repeated(command, into: "again-search")
        #expect(try digest("again-search") == digest("runs/found") && digest("runs/found") != nil, "\(command)")
        // What a strategy or a search does not have is not in its command.
        let others = [
            ("evolution", ["--strategy", "evolution"]), ("warm", ["--strategy", "ads"]),
            ("cold", ["--strategy", "ads", "--warm-start", "0"]),
        ]
        for (name, strategy) in others {
            let own = strategy + ["--children", "2", "--limit-validation", "40", "--top", "0"]
            let done = try ads(["search"] + network() + own + ["--out", "others/\(name)"])
            #expect(done.status == 0, "\(done.errors)")
            let page = try ReportContent(folders: [scratch("others/\(name)")])
            let command = ReportCommands.command(for: try #require(page.searched.first))
            #expect(command.contains("--agent-rate") == (name != "evolution"))
            #expect(command.contains("--warm-start 0") == (name == "cold"))
            try repeated(command, into: "again-\(name)")
            #expect(try digest("again-\(name)") == digest("others/\(name)"), "\(command)")
        }
        // Where no layer could go no command says so any more.
        #expect(!command.contains("#"))
        let searched = content.searched[0]
        // A loss is no share, and what failed is no child: its chance may be more than others were worth.
        var (lossy, children) = (searched.configuration, searched.children)
        lossy.evaluator.reward = .loss
        (children[0].failure, children[0].reward) = ("diverged", 9)
        let series = HTMLReport(content).rewardSeries(
            .init(
                configuration: lossy, result: searched.result, history: searched.history, children: children,
                path: searched.path), color: 0)
        #expect(series[0].points.count == children.count - 1 && series[0].titles.allSatisfy { !$0.contains("%") })
        #expect(series.allSatisfy { $0.points.allSatisfy { $0.1 < 9 } })
        for keeps in [true, false] {
            var c = searched.configuration
            (c.searchesBlockEnds, c.keepsPredecessor) = (true, keeps)
            let said = ReportCommands.command(
                for: .init(
                    configuration: c, result: searched.result, history: searched.history, children: searched.children,
                    path: searched.path))
            #expect(
                said.hasSuffix(
                    "\n# no layer could be left out here, as builds of that time searched; this one searches more")
                    == keeps)
        }
        // Before a search is finished there is no architecture.json to start from.
        try FileManager.default.removeItem(atPath: scratch("runs/found/architecture.json"))
        let unfinished = ReportCommands.command(for: content.searched[0])
        #expect(unfinished.hasPrefix("echo '{"))
        try repeated(unfinished, into: "again-unfinished")
        #expect(try digest("again-unfinished") == digest("runs/found"))
    }

    /// "What you get" of the README, on the generated set and a small network: the headline compares, as all is paired.
    @Test func theReadmesCommandsArePaired() throws {
        _ = try network()
        let readme = try String(contentsOfFile: packageRoot + "/README.md", encoding: .utf8)
        let commands = readme.split(separator: "\n").filter { $0.hasPrefix("    $ ads ") }.map {
            String($0.dropFirst(6))
        }
        #expect(commands.map { $0.split(separator: " ")[1] } == ["train", "search", "retrain", "report"])
        for command in commands {
            var small = command.replacingOccurrences(of: "cifar10", with: "shapes").replacingOccurrences(
                of: "densenet-22-12", with: "a.json"
            )
            .replacingOccurrences(of: "--epochs 4", with: "--epochs 1").replacingOccurrences(
                of: "--limit-train 5000", with: "--limit-train 64"
            )
            .replacingOccurrences(of: "--target-macs 0.686", with: "--target-macs 0.9")
            if small.hasPrefix("ads search") { small += " --children 2 --top 1 --limit-validation 40 --batch-size 32" }
            try repeated(small, into: "unused")
        }
        let page = try String(contentsOfFile: scratch("runs/report.html"), encoding: .utf8)
        #expect(page.contains("of the dense network's MACs") && page.contains("its test accuracy is "))
        #expect(page.contains("With 1 seed such differences are no proof") && !page.contains("are not compared here"))
    }
}
