import ConnectivitySearch
import Foundation
import Studies
import StudyPostgres
import TestSupport
import Testing

/// Workers of other machines: behind a cable that is cut, with another clock, in a container.
@Suite(.serialized, .enabled(if: PostgresServer.isInstalled, "PostgreSQL is not installed")) struct NetworkTests {
    private let folder = TemporaryFolder()
    private let ads = Program.folder + "/ads"
    private let name = "n-\(UUID().uuidString.prefix(8))"

    /// With enough connections for a few updates.
    private static let network =
        #"{"blocks":[4,3],"growth_rate":4,"bottleneck":false,"compression":1,"stem":{"kind":"cifar","channels":8},"input_channels":3,"image_size":32,"classes":10}"#

    private func search(_ more: String...) throws -> [String] {
        try Self.network.write(toFile: folder("a.json"), atomically: true, encoding: .utf8)
        return [
            "search", "--data", "shapes", "--arch", folder("a.json"), "--limit-validation", "40", "--batch-size", "24",
            "--top", "0", "--threads", "1", "--children",
        ] + more
    }

    private func digest(_ study: String) throws -> String {
        try #require(try run(ads, ["study", "show", study, "--json"]).json()["digest"] as? String)
    }

    private func wait(for what: String, until isSo: () throws -> Bool) throws {
        let end = Date().addingTimeInterval(120)
        while try !isSo() {
            try #require(Date() < end, "\(what)")
            Thread.sleep(forTimeInterval: 0.05)
        }
    }

    /// A cut shorter than a lease loses nothing. A longer one moves the trial, and the late report is refused. A server
    /// that is away for two leases expires nobody.
    @Test(.enabled(if: TwoMachines.isPossible, "network namespaces need root")) func cutCables() throws {
        let two = try TwoMachines()
        let server = try PostgresServer(on: two)
        let near = server.address(name)
        let far =
            "postgresql://ads_admin@\(two.address):\(server.port)/ads?sslmode=disable&tcp_user_timeout=1000&study=\(name)"
        // A child takes some seconds, a lease four.
        let own = try search("5", "--children-per-update", "2", "--limit-train", "3600", "--child-epochs", "2")
        let running = try Background(
            ads, own + ["--lease", "4", "--workers", "0", "--study", near, "--out", folder("there")])
        #expect(running.says("children wait for"), "\(running.errors)")
        var opened: PostgresStudy?
        try wait(for: "the study") {
            opened = try? PostgresStudy(PostgresAddress(near), mustExist: true)
            return opened != nil
        }
        let study = try #require(opened)
        let worker = try Background(
            "/usr/bin/env", ["ip", "netns", "exec", two.second, ads, "worker", "--study", far])
        try wait(for: "a claim over the cable") { try study.leases().count == 1 }
        try two.cut(true)
        Thread.sleep(forTimeInterval: 2)
        try two.cut(false)
        #expect(worker.says("answers again"), "\(worker.errors)")
        #expect(try study.trials(update: nil).allSatisfy { $0.lost == 0 })

        // Away for two leases.
        try wait(for: "a claim") { try study.leases().count == 1 }
        server.stop()
        Thread.sleep(forTimeInterval: 8)
        try server.start()
        try wait(for: "another claim") { try study.leases().count == 1 }
        #expect(try study.trials(update: nil).allSatisfy { $0.lost == 0 })

        // Longer than a lease: its trial goes to a worker that is nearer.
        try wait(for: "a claim") { try study.leases().first { $0.secondsLeft > 2 } != nil }
        let moved = try #require(study.leases().first?.trial)
        try two.cut(true)
        try wait(for: "a loss") { try study.trials(update: nil).contains { $0.lost == 1 } }
        let nearer = try Background(ads, ["worker", "--study", near])
        #expect(running.end() == 0, "\(running.errors)")
        try two.cut(false)
        #expect(nearer.end() == 0, "\(nearer.errors)")
        #expect(worker.end() == 0, "\(worker.errors)")
        let trials = try study.trials(update: nil)
        #expect(trials.allSatisfy { $0.lost == ($0.number == moved ? 1 : 0) && $0.state == .complete })
        // Who reported it is who had it last.
        let reporter = try #require(trials.first { $0.number == moved }?.curve.first?.worker)
        #expect(reporter.contains("process \(nearer.process)"), "\(reporter)")
        let alone = try run(ads, own + ["--quiet", "--out", folder("here")])
        #expect(alone.status == 0, "\(alone.errors)")
        #expect(try digest(near) == digest(folder("here")))
    }

    private static let otherClock = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1"
    private static let canTell = FileManager.default.fileExists(atPath: otherClock) && getuid() == 0

    /// A clock that is an hour off, and a process of another numbering whose host has the same name: nothing changes.
    @Test(.enabled(if: canTell, "libfaketime is not installed, or this is not root")) func clocksAndContainers() throws
    {
        let server = try #require(PostgresServer.shared)
        let address = server.address(name)
        let own = try search("8", "--children-per-update", "4", "--limit-train", "480")
        let running = try Background(
            ads, own + ["--lease", "5", "--workers", "0", "--study", address, "--out", folder("there")])
        #expect(running.says("children wait for"), "\(running.errors)")
        let workers = try [
            ["LD_PRELOAD=\(Self.otherClock)", "FAKETIME=+1h"], ["LD_PRELOAD=\(Self.otherClock)", "FAKETIME=-1h"],
            ["unshare", "--pid", "--fork", "--mount-proc"],
        ].map { try Background("/usr/bin/env", $0 + [ads, "worker", "--study", address]) }
        #expect(running.end() == 0, "\(running.errors)")
        for worker in workers { #expect(worker.end() == 0, "\(worker.errors)") }
        let trials = try PostgresStudy(PostgresAddress(address), mustExist: true).trials(update: nil)
        #expect(trials.allSatisfy { $0.lost == 0 && $0.state == .complete })
        let alone = try run(ads, own + ["--quiet", "--out", folder("here")])
        #expect(alone.status == 0, "\(alone.errors)")
        #expect(try digest(address) == digest(folder("here")))
    }
}
