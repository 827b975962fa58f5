import Foundation
import Studies

// NOTIFY: what the search writes is heard by workers that wait, so that they need not look often.
//
// A hint and no more: it does not pass a pool of transactions, is lost with a connection, and comes after what it tells
// of, which must not fail with it. Only the search's writes, and trials that go back, are told: a commit that notifies
// takes a lock that all others wait for, which reports of many workers would feel
// (https://www.postgresql.org/docs/current/sql-notify.html).
extension PostgresStudy {
    /// The channel of a study's news.
    private var channel: String { "ads_study_\(id)" }

    /// Tells those who wait.
    func tell() { link.hint("SELECT pg_notify($1, '')", .text(channel)) }

    public func waitForNews(atMost seconds: Double) -> Bool? {
        let end = ContinuousClock.now + .seconds(seconds)
        // In slices, between which a program is asked to end.
        while !link.isGivenUp, case let left = (end - .now) / .seconds(1), left > 0 {
            switch link.hears(channel, for: min(Self.slice, left)) {
            case .news: return true
            // What came before, or while there was no connection, may have been missed.
            case .began: return nil
            case .quiet: break
            case .deaf: Thread.sleep(forTimeInterval: min(Self.slice, left))
            }
        }
        return false
    }

    private static let slice = 0.1

    /// Numbers that are others once anything of the study is that a report shows: how many trials there are, how many
    /// of them are finished, how much was found of them, how many updates, and which plan.
    /// - Throws: `FileError` where the server does not answer.
    public func counts() throws -> [Int] {
        try link.perform { connection in
            let row = try connection.run(
                """
                SELECT count(*) AS trials, count(*) FILTER (WHERE ended IS NOT NULL) AS finished,
                    coalesce(sum(octet_length(outcome)), 0)::int8 AS found,
                    (SELECT count(*) FROM ads.learning WHERE study = $1) AS updates,
                    (SELECT coalesce(hashtextextended(plan_checksum, 0), 0) FROM ads.study WHERE id = $1) AS plan
                FROM ads.trial WHERE study = $1
                """, .int(id))
            return ["trials", "finished", "found", "updates", "plan"].map { row.int(0, $0) ?? 0 }
        }
    }
}
