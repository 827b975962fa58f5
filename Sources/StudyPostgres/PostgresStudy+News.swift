import Foundation
import Studies

// NOTIFY: what the search writes is heard by workers that wait, so that they need not look often.
//
// A hint and no more: it does not pass a pool of transactions, and is lost with a connection. Only the search's writes,
// and trials that go back, are told: a commit that notifies takes a lock that all others wait for, which reports of
// many workers would feel (https://www.postgresql.org/docs/current/sql-notify.html).
extension PostgresStudy {
    /// The channel of a study's news.
    private var channel: String { "ads_study_\(id)" }

    /// Tells those who wait; with the transaction, where there is one.
    func tell(_ connection: PostgresConnection) throws {
        try connection.run("SELECT pg_notify($1, '')", .text(channel))
    }

    public func waitForNews(atMost seconds: Double) -> Bool {
        let end = ContinuousClock.now + .seconds(seconds)
        while ContinuousClock.now < end {
            let began = ContinuousClock.now
            // In slices, between which the connection is others', too, and a program is asked to end.
            let slice = min(Self.slice, (end - began) / .seconds(1))
            if link.hears(channel, for: slice) { return true }
            if link.isGivenUp { return false }
            // What had nothing to wait on, or heard of something else, waits all the same.
            let left = slice - (ContinuousClock.now - began) / .seconds(1)
            if left > 0 { Thread.sleep(forTimeInterval: left) }
        }
        return false
    }

    private static let slice = 0.1

    /// Numbers that are others once anything of the study is that a report shows: how many trials there are, how many
    /// of them are finished, how many updates, and which plan.
    /// - Throws: `FileError` where the server does not answer.
    public func counts() throws -> [Int] {
        try link.perform { connection in
            let row = try connection.run(
                """
                SELECT count(*) AS trials, count(*) FILTER (WHERE ended IS NOT NULL) AS finished,
                    (SELECT count(*) FROM ads.learning WHERE study = $1) AS updates,
                    (SELECT coalesce(hashtextextended(plan_checksum, 0), 0) FROM ads.study WHERE id = $1) AS plan
                FROM ads.trial WHERE study = $1
                """, .int(id))
            return ["trials", "finished", "updates", "plan"].map { row.int(0, $0) ?? 0 }
        }
    }
}
