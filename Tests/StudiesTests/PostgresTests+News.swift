import Files
import Foundation
import TestSupport
import Testing

@testable import Studies
@testable import StudyPostgres

/// Who waits is told, and who watches sees what changed.
extension PostgresTests {
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
}
