import ArgumentParser
import ConnectivitySearch
import Reporting
import Strategies

struct StudyDoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Checks every page and row of a study's file and says who works on it.",
        discussion: """
            Ends with 1 where something is wrong.

            EXAMPLE
              ads study doctor runs/ads
            """)

    @Argument(help: "A search's folder, its study.sqlite, or an address: postgresql://...", completion: .file())
    var study: String

    func run() throws {
        let storage = try openStudy(study)
        let history = try StudyHistory(storage)
        let (troubles, notes) = try history.findings(storage)
        for note in notes { print(note) }
        guard troubles.isEmpty else { throw SearchError("\(storage.name): \(troubles.joined(separator: "; "))") }
        print(
            "sound: \(plural(history.trials.count, "trial")), \(plural(history.updates.count, "update")), every row as it was written"
        )
    }
}
