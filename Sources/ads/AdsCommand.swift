import ArgumentParser
import DenseKernels
import Files
import Foundation
import ImageData
import Runs
import Torch
import Training

/// The executable: parses, calls, prints. Each subcommand is a file of `Commands`.
@main
struct AdsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ads",
        abstract: "Automatic DenseNet sparsification: finds, rebuilds and trains smaller DenseNets.",
        discussion: """
            Data goes to stdout, progress to stderr. Exit codes: 0 done, 1 failed, 64 usage, 130 interrupted (after saving).

            EXAMPLE
              ads demo --out demo-run
            """,
        version: ADS.version,
        subcommands: [
            DemoCommand.self, TrainCommand.self, SearchCommand.self, RetrainCommand.self,
            TransferCommand.self, EvaluateCommand.self, ImportCommand.self, InspectCommand.self, ExportCommand.self,
            ReportCommand.self, StudyCommand.self, CalibrateCommand.self, BenchCommand.self, CacheCommand.self,
            WorkerCommand.self, WorkersCommand.self, SearchWorkerCommand.self,
        ])

    static func main() {
        if let missing = LayerKernels.missingInstructions {
            fail("this build needs \(missing), which this processor lacks; build it here with 'make build'", 1)
        }
        StandardStreams.prepare()
        Interruption.install()
        Runtime.keepFreedMemory()
        do {
            var command = try parseAsRoot(NegativeNumbers.joined(Array(CommandLine.arguments.dropFirst())))
            let reading = ReadingProgress(quiet: (command as? any ReadsImages)?.isQuiet ?? true)
            defer { reading.settle() }
            try FolderReading.withWatch(reading.show) { try command.run() }
            if let failure = StandardStreams.settle() { fail(failure, 1) }
        } catch let error as Interrupted {
            fail(error.description, 130)
        } catch let error as UsageError {
            fail(error.description, 64)
        } catch {
            let code = exitCode(for: error)
            if code == .validationFailure {
                let sentence = message(for: error).split(whereSeparator: \.isNewline).joined(separator: " ")
                fail(
                    "\(sentence)\(sentence.hasSuffix(".") || sentence.hasSuffix("?") ? " See" : "; see") '\(commandTyped) --help'",
                    code.rawValue)
            }
            // Help, the version, completions.
            if code.isSuccess {
                let text = fullMessage(for: error)
                if !text.isEmpty { print(text) }
                if let failure = StandardStreams.settle() { fail(failure, 1) }
                Foundation.exit(0)
            }
            if error is ExitCode || code != .failure { exit(withError: error) }
            fail("\(error)", 1)
        }
    }

    /// The command that was typed, as far as its words are commands: "ads study best".
    private static var commandTyped: String {
        var (words, type): ([String], any ParsableCommand.Type) = ([], AdsCommand.self)
        for word in CommandLine.arguments.dropFirst() {
            guard let next = type.configuration.subcommands.first(where: { $0._commandName == word }) else { break }
            (words, type) = (words + [word], next)
        }
        return (["ads"] + words).joined(separator: " ")
    }

    private static func fail(_ sentence: String, _ code: Int32) -> Never {
        tell(sentence)
        Foundation.exit(code)
    }

    /// Says on stderr what the user should know of, while the work goes on.
    static func tell(_ sentence: String) {
        StandardError.write("ads: \(sentence)\n")
    }
}

/// Something wrong with what was typed.
struct UsageError: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// Prints a value as one JSON object on stdout.
func printJSON<Value: Encodable>(_ value: Value) throws {
    print(String(decoding: try RunFolder.encoder(pretty: false).encode(value), as: UTF8.self))
}
