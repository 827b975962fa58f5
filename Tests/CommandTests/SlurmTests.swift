import ConnectivitySearch
import Foundation
import Studies
import StudyPostgres
import TestSupport
import Testing

/// Workers that a real Slurm starts, preempts and ends: the search is that of one machine, and nothing is lost.
@Suite(
    .serialized, .enabled(if: SlurmCluster.isPossible, "Slurm is not installed, or this is not root"),
    .enabled(if: PostgresServer.isInstalled, "PostgreSQL is not installed"))
struct SlurmTests {
    private let folder = TemporaryFolder()

    /// With enough connections for a few updates.
    private static let network =
        #"{"blocks":[4,3],"growth_rate":4,"bottleneck":false,"compression":1,"stem":{"kind":"cifar","channels":8},"input_channels":3,"image_size":32,"classes":10}"#

    /// Waits until something is so, two minutes at most.
    private func wait(for what: String, until isSo: () throws -> Bool) throws {
        let end = Date().addingTimeInterval(120)
        while try !isSo() {
            try #require(Date() < end, "\(what)")
            Thread.sleep(forTimeInterval: 0.1)
        }
    }

    @Test func preemptedRequeuedAndOutOfTime() throws {
        let server = try #require(PostgresServer.shared, "PostgreSQL is installed and does not start")
        let (cluster, ads) = (try SlurmCluster(), Program.folder + "/ads")
        let address = server.address("slurm-\(UUID().uuidString.prefix(8))")
        try Self.network.write(toFile: folder("a.json"), atomically: true, encoding: .utf8)
        let search = [
            "search", "--data", "shapes", "--arch", folder("a.json"), "--children", "12", "--limit-train", "1200",
            "--limit-validation", "40", "--batch-size", "24", "--child-epochs", "3", "--top", "0", "--threads", "1",
        ]
        let running = try Background(
            ads, search + ["--study", address, "--workers", "0", "--out", folder("there")])
        #expect(running.says("children wait for"), "\(running.errors)")
        let script = try run(ads, ["workers", "slurm", "--study", address, "--count", "2", "--time", "10"])
        #expect(script.status == 0, "\(script.errors)")
        try script.output.write(toFile: folder("workers.sh"), atomically: true, encoding: .utf8)
        let submitted = try cluster.slurm("sbatch", folder("workers.sh"), in: folder.path)
        try #require(submitted.status == 0, "\(submitted.errors)")
        var opened: PostgresStudy?
        try wait(for: "the study") {
            opened = try? PostgresStudy(PostgresAddress(address), mustExist: true)
            return opened != nil
        }
        let study = try #require(opened)
        try wait(for: "two workers") { try study.leases().count == 2 }

        // A job that is worth more takes a node; the worker there gives its child back, and queues.
        try "#!/bin/sh\nsleep 1\n".write(toFile: folder("urgent.sh"), atomically: true, encoding: .utf8)
        try cluster.slurm("sbatch", "--partition=urgent", folder("urgent.sh"), in: folder.path)
        try wait(for: "a worker that queues") {
            try cluster.jobs().contains { $0.contains("_") && $0.hasSuffix("PENDING") }
        }

        // The limit's notice goes to the script alone, as it does here; its task takes its next turn.
        let tasks = try cluster.jobs().filter { $0.contains("_") && $0.hasSuffix("RUNNING") }
        let notified = try #require(tasks.first?.split(separator: " ").first)
        try cluster.slurm("scancel", "--batch", "--signal=USR1", String(notified))
        try wait(for: "a task that queues again") {
            try cluster.slurm("scontrol", "show", "job", String(notified)).output.contains("Restarts=1")
                || cluster.slurm("scontrol", "show", "job", String(notified)).output.contains("Restarts=2")
        }
        #expect(running.end() == 0, "\(running.errors)")
        try wait(for: "workers that end with the search") { try cluster.jobs().isEmpty }
        let alone = try run(ads, search + ["--quiet", "--out", folder("here")])
        #expect(alone.status == 0, "\(alone.errors)")
        func digest(_ study: String) throws -> String {
            try #require(try run(ads, ["study", "show", study, "--json"]).json()["digest"] as? String)
        }
        #expect(try digest(address) == digest(folder("here")))
        let trials = try study.trials(update: nil)
        #expect(try study.leases().isEmpty && trials.allSatisfy { $0.lost == 0 && $0.state == .complete })
        // Both tasks say what became of their workers, each in its one file.
        let logs = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasPrefix("slurm-") }
        let texts = try logs.map { try String(contentsOfFile: folder($0), encoding: .utf8) }.joined()
        #expect(texts.components(separatedBy: "stopped before the search ended").count >= 3, "\(texts)")
        #expect(texts.components(separatedBy: "the search has ended").count == 3, "\(texts)")
    }
}
