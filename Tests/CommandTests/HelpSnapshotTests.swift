import ArgumentParser
import Foundation
import TestSupport
import Testing

@testable import ads

/// What `--help` says, command by command: a change of it is seen in a review.
@Suite struct HelpSnapshotTests {
    static let folder = packageRoot + "/Tests/CommandTests/Snapshots"

    /// Every command with its words, "study best".
    static func commands(
        _ type: any ParsableCommand.Type = AdsCommand.self, _ words: [String] = ["ads"]
    ) -> [(words: [String], type: any ParsableCommand.Type)] {
        [(words, type)] + type.configuration.subcommands.flatMap { commands($0, words + [$0._commandName]) }
    }

    @Test func everyCommand() throws {
        let renew = ProcessInfo.processInfo.environment["ADS_RENEW_SNAPSHOTS"] != nil
        var names: Set<String> = []
        for (words, type) in Self.commands() {
            let name = words.joined(separator: "-") + ".txt"
            names.insert(name)
            let path = Self.folder + "/" + name
            let help = AdsCommand.helpMessage(for: type, columns: 100) + "\n"
            if renew {
                try FileManager.default.createDirectory(atPath: Self.folder, withIntermediateDirectories: true)
                try help.write(toFile: path, atomically: true, encoding: .utf8)
            }
            let kept = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
            #expect(
                help == kept,
                "the help of \(words.joined(separator: " ")) is not Snapshots/\(name); look at it, and renew with ADS_RENEW_SNAPSHOTS=1 make test"
            )
        }
        let files = Set(try FileManager.default.contentsOfDirectory(atPath: Self.folder))
        #expect(files == names, "Snapshots holds help of commands that are gone: \(files.subtracting(names).sorted())")
    }
}
