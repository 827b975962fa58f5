import Dispatch

/// Splits work over threads in parts whose number does not depend on the threads, so that sums are reduced in the same
/// order and results are the same bits at any thread count.
struct Workers {
    /// Parts work is cut into; more than the cores of a workstation, few enough to reduce quickly.
    static let parts = 16

    let threads: Int

    /// Calls `body(part, worker)` once per part; a worker's calls come one after the other.
    func run(_ body: @Sendable (Int, Int) -> Void) {
        let threads = min(threads, Self.parts)
        if threads <= 1 {
            for part in 0..<Self.parts { body(part, 0) }
        } else {
            DispatchQueue.concurrentPerform(iterations: threads) { worker in
                for part in Self.parts * worker / threads..<Self.parts * (worker + 1) / threads { body(part, worker) }
            }
        }
    }

    /// Calls `body(index, worker)` once per index, a run of indices per worker: for work that is reduced nowhere.
    func share(_ count: Int, _ body: @Sendable (Int, Int) -> Void) {
        DispatchQueue.concurrentPerform(iterations: threads) { worker in
            for index in count * worker / threads..<count * (worker + 1) / threads { body(index, worker) }
        }
    }

    /// What belongs to a part of `count` things.
    static func range(of part: Int, in count: Int) -> Range<Int> { count * part / parts..<count * (part + 1) / parts }
}

/// Memory that is kept from call to call: allocating megabytes anew for every layer costs more than some layers do.
///
/// Not for two threads at once, hence not `Sendable`; the pointers it hands out go to workers that use disjoint parts.
final class Scratch {
    private var storage: UnsafeMutablePointer<Float>?
    private var capacity = 0

    /// `count` elements, aligned to cache lines; zeros or what an earlier call left.
    func elements(_ count: Int) -> UnsafeMutablePointer<Float> {
        if count > capacity {
            storage?.deallocate()
            let fresh = UnsafeMutableRawPointer.allocate(byteCount: count * 4, alignment: 64).bindMemory(to: Float.self, capacity: count)
            fresh.initialize(repeating: 0, count: count)
            (storage, capacity) = (fresh, count)
        }
        guard let storage else { preconditionFailure("scratch of no elements was asked for") }
        return storage
    }

    deinit { storage?.deallocate() }
}
