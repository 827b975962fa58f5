import Testing

@testable import Studies

/// Who searches a study: every event in either state.
@Suite struct OwnerLifeTests {
    private let first = Ownership(Example.elsewhere, token: "a")
    private let second = Ownership(Example.here, token: "b")
    private let alive: (WorkerIdentity) -> Bool = { _ in false }

    private var owned: OwnerLife { OwnerLife(.init(first, until: 10)) }

    @Test func nobodyOwns() {
        var life = OwnerLife()
        #expect(!life.proves(first) && life.extended(first, until: 9) == .refused && life.disowned(first) == .refused)
        #expect(life.owned(by: first, at: 0, until: 10, isDead: alive) == .changed && life == owned)
        // A token that is none proves nothing, not even to itself.
        let none = Ownership(Example.here, token: "")
        var empty = OwnerLife()
        #expect(empty.owned(by: none, at: 0, until: 10, isDead: alive) == .refused)
        #expect(!OwnerLife(.init(none, until: 10)).proves(none))
    }

    @Test func onlyItsTokenProves() {
        var life = owned
        #expect(life.proves(first) && !life.proves(second) && !life.proves(Ownership(Example.elsewhere, token: "c")))
        #expect(life.extended(second, until: 99) == .refused && life.disowned(second) == .refused && life == owned)
        #expect(life.extended(first, until: 20) == .changed && life.lease?.until == 20)
        #expect(life.disowned(first) == .changed && life.lease == nil)
    }

    @Test func anotherTakesOverOnceItIsSilentOrDead() {
        var life = owned
        #expect(life.owned(by: second, at: 10, until: 20, isDead: alive) == .refused && life == owned)
        #expect(life.owned(by: second, at: 5, until: 20, isDead: { $0 == Example.here }) == .refused)
        // Asked again, by itself.
        #expect(life.owned(by: first, at: 5, until: 15, isDead: alive) == .changed && life.lease?.until == 15)
        #expect(
            life.owned(by: second, at: 5, until: 20, isDead: { $0 == Example.elsewhere }) == .changed
                && life.proves(second))
        var late = owned
        // Its lease ran out: nobody came, so it still owns; then somebody came.
        #expect(late.proves(first) && late.extended(first, until: 12) == .changed)
        #expect(late.owned(by: second, at: 12.5, until: 20, isDead: alive) == .changed)
        #expect(!late.proves(first) && late.extended(first, until: 99) == .refused && late.disowned(first) == .refused)
    }
}
