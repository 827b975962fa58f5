import Synchronization

/// Splits work over threads in parts whose number does not depend on the threads, so that sums are reduced in the same
/// order and results are the same bits at any thread count.
struct Workers {
    /// Parts work is cut into whose results are added up: more than the cores of a workstation, few enough to add
    /// quickly.
    static let parts = 16

    let threads: Int

    /// Calls `body(part, worker)` once per part; a worker's calls come one after the other, and whoever is free takes
    /// the next part.
    func run(parts: Int = Workers.parts, _ body: @Sendable (Int, Int) -> Void) {
        guard threads > 1, parts > 1 else {
            for part in 0..<parts { body(part, 0) }
            return
        }
        let next = Atomic<Int>(0)
        ThreadPool.shared.run(min(threads, parts)) { worker, _ in
            while true {
                let part = next.wrappingAdd(1, ordering: .relaxed).oldValue
                if part >= parts { return }
                body(part, worker)
            }
        }
    }

    /// What belongs to a part of `count` things.
    static func range(of part: Int, in count: Int, parts: Int = Workers.parts) -> Range<Int> {
        count * part / parts..<count * (part + 1) / parts
    }
}
