/// Memory that is kept from call to call: allocating megabytes anew for every layer costs more than some layers do.
///
/// Not for two threads at once, hence not `Sendable`; the pointers it hands out go to workers that use disjoint parts.
package final class Scratch {
    private var storage: UnsafeMutablePointer<Float>?
    private var capacity = 0

    /// No memory yet.
    package init() {}

    /// `count` elements, aligned to cache lines; zeros or what an earlier call left.
    package func elements(_ count: Int) -> UnsafeMutablePointer<Float> {
        if count > capacity {
            storage?.deallocate()
            let fresh = UnsafeMutableRawPointer.allocate(byteCount: count * 4, alignment: 64).bindMemory(
                to: Float.self, capacity: count)
            fresh.initialize(repeating: 0, count: count)
            (storage, capacity) = (fresh, count)
        }
        guard let storage else { preconditionFailure("scratch of no elements was asked for") }
        return storage
    }

    deinit { storage?.deallocate() }
}
