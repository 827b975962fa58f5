import DenseNetArchitecture
import Files
import Foundation
import TestSupport
import Testing

@testable import Studies
@testable import StudySQLite

// Who searches a study, and what a search that lost it can still do: nothing.
extension StorageTests {
    @Test(arguments: StorageKind.allCases)
    func oneOwner(kind: StorageKind) throws {
        let folder = TemporaryFolder()
        let clock = TestClock()
        let (study, open) = try kind.make(folder("study"), clock)
        #expect(try study.owner()?.owner == nil)
        try study.own(other, for: 10, isDead: alive)
        clock.pass(5)
        let error = #expect(throws: StudyError.self) { try study.own(search, for: 10, isDead: alive) }
        #expect(error == .isSearched(study: study.name, owner: elsewhere))
        #expect(
            error?.description
                == "\(study.name) is being searched by process 7 on elsewhere; wait for it, stop it, or choose another folder"
        )
        // Another search of the same process is another search.
        #expect(throws: StudyError.self) { try study.own(Ownership(elsewhere), for: 10, isDead: alive) }
        #expect(try study.extend(other, for: 15) && !study.extend(search, for: 99))
        try study.disown(search)
        let owner = try #require(try open().owner())
        #expect(owner.owner == elsewhere && owner.secondsLeft == 15)
        clock.pass(16)
        #expect(try study.owner()?.secondsLeft == -1)
        try study.own(search, for: 10, isDead: alive)
        try study.own(other, for: 10, isDead: { $0 == here })
        try study.disown(other)
        #expect(try open().owner()?.owner == nil)
    }

    /// A search that lost the study changes nothing of it, whatever it calls.
    @Test(arguments: StorageKind.allCases)
    func aSearchThatLostTheStudyIsFenced(kind: StorageKind) throws {
        let folder = TemporaryFolder()
        let clock = TestClock()
        let (study, open) = try kind.make(folder("study"), clock)
        let writes: [(String, (Ownership) throws -> Void)] = [
            ("store", { try study.store(plan: "late", by: $0) }),
            ("add", { _ = try study.add([Example.proposal(2, 0)], by: $0) }),
            ("add what is there", { _ = try study.add([Example.proposal(1, 0)], by: $0) }),
            ("decide", { try study.decide([.prune(2)], by: $0) }),
            ("decide nothing", { try study.decide([], by: $0) }),
            ("reclaim", { _ = try study.reclaim(silent: true, by: $0, isDead: { _ in true }) }),
            (
                "finish",
                {
                    try study.finish(
                        UpdateRecord(update: 1, trials: [1], rewards: [0]), state: Data([7]), SearchProgress(), by: $0)
                }
            ),
        ]
        // Who never owned it.
        for (name, write) in writes {
            #expect(throws: StudyError.ownershipLost(study: study.name, owner: nil), "\(name)") { try write(other) }
        }
        #expect(try study.plan() == nil && study.trials(update: nil).isEmpty)
        try study.own(other, for: 10, isDead: alive)
        try study.store(plan: "first", by: other)
        _ = try study.add([proposal(1, 0), proposal(1, 1)], by: other)
        for token in ["a", "b"] {
            let claim = try #require(try study.claim(here, token: token, for: 100))
            if token == "b" { #expect(try study.report(claim, .evaluated(point(0.2), isLast: false))) }
        }
        clock.pass(60)
        // Nobody came: it may still write.
        try study.store(plan: "second", by: other)
        try study.own(search, for: 10, isDead: alive)
        let before = try open().trials(update: nil)
        for (name, write) in writes {
            #expect(throws: StudyError.ownershipLost(study: study.name, owner: here), "\(name)") { try write(other) }
        }
        #expect(try !study.extend(other, for: 10))
        try study.disown(other)
        #expect(try open().owner()?.owner == here)
        #expect(try open().trials(update: nil) == before && open().plan() == "second")
        #expect(try open().updates().isEmpty && open().strategy()?.state == nil && open().leases().map(\.trial) == [1])
        // The same calls by who owns it.
        for (_, write) in writes { try write(search) }
        #expect(
            try open().plan() == "late" && open().trials(update: nil).map(\.state) == [.waiting, .pruned, .waiting])
        let error = StudyError.ownershipLost(study: "s", owner: elsewhere)
        #expect(
            "\(error)"
                == "s was taken over by process 7 on elsewhere while this search was silent; this one ends, what it finished is kept"
        )
    }
}
