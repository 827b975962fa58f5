import ArgumentParser
import ConnectivitySearch
import Foundation
import StudyPostgres
import Training

struct StudyCreateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Makes the tables of studies in a PostgreSQL database, and an empty study.",
        discussion: """
            A search makes them by itself where it may. With --worker-role it prints the statements that let a role of the \
            database work for searches, and nothing more; whoever owns the tables runs them.

            EXAMPLE
              ads study create "postgresql://db.example.org/ads?study=cifar"
              ads study create "postgresql://db.example.org/ads?study=cifar" \\
                --worker-role ads_worker | psql -h db.example.org ads
            """)

    @Argument(help: "The address: postgresql://user@host/database?study=name.")
    var study: String

    @Option(help: "A role of the database, which exists, that workers come with.")
    var workerRole: String?

    func run() throws {
        guard PostgresAddress.isOne(study) else {
            throw UsageError("a study is made in PostgreSQL, postgresql://...; in a folder a search makes its own")
        }
        if let workerRole, workerRole.isEmpty || workerRole.utf8.count > 63 {
            throw UsageError("--worker-role is a name of 1 to 63 bytes")
        }
        let address = try StudyAddress.check(study)
        try StudyPlace.create(address)
        if let workerRole { return print(WorkerRole.grants(to: workerRole)) }
        print("there is a study \(study)")
    }
}
