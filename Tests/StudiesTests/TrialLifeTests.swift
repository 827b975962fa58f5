import Randomness
import Testing

@testable import Studies

/// A trial's life by itself: every event in every state.
@Suite struct TrialLifeTests {
    private static let mine = Example.here
    private static let other = Example.elsewhere

    private static func holder(_ token: String, _ worker: WorkerIdentity = mine, until: Double = 10) -> TrialLife.Holder
    {
        .init(worker: worker, token: token, until: until)
    }

    /// A life to which so much happened.
    private static func life(repeatOf: Int? = nil, _ events: (inout TrialLife) -> TrialLife.Answer...) -> TrialLife {
        var life = TrialLife(number: 2, proposal: Example.proposal(1, 1, repeatOf: repeatOf))
        for event in events { _ = event(&life) }
        return life
    }

    private static func original(_ state: TrialState, number: Int = 1) -> Trial {
        var trial = Trial(number: number, proposal: Example.proposal(1, 0))
        trial.state = state
        trial.curve = [Example.point(0.3)]
        if state == .failed { trial.failure = "burst" }
        return trial
    }

    static let states: [(name: String, life: TrialLife)] = [
        ("waiting", life()),
        ("returned", life({ $0.claimed(by: holder("r")) }, { $0.reported(.returned, token: "r") })),
        ("running", life({ $0.claimed(by: holder("t")) })),
        (
            "again",
            life(
                { $0.claimed(by: holder("r")) }, { $0.reported(.returned, token: "r") }, { $0.claimed(by: holder("t")) }
            )
        ),
        (
            "held",
            life(
                { $0.claimed(by: holder("r")) },
                { $0.reported(.evaluated(Example.point(0.5), isLast: false), token: "r") })
        ),
        ("repeat", life(repeatOf: 1)),
        (
            "complete",
            life(
                { $0.claimed(by: holder("r")) },
                { $0.reported(.evaluated(Example.point(0.5), isLast: true), token: "r") })
        ),
        (
            "pruned",
            life(
                { $0.claimed(by: holder("r")) },
                { $0.reported(.evaluated(Example.point(0.5), isLast: false), token: "r") },
                { $0.pruned() })
        ),
        ("failed", life({ $0.claimed(by: holder("r")) }, { $0.reported(.failed("burst"), token: "r") })),
        ("copied", life(repeatOf: 1, { $0.copied(original(.complete)) })),
    ]

    static let events: [(name: String, happen: @Sendable (inout TrialLife) -> TrialLife.Answer)] = [
        ("claim t", { $0.claimed(by: holder("t")) }),
        ("claim u", { $0.claimed(by: holder("u", other)) }),
        ("claim r", { $0.claimed(by: holder("r")) }),
        ("extend t", { $0.extended(token: "t", until: 30) }),
        ("extend u", { $0.extended(token: "u", until: 30) }),
        ("last t", { $0.reported(.evaluated(Example.point(0.7), isLast: true), token: "t") }),
        ("first t", { $0.reported(.evaluated(Example.point(0.7), isLast: false), token: "t") }),
        ("failed t", { $0.reported(.failed("burst"), token: "t") }),
        ("machine t", { $0.reported(.machineFailed("no memory"), token: "t") }),
        ("returned t", { $0.reported(.returned, token: "t") }),
        ("last u", { $0.reported(.evaluated(Example.point(0.9), isLast: true), token: "u") }),
        ("failed u", { $0.reported(.failed("other"), token: "u") }),
        ("last r", { $0.reported(.evaluated(Example.point(0.9), isLast: true), token: "r") }),
        ("at 9", { $0.leaseChecked(at: 9) }),
        ("at 10", { $0.leaseChecked(at: 10) }),
        ("at 11", { $0.leaseChecked(at: 11) }),
        ("died", { $0.workerDied(mine) }),
        ("other died", { $0.workerDied(other) }),
        ("promote", { $0.promoted() }),
        ("prune", { $0.pruned() }),
        ("copy complete", { $0.copied(original(.complete)) }),
        ("copy pruned", { $0.copied(original(.pruned)) }),
        ("copy failed", { $0.copied(original(.failed)) }),
        ("copy waiting", { $0.copied(original(.waiting)) }),
        ("copy running", { $0.copied(original(.running)) }),
        ("copy another", { $0.copied(original(.complete, number: 3)) }),
    ]

