import Testing

@testable import ConnectivitySearch

/// How often a worker looks that has nothing to do.
@Suite struct IdleWaitTests {
    private var idle = IdleWait(isTold: false)

    /// What the next wait asks for, in seconds.
    private mutating func seconds(hears: Bool? = false) -> Double {
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

    /// Who is told waits longer, until something comes that nobody told, and again once it was told twice.
    @Test mutating func withNews() {
        idle = IdleWait(isTold: true)
        for _ in 0..<3 { #expect((1.5...3).contains(seconds())) }
        #expect((1.5...3).contains(seconds(hears: true)))
        idle.found()
        // What was there before it could be told proves nothing.
        #expect((1.5...3).contains(seconds(hears: nil)))
        idle.found()
        #expect((1.5...3).contains(seconds()))
        // A trial that was there when nobody had told.
        idle.found()
        #expect(seconds() <= 0.05)
        // Once may have been chance, as where others' news come by.
        #expect(seconds(hears: true) <= 0.075)
        idle.found()
        #expect(seconds(hears: true) <= 0.05)
        // The end of an update: others were faster, and it waits on.
        #expect(seconds(hears: true) <= 0.075)
        idle.found()
        // Of several after one another the first alone was waited for.
        idle.found()
        #expect((1.5...3).contains(seconds()))
    }
}
