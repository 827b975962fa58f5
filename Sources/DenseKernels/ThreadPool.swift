import CProcessor
import Dispatch
import Foundation
import Synchronization

/// Threads that wait for work by looking for it before they sleep: waking one through the operating system costs as much as
/// a layer of one image, and a layer follows a layer.
///
/// One for the process. Whoever finds it busy does its work alone; results do not depend on it.
final class ThreadPool: Sendable {
    static let shared = ThreadPool()

    private let members = Mutex<[Member]>([])
    private let isBusy = Atomic<Bool>(false)

    /// Calls `body(worker)` for each worker from 0 to `workers` − 1, worker 0 on this thread, and waits for all.
    /// - Returns: how many workers there were: 1 when the pool is busy.
    @discardableResult
    func run(_ workers: Int, _ body: @Sendable (Int) -> Void) -> Int {
        guard workers > 1, !isBusy.exchange(true, ordering: .acquiring) else {
            body(0)
            return 1
        }
        defer { isBusy.store(false, ordering: .releasing) }
        let team = members.withLock { members in
            while members.count < workers - 1 { members.append(Member(worker: members.count + 1)) }
            return members.prefix(workers - 1)
        }
        // The closure outlives no call: every member is done before this function returns.
        withoutActuallyEscaping(body) { body in
            for member in team { member.start(body) }
            body(0)
            for member in team { member.wait() }
        }
        return workers
    }
}

/// One thread of the pool.
///
/// `@unchecked` as `job` is written by the owner before `state` says so, and read by the thread after it has seen it.
private final class Member: @unchecked Sendable {
    private enum State {
        static let idle = 0, working = 1, asleep = 2
    }
    /// Looks at the state, some tens of nanoseconds each, before a thread sleeps.
    private static let patience = 2000

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
        var looks = 0
        while state.load(ordering: .acquiring) == State.working {
            looks += 1
            if looks < Self.patience { ads_pause() } else { sched_yield() }
        }
    }

    private func serve() {
        while true {
            var looks = 0
            while state.load(ordering: .acquiring) != State.working {
                looks += 1
                if looks < Self.patience {
                    ads_pause()
                } else if state.compareExchange(expected: State.idle, desired: State.asleep, ordering: .acquiringAndReleasing).exchanged {
                    alarm.wait()
                }
            }
            job?(worker)
            job = nil
            state.store(State.idle, ordering: .releasing)
        }
    }
}