    /// What is not refused, and what comes of it; all else is refused and changes nothing.
    static let expected: [String: [String: String]] = [
        "waiting": [
            "claim t": "changed RUNNING t 10", "claim u": "changed RUNNING u 10", "claim r": "changed RUNNING r 10",
        ],
        // The token that gave it back is used up.
        "returned": [
            "claim t": "changed RUNNING t 10", "claim u": "changed RUNNING u 10", "last r": "repeated WAITING",
        ],
        "running": running,
        // Its last report may still be asked for again.
        "again": running.merging(["last r": "repeated RUNNING t 10"]) { $1 },
        "held": [
            "promote": "changed WAITING [0.5]", "prune": "changed PRUNED [0.5]",
            "last r": "repeated WAITING held [0.5]",
        ],
        "repeat": [
            "copy complete": "changed COMPLETE [0.3]", "copy pruned": "changed PRUNED [0.3]",
            "copy failed": "changed FAILED (burst) [0.3]",
        ],
        "complete": ["last r": "repeated COMPLETE [0.5]"],
        "pruned": ["last r": "repeated PRUNED [0.5]"],
        "failed": ["last r": "repeated FAILED (burst)"],
        "copied": [:],
    ]

    private static let running = [
        "claim t": "repeated RUNNING t 10", "extend t": "changed RUNNING t 30", "last t": "changed COMPLETE [0.7]",
        "first t": "changed WAITING held [0.7]", "failed t": "changed FAILED (burst)",
        "machine t": "changed WAITING, machine 1 (no memory)",
        "returned t": "changed WAITING", "at 11": "changed WAITING, lost 1 (\(mine))",
        "died": "changed WAITING, lost 1 (\(mine))",
    ]

    private static func describe(_ life: TrialLife) -> String {
        let trial = life.trial
        var text = trial.state.rawValue
        if trial.isHeld { text += " held" }
        if let holder = life.holder { text += " \(holder.token) \(Int(holder.until))" }
        if let failure = trial.failure { text += " (\(failure))" }
        if !trial.curve.isEmpty { text += " \(trial.curve.map(\.accuracy))" }
        if trial.lost > 0 { text += ", lost \(trial.lost) (\(trial.lostWith.joined(separator: ", ")))" }
        if trial.machineFailures > 0 { text += ", machine \(trial.machineFailures) (\(trial.machineFailure ?? ""))" }
        return text
    }

