import Studies
import Testing

@testable import ConnectivitySearch
@testable import Reporting

/// The picture of a search on a terminal.
@Suite struct SearchConsoleTests {
    @Test func picture() throws {
        var status = SearchStatus(
            finished: 0, of: 40, images: 0, best: nil, last: nil, childrenPerMinute: 0, secondsLeft: 0)
        #expect(SearchConsole.picture(status, []) == ["children  ░░░░░░░░░░░░░░░░░░░░░░░░ 0/40"])
        (status.finished, status.images) = (10, 5120)
        (status.childrenPerMinute, status.secondsLeft) = (12.34, 200)
        status.last = UpdateRecord(update: 2, trials: [6, 7], rewards: [0.5, 0.6], baseline: 0.5, keepRate: 0.25)
        #expect(
            SearchConsole.picture(status, [0.5, 0.4, 0.55]) == [
                "reward    55.00%, baseline 50.00%, keeps 25.00% of the free connections  ▆▁█",
                "children  ██████░░░░░░░░░░░░░░░░░░ 10/40, 5,120 training images, 12.3 a minute, 3 min 20 s left",
            ])
    }

    @Test func curves() {
        #expect(SearchConsole.curve([Double]()) == "" && SearchConsole.curve([0.5]) == "")
        #expect(SearchConsole.curve([1.0, 1.0, 1.0]) == "▄▄▄")
        #expect(SearchConsole.curve([0.0, 1, 2, 3, 4, 5, 6, 7]) == "▁▂▃▄▅▆▇█")
        #expect(
            SearchConsole.bar(-1).allSatisfy { $0 == "░" } && SearchConsole.bar(2).allSatisfy { $0 == "█" }
                && SearchConsole.bar(2).count == 24)
    }
}
