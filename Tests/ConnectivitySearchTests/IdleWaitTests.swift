import Testing

@testable import ConnectivitySearch

/// How often a worker looks that has nothing to do.
@Suite struct IdleWaitTests {
    private var idle = IdleWait()

    /// What the next wait asks for, in seconds.
    private mutating func seconds(hears: Bool = false) -> Double {
        var asked = 0.0
        idle.wait {
            asked = $0
            return hears
        }
        return asked
    }

    /// Ever rarer, but three times a second at the least; each by chance.
    @Test mutating func withoutNews() {
        var most = 0.05
        for _ in 0..<20 {
            #expect((most / 2...most).contains(seconds()))
            most = min(0.3, most * 1.5)
        }
        #expect(most == 0.3 && Set((0..<20).map { _ in seconds() }).count > 1)
        idle.found()
        #expect((0.025...0.05).contains(seconds()))
    }

    /// Who is told waits longer, until something comes that nobody told.
    @Test mutating func withNews() {
        // Once may have been chance, as where others' news come by.
        _ = seconds(hears: true)
        idle.found()
        #expect(seconds(hears: true) <= 0.05)
        #expect(seconds(hears: true) <= 0.075)
        idle.found()
        for _ in 0..<3 { #expect((1.5...3).contains(seconds())) }
        // The end of an update: others were faster, and it waits on.
        _ = seconds(hears: true)
        #expect((1.5...3).contains(seconds(hears: true)))
        idle.found()
        #expect((1.5...3).contains(seconds()))
        // A trial that was there when nobody had told.
        idle.found()
        #expect(seconds() <= 0.05)
        for _ in 0..<2 {
            _ = seconds(hears: true)
            idle.found()
        }
        // Of several after one another the first alone was waited for.
        _ = seconds(hears: true)
        idle.found()
        idle.found()
        #expect((1.5...3).contains(seconds()))
    }
}
