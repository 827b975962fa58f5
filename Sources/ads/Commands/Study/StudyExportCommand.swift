import ArgumentParser
import ConnectivitySearch
import Files
import Foundation
import Reporting
import Runs
import StudyPostgres

struct StudyExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Write a study for other programs.",
        discussion: """
            A journal of Optuna: every child as a trial, its value what it is ranked by. 'optuna-dashboard FILE' shows it, \
            optuna.load_study reads it.

            EXAMPLE
              ads study export runs/ads --optuna ads.log
            """)

    @Argument(help: "A search's folder, its study.sqlite, or an address: postgresql://...")
    var study: String

    @Option(help: "The journal to write.", transform: WrittenPath.parse)
    var optuna: String

    @Flag(help: "Replace a file that is there.")
    var replace = false

    func run() throws {
        try WrittenPath.check(optuna)
        if !replace, FileManager.default.fileExists(atPath: optuna) {
            throw UsageError("\(optuna) is there already; replace it with --replace, or choose another name")
        }
        let storage = try openStudy(study)
        let file = URL(fileURLWithPath: storage.name)
        let attributes = try? FileManager.default.attributesOfItem(atPath: file.path)
        // The folder names the run; a study in a database has a name of its own.
        let address = PostgresAddress.isOne(study) ? try StudyAddress.check(study) : nil
        let name = address?.study ?? file.standardizedFileURL.deletingLastPathComponent().lastPathComponent
        let journal = try OptunaJournal(
            StudyHistory(storage), name: name, end: attributes?[.modificationDate] as? Date ?? Date())
        try AtomicFile.write(journal.data, to: optuna)
        print("\(optuna): \(plural(journal.trials, "trial"))")
    }
}
