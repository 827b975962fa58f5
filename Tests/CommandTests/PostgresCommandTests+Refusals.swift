import ConnectivitySearch
import Foundation
import Studies
import StudyPostgres
import TestSupport
import Testing

/// What a database does not do, and who may not.
extension PostgresCommandTests {
    @Test func refusals() throws {
        let cases: [([String], String)] = [
            (
                ["search", "--study", "runs/x", "--out", folder("n"), "--data", "shapes", "--arch", "densenet-13-4"],
                "--study is an address of PostgreSQL, postgresql://...; without it the study lies in the run's folder"
            ),
            (
                [
                    "search", "--study", "postgresql://a:geheim@h/d", "--out", folder("n"), "--data", "shapes",
                    "--arch", "densenet-13-4",
                ],
                "the address postgresql://… has a password in it, which every list of processes shows; put it into the file that PGPASSFILE names (~/.pgpass), readable by you alone, or into a service file"
            ),
            (["search", "--mixed", "--out", folder("n")], "--mixed is for --study; see 'ads search --help'"),
            (
                ["search", "--workers", "0", "--out", folder("n")],
                "--workers 0 leaves the work to other machines, which need --study"
            ),
            (
                ["study", "create", folder("n")],
                "a study is made in PostgreSQL, postgresql://...; in a folder a search makes its own"
            ),
            (
                ["retrain", address],
                "an address is no folder that the run could be made in; give its folder with --out"
            ),
            (
                ["report", address],
                "an address is no folder that the page could be written into; give its file with --out"
            ),
            (["study", "create", address, "--worker-role", ""], "--worker-role is a name of 1 to 63 bytes"),
            (
                ["worker", "--study", address, "--stop-after", "soon"],
                "The value 'soon' is invalid for '--stop-after <stop-after>': a duration such as 90s, 55m or 8h is needed; see 'ads worker --help'"
            ),
            (
                ["calibrate", "--workers", "0", "--data", "shapes", "--arch", "densenet-13-4", "--out", folder("n")],
                "--workers 0 is for a search with --study"
            ),
        ]
        for (words, sentence) in cases {
            let done = try ads(words)
            #expect(done.errors.hasSuffix("ads: \(sentence)\n") && done.output == "", "\(words): \(done.errors)")
            #expect(done.status == 64 && !done.errors.contains("geheim"), "\(words): \(done.status)")
        }
        #expect(!FileManager.default.fileExists(atPath: folder("n")))
        let none = try ads(["study", "show", address])
        #expect(none.status == 1 && none.errors == "ads: there is no study '\(name)' in \(address)\n", "\(none.errors)")
        let away = try ads(["study", "show", "postgresql:///ads?host=/nowhere"])
        #expect(
            away.status == 1 && away.errors.hasPrefix("ads: postgresql:///ads?host=/nowhere cannot be reached: "),
            "\(away.errors)")
    }
}
