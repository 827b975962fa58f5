import Files
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Studies
@testable import StudyPostgres

/// What a database adds to the contract that all storages keep: here outages and answers that are lost.
@Suite(.enabled(if: PostgresServer.isInstalled, "PostgreSQL is not installed")) struct PostgresTests {
    let search = Ownership(Example.here)
    let server: PostgresServer
    let study = "study \(UUID().uuidString)"

    init() throws { server = try #require(PostgresServer.shared, "PostgreSQL is installed and does not start") }

    func open(_ host: String? = nil, mustExist: Bool = false) throws -> PostgresStudy {
        try PostgresStudy(PostgresAddress(server.address(study, host: host)), mustExist: mustExist)
    }

    /// The study with trials that wait.
    func begun(_ trials: Int = 2) throws -> PostgresStudy {
        let study = try open()
        try study.own(search, for: 1000, isDead: { _ in false })
        _ = try study.add((0..<trials).map { Example.proposal(1, $0) }, by: search)
        return study
    }

    func sentence(_ body: () throws -> Void) -> String {
        do {
            try body()
            return "nothing was thrown"
        } catch {
            return "\(error)"
        }
    }

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
        // Nor does an answer that came late, from behind a lock, prove anything.
        #expect(try other.claim(Example.elsewhere, token: "v", for: 0.5)?.trial.number == 2)
        let locking = Thread { _ = try? own.sql("BEGIN; LOCK TABLE ads.trial; SELECT pg_sleep(2.5); COMMIT") }
        locking.start()
        Thread.sleep(forTimeInterval: 0.3)
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
}
