import Files
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Studies
@testable import StudyPostgres

/// What a database adds to the contract that all storages keep: outages, answers that are lost, others who write.
@Suite(.enabled(if: PostgresServer.isInstalled, "PostgreSQL is not installed")) struct PostgresTests {
    let search = Ownership(Example.here)
    let server: PostgresServer
    let study = "study \(UUID().uuidString)"

    init() throws { server = try #require(PostgresServer.shared, "PostgreSQL is installed and does not start") }

    private func open(_ host: String? = nil, mustExist: Bool = false) throws -> PostgresStudy {
        try PostgresStudy(PostgresAddress(server.address(study, host: host)), mustExist: mustExist)
    }

    /// The study with trials that wait.
    private func begun(_ trials: Int = 2) throws -> PostgresStudy {
        let study = try open()
        try study.own(search, for: 1000, isDead: { _ in false })
        _ = try study.add((0..<trials).map { Example.proposal(1, $0) }, by: search)
        return study
    }

    private func sentence(_ body: () throws -> Void) -> String {
        do {
            try body()
            return "nothing was thrown"
        } catch {
            return "\(error)"
        }
    }

    // MARK: Lost answers and outages

    /// About every sixth answer is lost, of whichever statement: each was carried out, and is repeated by who did not
    /// hear so.
    @Test func answersThatAreLost() throws {
        let first = try begun(60)
        let proxy = try SwallowingProxy(server.socket) {
            $0.number > 12 && ((UInt64($0.number) &* 0x9E37_79B9_7F4A_7C15) >> 32) % 6 == 0
        }
        let (worker, far) = (try open(proxy.folder), try open(proxy.folder))
        var claimed: [Int] = []
        while let claim = try worker.claim(Example.here, token: Claim.newToken(), for: 100) {
            claimed.append(claim.trial.number)
            #expect(try worker.extend(claim, for: 100))
            #expect(try worker.report(claim, .evaluated(Example.point(0.5), isLast: true)))
        }
        #expect(claimed == Array(1...60) && proxy.swallowed > 30, "\(proxy.swallowed)")
        let trials = try first.trials(update: 1)
        #expect(trials.allSatisfy { $0.state == .complete && $0.curve == [Example.point(0.5)] && $0.lost == 0 })
        // A search's writes, too: begun, added, learned once.
        let other = Ownership(Example.elsewhere)
        try first.disown(search)
        try far.own(other, for: 1000, isDead: { _ in false })
        for update in 1...8 {
            if update > 1 {
                let numbers = try far.add((0..<3).map { Example.proposal(update, $0) }, by: other)
                #expect(numbers == (0..<3).map { 60 + (update - 2) * 3 + $0 + 1 })
            }
            let record = UpdateRecord(update: update, trials: [update], rewards: [0.5])
            try far.finish(record, state: Data([UInt8(update)]), SearchProgress(), by: other)
            try far.store(plan: "\(update)", by: other)
        }
        #expect(try first.updates().map(\.update) == Array(1...8) && first.trials(update: nil).count == 81)
        #expect(try first.plan() == "8" && first.strategy()?.state == Data([8]))
    }

    // MARK: News

    /// Who waits is told of trials, of those that came back, and of another plan; not of reports, and in time.
    @Test func whoWaitsIsTold() throws {
        let (first, other) = (try begun(), try open())
        func hears(_ write: () throws -> Void) throws -> Bool {
            // The first call begins to listen, others hear what came since.
            while other.waitForNews(atMost: 0.15) != false {}
            try write()
            let began = ContinuousClock.now
            let isHeard = other.waitForNews(atMost: 5) == true
            #expect(isHeard == (ContinuousClock.now - began < .seconds(3)))
            return isHeard
        }
        #expect(try hears { _ = try first.add([Example.proposal(2, 0)], by: search) })
        #expect(try hears { try first.store(plan: "{}", by: search) })
        let claim = try #require(try first.claim(Example.here, token: "t", for: 100))
        #expect(try hears { _ = try first.report(claim, .returned) })
        let again = try #require(try first.claim(Example.here, token: "u", for: 100))
        _ = try first.report(again, .evaluated(Example.point(0.5), isLast: false))
        #expect(try hears { try first.decide([.promote(again.trial.number)], by: search) })
        // What a worker found is the search's to look for.
        _ = other.waitForNews(atMost: 0.1)
        let ended = try #require(try first.claim(Example.here, token: "v", for: 100))
        #expect(try first.report(ended, .evaluated(Example.point(0.5), isLast: true)))
        #expect(try first.extend(search, for: 1000))
        let began = ContinuousClock.now
        #expect(other.waitForNews(atMost: 0.5) == false && ContinuousClock.now - began >= .seconds(0.5))
        // Another study's news are not this one's; a connection that broke is made again by the next call.
        let elsewhere = try PostgresStudy(PostgresAddress(server.address(study + " elsewhere")))
        try elsewhere.own(search, for: 1000, isDead: { _ in false })
        _ = try elsewhere.add([Example.proposal(1, 0)], by: search)
        #expect(other.waitForNews(atMost: 0.3) == false)
        let terminated = try server.sql(
            """
            SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE query = 'LISTEN ads_study_' || (SELECT id FROM ads.study WHERE name = '\(study)')
            """)
        #expect(terminated.output == "t\n", "\(terminated)")
        // Who lost it looks at once, and then just waits.
        #expect(other.waitForNews(atMost: 5) == nil)
        let lost = ContinuousClock.now
        #expect(other.waitForNews(atMost: 0.3) == false && ContinuousClock.now - lost >= .seconds(0.3))
        #expect(try other.trials(update: 1).count == 2)
        #expect(other.waitForNews(atMost: 0.05) == nil)
        #expect(try hears { _ = try first.add([Example.proposal(3, 0)], by: search) })
    }

    /// Numbers that change with everything a report shows, and with nothing else.
    @Test func whatAReportShows() throws {
        let study = try begun()
        var before = try study.counts()
        func changes(_ write: () throws -> Void) throws -> Bool {
            try write()
            let now = try study.counts()
            defer { before = now }
            return now != before
        }
        #expect(try changes { _ = try study.add([Example.proposal(1, 2)], by: search) })
        let claim = try #require(try study.claim(Example.here, token: "t", for: 100))
        #expect(try !changes { _ = try study.extend(claim, for: 100) })
        #expect(try changes { _ = try study.report(claim, .evaluated(Example.point(0.5), isLast: true)) })
        #expect(
            try changes {
                let record = UpdateRecord(update: 1, trials: [1], rewards: [0.5])
                try study.finish(record, state: Data([1]), SearchProgress(), by: search)
            })
        #expect(try changes { try study.store(plan: "{}", by: search) })
        #expect(try changes { try study.store(plan: "[]", by: search) })
        #expect(try !changes { try study.store(plan: "[]", by: search) })
    }

    /// A server that is stopped and started, or killed, is waited for; a late one is given up with a sentence.
    @Test func aServerThatIsAway() throws {
        let own = try PostgresServer()
        let address = try PostgresAddress(own.address("s"))
        let said = Mutex<[String]>([])
        let study = try PostgresStudy(address) { sentence in said.withLock { $0.append(sentence) } }
        try study.own(search, for: 1000, isDead: { _ in false })
        _ = try study.add([Example.proposal(1, 0)], by: search)
        let claim = try #require(try study.claim(Example.here, token: "t", for: 1000))
        for signal in [SIGINT, SIGKILL] {
            own.stop(signal)
            let starting = Thread {
                Thread.sleep(forTimeInterval: 0.3)
                try? own.start()
            }
            starting.start()
            #expect(try study.extend(claim, for: 1000))
        }
        #expect(try study.report(claim, .evaluated(Example.point(0.5), isLast: true)))
        #expect(try study.trials(update: 1).map(\.lost) == [0])
        let sentences = said.withLock(\.self)
        #expect(sentences.count >= 2 && sentences.count % 2 == 0, "\(sentences)")
        #expect(
            sentences[0].hasPrefix("\(address) does not answer (") && sentences[0].hasSuffix("; trying again for 600 s")
        )
        #expect(sentences[1] == "\(address) answers again")
        // A lease that ran out while nobody could reach the server proves nothing; one that does so afterwards does.
        let other = try PostgresStudy(address)
        _ = try study.add([Example.proposal(1, 1)], by: search)
        #expect(try other.claim(Example.elsewhere, token: "u", for: 0.5)?.trial.number == 2)
        own.stop()
        let later = Thread {
            Thread.sleep(forTimeInterval: 0.8)
            try? own.start()
        }
        later.start()
        #expect(try study.reclaim(silent: true, by: search, isDead: { _ in false }) == [])
        #expect(try study.reclaim(silent: true, by: search, isDead: { _ in false }).map(\.trial.number) == [2])
        let impatient = try PostgresStudy(address, patience: 0.2)
        own.stop()
        for _ in 0..<2 { #expect(sentence { _ = try impatient.plan() }.hasPrefix("\(address) cannot be reached: ")) }
        // Who shall end tries once more, and no longer.
        let ending = Mutex(false)
        try own.start()
        let interrupted = try PostgresStudy(address, givesUp: { ending.withLock(\.self) })
        own.stop()
        ending.withLock { $0 = true }
        #expect(sentence { _ = try interrupted.plan() }.hasPrefix("\(address) cannot be reached: "))
        // Who comes now is told at once.
        #expect(sentence { _ = try PostgresStudy(address) }.hasPrefix("\(address) cannot be reached: "))
    }

    /// Who vanished in the middle of a transaction keeps nobody for long: its locks end, and who waits tries again.
    @Test func locksEnd() throws {
        let study = try begun()
        let connection = try PostgresConnection(study.address)
        let shown = try connection.transaction {
            try connection.run(
                "SELECT current_setting('lock_timeout') AS a, current_setting('idle_in_transaction_session_timeout') AS b"
            )
        }
        #expect(shown.text(0, "a") == "15s" && shown.text(0, "b") == "30s")
        // Nothing of it stays with the connection, which another may get from a pool.
        #expect(try connection.run("SELECT current_setting('lock_timeout') AS a").text(0, "a") == "0")
        #expect(PostgresFailure(state: "55P03", "x", lostConnection: false).mayPass)
    }

    /// What passes by itself is tried again, over TLS, too; who is not let in is told.
    @Test func failures() {
        func passes(_ message: String, connecting: Bool = true) -> Bool {
            PostgresFailure(state: nil, message, lostConnection: true, connecting: connecting).mayPass
        }
        #expect(passes("SSL SYSCALL error: EOF detected", connecting: false) && passes("server closed the connection"))
        #expect(
            passes("could not translate host name \"pg-service\" to address")
                && passes("connection to server at \"password\" refused"))
        for refusal in [
            "FATAL:  password authentication failed for user \"x\"", "fe_sendauth: no password supplied",
            "FATAL:  no pg_hba.conf entry for host", "FATAL:  database \"x\" does not exist",
            "FATAL:  role \"x\" does not exist",
            "SSL error: certificate verify failed", "root certificate file \"x\" does not exist",
            "server does not support SSL, but SSL was required", "definition of service \"x\" not found",
        ] {
            #expect(!passes(refusal), "\(refusal)")
        }
        for state in ["08006", "40001", "40P01", "57P01", "57P03", "53300", "25006", "55P03", "25P03", "57P05"] {
            #expect(PostgresFailure(state: state, "x", lostConnection: false).mayPass, "\(state)")
        }
        for state in ["42501", "42P01", "23505", "22P02", "53100"] {
            #expect(!PostgresFailure(state: state, "x", lostConnection: false).mayPass, "\(state)")
        }
        // Out of memory for a result, on a connection that lives.
        #expect(!PostgresFailure(state: nil, "out of memory", lostConnection: false).mayPass)
    }

    /// Trials that are too many bytes together are refused by the server's count, not read.
    @Test func tooMuchOfTrials() throws {
        let study = try open()
        #expect(try study.trials(update: nil) == [])
        try study.own(search, for: 1000, isDead: { _ in false })
        _ = try study.add((0..<3).map { Example.proposal(1, $0) }, by: search)
        #expect(try study.trials(update: 1, atMost: 1 << 20).map(\.number) == [1, 2, 3])
        #expect(try study.trials(update: 2, atMost: 1 << 20) == [])
        try server.sql(
            "UPDATE ads.trial SET outcome = repeat('x', 1 << 20) WHERE study = (SELECT id FROM ads.study WHERE name = '\(self.study)')"
        )
        for update in [nil, 1] {
            #expect(
                sentence { _ = try study.trials(update: update, atMost: 2 << 20) }
                    == "\(study.name) holds 3 MiB of trials, more than the 2 MiB that any search has; look at who writes into it"
            )
        }
        #expect(try study.trials(update: 2, atMost: 2 << 20) == [])
        // As many bytes as are allowed are read, and are what they are.
        let bytes = try server.sql(
            "SELECT sum(octet_length(proposal || outcome || checksum)) FROM ads.trial WHERE study = (SELECT id FROM ads.study WHERE name = '\(self.study)')"
        )
        let all = try #require(Int(bytes.output.trimmingCharacters(in: .whitespacesAndNewlines)))
        #expect(sentence { _ = try study.trials(update: 1, atMost: all) }.contains("is damaged"))
        #expect(sentence { _ = try study.trials(update: 1, atMost: all - 1) }.contains("holds 3 MiB"))
    }

    /// Programs that come at once make the tables once.
    @Test func manyMakeTheTables() async throws {
        try server.sql("CREATE DATABASE many")
        let text = server.address("s").replacingOccurrences(of: ":///ads?", with: ":///many?")
        try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<8 { group.addTask { try PostgresStudy(PostgresAddress(text)).id } }
            for try await id in group { #expect(id == 1) }
        }
        #expect(try server.sql("SELECT number FROM ads.migration", in: "many").output == "1\n")
    }

    // MARK: Others who write

    @Test func studiesAreApart() throws {
        let first = try begun()
        let second = try PostgresStudy(PostgresAddress(server.address(study + " 2")))
        #expect(try second.trials(update: nil).isEmpty && second.owner()?.owner == nil)
        try second.own(search, for: 10, isDead: { _ in false })
        #expect(try second.add([Example.proposal(1, 0)], by: search) == [1])
        #expect(try second.claim(Example.here, token: "t", for: 10)?.trial.number == 1)
        #expect(try second.claim(Example.here, token: "u", for: 10) == nil && first.leases().isEmpty)
    }

    @Test func whatIsNotThere() throws {
        let missing = try PostgresAddress(server.address("none"))
        #expect(
            sentence { _ = try PostgresStudy(missing, mustExist: true) } == "there is no study 'none' in \(missing)")
        let elsewhere = try PostgresAddress(
            missing.description.replacingOccurrences(of: ":///ads?", with: ":///nowhere?"))
        #expect(
            sentence { _ = try PostgresStudy(elsewhere) }.contains("database \"nowhere\" does not exist"))
        try server.sql("CREATE DATABASE bare")
        let bare = try PostgresAddress(missing.description.replacingOccurrences(of: ":///ads?", with: ":///bare?"))
        #expect(sentence { _ = try PostgresStudy(bare, mustExist: true) } == "there is no study 'none' in \(bare)")
        // Looking made nothing.
        #expect(try server.sql("SELECT to_regclass('ads.migration')", in: "bare").output == "\n")
        try server.sql("CREATE DATABASE newer")
        let newer = try PostgresAddress(missing.description.replacingOccurrences(of: ":///ads?", with: ":///newer?"))
        _ = try PostgresStudy(newer)
        try server.sql("INSERT INTO ads.migration VALUES (99)", in: "newer")
        #expect(
            sentence { _ = try PostgresStudy(newer) } == "\(newer) was made by a newer version of ads; update this one")
    }

    /// Rows are input: what is no row of ours is damage before anything of it is decoded.
    @Test(arguments: [
        ("outcome = repeat('x', 4194305)", "trial 1"), ("proposal = repeat('x', 4194305)", "trial 1"),
        ("outcome = repeat('[', 100000)", "trial 1"), ("lost = 3", "trial 1"), ("position = 7", "trial 1"),
        ("checksum = repeat('0', 5000)", "trial 1"), ("held = true", "trial 1"), ("number = 9", "trial 9"),
        ("reported = repeat('x', 5000)", "trial 1"),
    ])
    func rowsOfOthers(change: String, what: String) throws {
        let study = try begun()
        let address = study.address
        try server.sql("UPDATE ads.trial SET \(change) WHERE study = \(study.id) AND number = 1")
        let expected =
            "\(address) is damaged (\(what) is not what was written); restore the database from a copy, or take another name. Nothing was changed"
        #expect(sentence { _ = try study.trials(update: nil) } == expected)
    }

    /// A number after which there is none is damage, and no sum.
    @Test func theLastNumber() throws {
        let study = try begun()
        try server.sql("UPDATE ads.trial SET number = 9223372036854775807 WHERE study = \(study.id) AND number = 2")
        let said = sentence { _ = try study.add([Example.proposal(2, 0)], by: search) }
        #expect(said.contains("is damaged (the number of trials is not what was written)"), "\(said)")
    }

    @Test func otherRowsOfOthers() throws {
        let study = try begun()
        try study.store(plan: "{}", by: search)
        try study.finish(
            UpdateRecord(update: 1, trials: [1], rewards: [nil]), state: Data([1]), SearchProgress(), by: search)
        let claim = try #require(try study.claim(Example.here, token: "t", for: 10))
        func damaged(_ what: String, _ sql: String, _ read: () throws -> Void) throws {
            #expect(try server.sql(sql).errors == "")
            let said = sentence(read)
            #expect(said.contains("is damaged (\(what) is not what was written)"), "\(said)")
        }
        let row = "WHERE id = \(study.id)"
        try damaged("the configuration", "UPDATE ads.study SET plan = 'x' \(row)") { _ = try study.plan() }
        try damaged("the configuration", "UPDATE ads.study SET plan = repeat('x', 16777217) \(row)") {
            _ = try study.plan()
        }
        try damaged("the strategy's state", "UPDATE ads.study SET state = 'x' \(row)") { _ = try study.strategy() }
        try damaged("update 1", "UPDATE ads.learning SET json = '{}' WHERE study = \(study.id)") {
            _ = try study.updates()
        }
        try damaged(
            "the lease of trial 1", "UPDATE ads.trial SET worker = '{}' WHERE study = \(study.id) AND number = 1"
        ) {
            _ = try study.leases()
        }
        try damaged(
            "the lease of trial 1", "UPDATE ads.trial SET lease_until = 'NaN' WHERE study = \(study.id) AND number = 1"
        ) {
            _ = try study.report(claim, .returned)
        }
        try damaged("the owner", "UPDATE ads.study SET owner = '[]' \(row)") { _ = try study.owner() }
        try damaged("the owner", "UPDATE ads.study SET owner_token = repeat('x', 5000) \(row)") {
            _ = try study.owner()
        }
    }

    /// Files travel whole: in parts, empty ones, the same bytes once; what was changed on the way is refused.
    @Test func sharedFiles() throws {
        let study = try begun()
        var generator = SystemRandomNumberGenerator()
        let large = Data((0..<2_500_000).map { _ in UInt8.random(in: 0...255, using: &generator) })
        let files = ["weights": large, "none": Data(), "again": large]
        #expect(try study.shared("dense") == nil)
        for _ in 0..<2 { try study.share(files, as: "dense", by: search) }
        #expect(throws: StudyError.self) { try study.share(files, as: "dense", by: Ownership(Example.elsewhere)) }
        let there = try #require(try open(mustExist: true).shared("dense"))
        #expect(there.count == 3 && there["weights"] == there["again"] && there["weights"]?.count == 64)
        for (name, digest) in there { #expect(try study.sharedFile(digest) == files[name], "\(name)") }
        #expect(try server.sql("SELECT count(*) FROM ads.blob WHERE study = \(study.id)").output == "4\n")
        let digest = try #require(there["weights"])
        try server.sql(
            "UPDATE ads.blob SET bytes = set_byte(bytes, 7, 255 - get_byte(bytes, 7)) WHERE study = \(study.id) AND digest = '\(digest)' AND part = 2"
        )
        #expect(
            sentence { _ = try study.sharedFile(digest) }.contains(
                "is damaged (the file \(digest.prefix(12))… is not what was written)"))
        #expect(
            sentence { _ = try study.sharedFile(String(repeating: "0", count: 64)) }.contains(
                "is damaged (the file 000000000000…"))
        for list in [#"{"a":"x"}"#, "[", #"{"a":"\#(digest.uppercased())"}"#] {
            try server.sql("UPDATE ads.shared SET files = '\(list)' WHERE study = \(study.id)")
            #expect(
                sentence { _ = try study.shared("dense") }.contains("is damaged (the list of files of dense"), "\(list)"
            )
        }
    }

    /// What the tables hold to, whoever writes.
    @Test func finishedIsFinished() throws {
        let study = try begun()
        let claim = try #require(try study.claim(Example.here, token: "t", for: 10))
        #expect(try study.report(claim, .evaluated(Example.point(0.5), isLast: true)))
        let rows = "WHERE study = \(study.id)"
        #expect(
            try server.sql("UPDATE ads.trial SET outcome = '{}' \(rows) AND number = 1").errors.contains(
                "a finished trial never changes"))
        #expect(
            try server.sql("DELETE FROM ads.trial \(rows) AND number = 2").errors.contains(
                "a trial disappears with its study alone"))
        #expect(try server.sql("UPDATE ads.trial SET token = 'x' \(rows) AND number = 2").status != 0)
        #expect(try study.trials(update: 1).map(\.state) == [.complete, .waiting])
        // A study goes whole, and who has it open is told.
        #expect(try server.sql("DELETE FROM ads.study WHERE id = \(study.id)").errors == "")
        #expect(sentence { _ = try study.owner() } == "there is no study '\(study.address.study)' in \(study.address)")
    }
}
