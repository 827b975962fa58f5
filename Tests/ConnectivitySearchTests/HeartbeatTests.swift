import DenseNetModel
import Evaluation
import Foundation
import Strategies
import Studies
import Synchronization
import Testing
import Training

@testable import ConnectivitySearch

/// What a heart extends when it beats, whom it judges, and how workers share threads.
@Suite struct HeartbeatTests {
    private let start = ContinuousClock.now
    private func at(_ seconds: Double) -> ContinuousClock.Instant { start.advanced(by: .seconds(seconds)) }

    /// A lease of 6 seconds, so that 4 without a beat are a break.
    private func contact(_ beats: (Double, Bool)...) -> Contact {
        var contact = Contact(lease: 6)
        contact.begin(at: at(0))
        for (seconds, reached) in beats { contact.beat(reached: reached, at: at(seconds)) }
        return contact
    }

    @Test func aWholeLeaseWithoutABreak() {
        #expect(!Contact(lease: 6).isUnbroken(at: at(100)), "it was never reached")
        let beats = contact((1, true), (4.5, true))
        // 3.5 seconds between two beats are none too many.
        #expect(!beats.isUnbroken(at: at(5.75)) && beats.isUnbroken(at: at(6)) && beats.isUnbroken(at: at(8.25)))
        // The last beat is too long ago.
        #expect(!beats.isUnbroken(at: at(8.5)) && !contact((1, true)).isUnbroken(at: at(6)))
    }

    @Test func aBreakBeginsAnew() {
        // Four seconds without a beat: a lease from the beat after them.
        let late = contact((4, true), (7, true), (9.5, true))
        #expect(!late.isUnbroken(at: at(9.75)) && late.isUnbroken(at: at(10)))
        // A beat that did not reach it: a lease from the next that does.
        let failed = contact((1, true), (2, false), (3, true), (6, true))
        #expect(!failed.isUnbroken(at: at(8.75)) && failed.isUnbroken(at: at(9)))
        #expect(!contact((1, true), (5.5, true), (6, false)).isUnbroken(at: at(6)))
        #expect(!contact((3, false)).isUnbroken(at: at(6)))
    }

    private static let alive: @Sendable (WorkerIdentity) -> Bool = { _ in false }

    /// A study of so many trials in a worker's hands, with a clock that stands still.
    private func claimed(_ count: Int) throws -> (study: MemoryStudy, ownership: Ownership, claims: [Claim]) {
        let study = MemoryStudy(clock: { 1000 })
        let ownership = Ownership()
        try study.own(ownership, for: 10, isDead: Self.alive)
        let proposals = (0..<count).map {
            Proposal(
                update: 1, position: $0, connectivity: .init(blocks: []), macs: 1, parameters: 1, connections: 1,
                seed: 1)
        }
        _ = try study.add(proposals, by: ownership)
        var claims: [Claim] = []
        for number in 1...count {
            claims.append(try #require(study.claim(.current, token: "token \(number)", for: 10)))
        }
        return (study, ownership, claims)
    }

    @Test func aBeatExtendsWhatIsHeld() throws {
        let (study, ownership, claims) = try claimed(2)
        // A sixth of this lease is longer than any test: it beats when it is told to.
        let heartbeat = Heartbeat(study, lease: 6000)
        defer { heartbeat.end() }
        heartbeat.beat()
        #expect(study.leases().map(\.secondsLeft) == [10, 10] && study.owner()?.secondsLeft == 10)
        heartbeat.start(claims[0])
        heartbeat.beat()
        #expect(study.leases().map(\.secondsLeft) == [6000, 10] && study.owner()?.secondsLeft == 10)
        heartbeat.stop()
        heartbeat.start(ownership)
        #expect(study.extend(claims[0], for: 20))
        heartbeat.beat()
        #expect(study.leases().map(\.secondsLeft) == [20, 10] && study.owner()?.secondsLeft == 6000)
        #expect(!heartbeat.mayJudgeSilence)
    }

    private final class Seen: Sendable {
        private let threads = Mutex<[Int]>([])
        var all: [Int] { threads.withLock(\.self) }
        func add(_ count: Int) { threads.withLock { $0.append(count) } }
    }

    /// Eight threads among those that work, at least two for each.
    @Test(arguments: [(1, 8), (2, 4), (3, 2), (4, 2), (5, 2)]) func workersShareThreads(
        working: Int, each: Int
    ) throws {
        let (study, _, claims) = try claimed(working)
        let seen = Seen()
        let heartbeat = Heartbeat(study, lease: 6000, sharing: (all: 8, own: 2)) { seen.add($0) }
        heartbeat.start(claims[0])
        heartbeat.end()
        #expect(!seen.all.isEmpty && seen.all.allSatisfy { $0 == each })
    }

    @Test func whoHasNoTrialTakesNoThreads() throws {
        let (study, ownership, claims) = try claimed(1)
        let seen = Seen()
        let idle = Heartbeat(study, lease: 6000, sharing: (all: 8, own: 2)) { seen.add($0) }
        idle.start(ownership)
        let alone = Heartbeat(study, lease: 6000) { seen.add($0) }
        alone.start(claims[0])
        idle.end()
        alone.end()
        #expect(seen.all.isEmpty)
        // Its lease was lost meanwhile: all threads, as if it were the only one.
        #expect(study.report(claims[0], .returned))
        let lost = Heartbeat(study, lease: 6000, sharing: (all: 8, own: 2)) { seen.add($0) }
        lost.start(claims[0])
        lost.end()
        #expect(!seen.all.isEmpty && seen.all.allSatisfy { $0 == 8 })
    }

    /// Only our kernels give the same bits with any number of threads.
    @Test func threadsAreSharedWhereResultsDoNotDependOnThem() throws {
        func sharing(
            _ threads: Int? = 8, _ change: (inout SearchConfiguration) -> Void = { _ in }
        ) throws -> (all: Int, own: Int)? {
            var configuration = try smallSearch()
            configuration.childThreads = 2
            change(&configuration)
            let worker = Worker(configuration, MemoryStudy(), FormulaEvaluator(), sharedThreads: threads)
            return worker.heartbeat.sharing
        }
        let shared = try #require(try sharing())
        #expect(shared.all == 8 && shared.own == 2)
        #expect(try sharing(8) { $0.machine.kernels = .swift }?.own == 2)
        #expect(try sharing(8) { $0.machine.kernels = .torch }?.all == nil)
        #expect(try sharing(8) { $0.machine.device = "cuda" }?.all == nil)
        #expect(try sharing(nil)?.all == nil)
    }
}
