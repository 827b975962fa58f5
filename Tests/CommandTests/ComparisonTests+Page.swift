import Foundation
import Testing

@testable import Reporting
@testable import Runs
@testable import Training

// What a page shows of each network, once.
extension ComparisonTests {
    /// Clocks and confusions are of every network, whatever its label, and of its first seed.
    @Test func everyNetworkHasItsClockAndConfusion() throws {
        let runs: [(label: String, connectivity: String, seed: UInt64)] = [
            ("found", "nearest", 0), ("found", "nearest", 1), ("found", "log", 0), ("dense", "dense", 0),
        ]
        for (number, own) in runs.enumerated() {
            let run = try write(own.label, own.connectivity, accuracy: 0.8, seed: own.seed)
            let row = Latencies.Row(program: "ads", version: "0", batch: number + 2, milliseconds: 1)
            try run.write(Latencies(threads: 1, machine: "some", share: 1, rows: [row]), to: run.latencies)
            let entries = [[0, 0, 5], [0, 1, number + 11]]
            let confusion: [String: Any] = [
                "split": "test", "class_names": ["cat", "dog"], "entries": entries, "pairs": [Any](),
            ]
            try JSONSerialization.data(withJSONObject: confusion).write(to: URL(fileURLWithPath: run.confusion))
        }
        let page = try HTMLReport(content()).text
        let (clock, rest) = (try section("On the clock", of: page), try section("Confusion", of: page))
        // The second seed of one network is not shown again.
        for (number, shown) in [true, false, true, true].enumerated() {
            #expect(clock.contains("<td>\(number + 2)</td>") == shown, "clock of run \(number)")
            #expect(rest.contains("taken for dog: \(number + 11) of") == shown, "confusion of run \(number)")
        }
        #expect(clock.components(separatedBy: "<h3>found</h3>").count == 3)
    }

    private func section(_ title: String, of page: String) throws -> String {
        let start = try #require(page.range(of: "<h2>\(title)</h2>"))
        let rest = page[start.upperBound...]
        return String(rest[..<(rest.range(of: "<h2>")?.lowerBound ?? rest.endIndex)])
    }

    /// A point that cannot be drawn takes no other's title.
    @Test func titlesStayWithTheirPoints() {
        let chart = Charts.plot(
            [
                Charts.Series(
                    name: "s", points: [(x: 1, y: .nan), (x: 2, y: 20), (x: 3, y: 30)], isLine: false, color: 0,
                    titles: ["first", "second"])
            ],
            x: "x", y: "y", format: { "\(Int($0))" }, xFormat: { "\(Int($0))" })
        #expect(!chart.contains("s: first") && chart.contains("<title>s: second</title>"))
        #expect(chart.contains("<title>s: 3, 30</title>"))
    }
}
