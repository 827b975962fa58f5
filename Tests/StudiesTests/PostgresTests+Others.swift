import Files
import Foundation
import TestSupport
import Testing

@testable import Studies
@testable import StudyPostgres

/// Others who write into the same tables: nothing of theirs is taken unchecked.
extension PostgresTests {
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