    @Test(arguments: states.indices) func everyEvent(state: Int) {
        let (name, before) = Self.states[state]
        let expected = Self.expected[name] ?? [:]
        #expect(Set(expected.keys).isSubset(of: Self.events.map(\.name)))
        for event in Self.events {
            var life = before
            let answer = event.happen(&life)
            let found = "\(answer) \(Self.describe(life))"
            #expect(found == expected[event.name] ?? "refused \(Self.describe(before))", "\(event.name) when \(name)")
            if answer != .changed { #expect(life == before, "\(event.name) when \(name)") }
        }
    }

    /// Whatever happens in whatever order: finished stays finished, a running trial moves by its token or by its loss
    /// alone, a loss is counted once, and a life survives being written.
    @Test func longLives() throws {
        var random = SeededGenerator(seed: 11)
        for _ in 0..<300 {
            var life = Self.states[random.index(below: Self.states.count)].life
            for _ in 0..<30 {
                let event = Self.events[random.index(below: Self.events.count)]
                let before = life
                let answer = event.happen(&life)
                let (old, new) = (before.trial, life.trial)
                if old.state.isFinished { #expect(life == before, "\(event.name)") }
                #expect((life != before) == (answer == .changed) || event.name.hasPrefix("extend"), "\(event.name)")
                #expect(
                    new.lost - old.lost
                        == (["at 11", "died", "other died"].contains(event.name) && answer == .changed ? 1 : 0))
                if let token = before.holder?.token, answer == .changed {
                    let moves = event.name.hasSuffix(" \(token)") || new.lost > old.lost
                    #expect(moves, "\(event.name) moved what \(token) holds")
                }
                #expect(new.lostWith.count == min(new.lost, Trial.keptLosses))
                #expect(try TrialLife(new, holder: life.holder, reportedWith: life.reportedWith) == life)
            }
        }
    }

    private static func point(images: Int) -> CurvePoint {
        CurvePoint(length: 1, images: images, accuracy: 0.5, loss: 1, seconds: 1, worker: "w")
    }

    private static func point(_ change: (inout CurvePoint) -> Void) -> CurvePoint {
        var point = point(images: 1)
        change(&point)
        return point
    }

    @Test func partsThatDoNotBelongTogetherAreDamage() {
        func trial(_ change: (inout Trial) -> Void) -> Trial {
            var trial = Trial(number: 4, proposal: Example.proposal(1, 0))
            change(&trial)
            return trial
        }
        let most = 1_000_000_000_000_000
        let wrong: [(Trial, TrialLife.Holder?)] = [
            (trial { $0.state = .running }, nil), (trial { _ in }, Self.holder("t")),
            (trial { $0.state = .complete }, Self.holder("t")),
            (trial { $0.state = .failed }, nil), (trial { $0.failure = "why" }, nil),
            (trial { ($0.state, $0.isHeld) = (.pruned, true) }, nil),
            (trial { ($0.state, $0.failure) = (.complete, "why") }, nil),
            (trial { $0.lost = .max }, nil), (trial { $0.lost = -1 }, nil), (trial { $0.machineFailures = .max }, nil),
            (trial { $0.proposal.update = .max }, nil), (trial { $0.proposal.position = -1 }, nil),
            (trial { $0.curve = [Self.point(images: (1 << 42) + 1)] }, nil),
            (trial { $0.curve = [Self.point(images: 1 << 42), Self.point(images: 1)] }, nil),
            (trial { $0.curve = [CurvePoint](repeating: Self.point(images: 1), count: 65) }, nil),
            (trial { $0.curve = [Self.point(images: -1)] }, nil),
            (trial { $0.curve = [Self.point { $0.accuracy = 1.0001 }] }, nil),
            (trial { $0.curve = [Self.point { $0.accuracy = -1e-9 }] }, nil),
            (trial { $0.curve = [Self.point { $0.accuracy = .nan }] }, nil),
            (trial { $0.curve = [Self.point { $0.seconds = -1e300 }] }, nil),
            (trial { $0.curve = [Self.point { $0.seconds = 4e11 }] }, nil),
            (trial { $0.curve = [Self.point { $0.loss = .nan }] }, nil),
            (trial { $0.curve = [Self.point { $0.length = .infinity }] }, nil),
            (trial { $0.proposal.macs = .max }, nil), (trial { $0.proposal.macs = most + 1 }, nil),
            (trial { $0.proposal.macs = -1 }, nil), (trial { $0.proposal.parameters = most + 1 }, nil),
            (trial { $0.proposal.parameters = -1 }, nil), (trial { $0.proposal.connections = most + 1 }, nil),
            (trial { $0.proposal.connections = .min }, nil),
        ]
        #expect(throws: Never.self) {
            _ = try TrialLife(trial { $0.curve = [Self.point(images: 1 << 42)] }, holder: nil, reportedWith: nil)
            // As many as an architecture may let a network cost.
            let dear = trial {
                ($0.proposal.macs, $0.proposal.parameters, $0.proposal.connections) = (most, most, most)
            }
            _ = try TrialLife(dear, holder: nil, reportedWith: nil)
        }
        for (trial, holder) in wrong {
            #expect(throws: Damage(what: "trial 4")) { try TrialLife(trial, holder: holder, reportedWith: nil) }
        }
    }

    @Test func decisionsReachTheTrialTheyName() {
        var life = Self.life(repeatOf: 1)
        #expect(
            life.decided(.promote(2), original: nil) == .refused && life.decided(.prune(2), original: nil) == .refused)
        #expect(life.decided(.copy(2, of: 1), original: nil) == .refused)
        #expect(life.decided(.copy(2, of: 3), original: Self.original(.complete)) == .refused)
        #expect(life.decided(.copy(2, of: 1), original: Self.original(.complete)) == .changed)
        #expect(life.trial.images == 0 && life.trial.seconds == 0, "nothing was paid for it")
    }
}
