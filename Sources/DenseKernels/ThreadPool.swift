import CProcessor
import Dispatch
import Foundation
import Synchronization

/// Threads that wait for work by looking for it before they sleep: waking one through the operating system costs as
/// much as a layer of one image, and a layer follows a layer.
///
/// One for the process. Whoever finds it busy does its work alone; results do not depend on it.
final class ThreadPool: Sendable {
    static let shared = ThreadPool()

    private let members = Mutex<[Member]>([])
    private let isBusy = Atomic<Bool>(false)

    /// Calls `body(worker, team)` for each worker from 0 to `team` − 1, worker 0 on this thread, and waits for all; the
    /// team is as many as wanted, or this thread alone when the pool is busy.
    func run(_ wanted: Int, _ body: @Sendable (_ worker: Int, _ team: Int) -> Void) {
        guard wanted > 1, !isBusy.exchange(true, ordering: .acquiring) else { return body(0, 1) }
        defer { isBusy.store(false, ordering: .releasing) }
        let team = members.withLock { members in
            while members.count < wanted - 1 { members.append(Member(worker: members.count + 1)) }
            return members.prefix(wanted - 1)
        }
        // The closure outlives no call: every member is done before this function returns.
        withoutActuallyEscaping(body) { body in
            for member in team { member.start { body($0, wanted) } }
            body(0, wanted)
            for member in team { member.wait() }
        }
    }
}

/// Where the workers of a team wait for one another; for as many waits as there are, one after the other.
struct Barrier: ~Copyable {
    private let arrivals = Atomic<Int>(0)

    /// Waits until all have arrived for the time `turn`, counted from 1.
    func wait(_ turn: Int, team: Int) {
        arrivals.wrappingAdd(1, ordering: .acquiringAndReleasing)
        ThreadPool.spin(while: { arrivals.load(ordering: .acquiring) < turn * team })
    }
}

extension ThreadPool {
    /// Looks at something, some tens of nanoseconds each time, before a thread lets others have its processor.
    fileprivate static let patience = 2000

    /// Waits while a condition holds.
    fileprivate static func spin(while condition: () -> Bool) {
        var looks = 0
        while condition() {
            looks += 1
            if looks < patience { ads_pause() } else { sched_yield() }
        }
    }
}

/// One thread of the pool.
///
/// `@unchecked` as `job` is written by the owner before `state` says so, and read by the thread after it has seen it.
private final class Member: @unchecked Sendable {
    private enum State {
        static let idle = 0, working = 1, asleep = 2
    }
    private let state = Atomic<Int>(State.idle)
    private let alarm = DispatchSemaphore(value: 0)
    private let worker: Int
    private var job: (@Sendable (Int) -> Void)?

    init(worker: Int) {
        self.worker = worker
        let thread = Thread { [self] in serve() }
        thread.name = "ads kernels \(worker)"
        thread.qualityOfService = .userInitiated
        thread.start()
    }

    func start(_ job: @escaping @Sendable (Int) -> Void) {
        self.job = job
        if state.exchange(State.working, ordering: .acquiringAndReleasing) == State.asleep { alarm.signal() }
    }

    func wait() {
        ThreadPool.spin(while: { state.load(ordering: .acquiring) == State.working })
    }

    private func serve() {
        while true {
            var looks = 0
            while state.load(ordering: .acquiring) != State.working {
                looks += 1
                if looks < ThreadPool.patience {
                    ads_pause()
                } else if state.compareExchange(
                    expected: State.idle, desired: State.asleep, ordering: .acquiringAndReleasing
                ).exchanged {
                    alarm.wait()
                }
            }
            job?(worker)
            job = nil
            state.store(State.idle, ordering: .releasing)
        }
    }
}
