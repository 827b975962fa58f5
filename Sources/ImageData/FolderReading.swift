import Synchronization

/// Who looks on while a folder's images are read, which takes minutes where they are many and large.
///
/// Nobody does without `withWatch`: a library has no terminal to write to and no Ctrl-C of its own.
public struct FolderReading: Sendable {
    /// What is done to the files.
    public enum Step: String, Sendable {
        /// What they hold is compared with what is kept.
        case checking
        /// Their images are decoded.
        case reading
        /// Another process decodes the same images; of that nothing is counted.
        case waiting
    }

    /// What is done.
    public let step: Step
    /// Files that are done, of `count`.
    public let done: Int
    /// All files of this step.
    public let count: Int

    /// Asked before each file, from any thread, and once all are done; what it throws ends the reading, of which
    /// nothing is kept.
    public typealias Watch = @Sendable (FolderReading) throws -> Void

    @TaskLocal private static var watch: Watch?

    /// Lets someone look on at what is read within `body`, on this thread or in this task.
    public static func withWatch<Result>(_ watch: @escaping Watch, _ body: () throws -> Result) rethrows -> Result {
        try $watch.withValue(watch, operation: body)
    }

    /// Says that another process is waited for.
    static func tellOfWaiting() throws { try watch?(FolderReading(step: .waiting, done: 0, count: 1)) }

    /// The files of one step, counted; many threads share it.
    final class Count: Sendable {
        private let step: Step
        private let count: Int
        // Those who read are other threads, which know nothing of this task's values.
        private let watch = FolderReading.watch
        private let done = Atomic<Int>(0)
        private let stopped = Mutex<(any Error)?>(nil)

        init(_ step: Step, of count: Int) { (self.step, self.count) = (step, count) }

        /// Does a file's work, unless someone has stopped it.
        func file(_ work: () -> Void) {
            guard stopped.withLock({ $0 == nil }) else { return }
            tell()
            guard stopped.withLock({ $0 == nil }) else { return }
            work()
            done.add(1, ordering: .relaxed)
        }

        /// Throws what stopped the reading, if anything did.
        func check() throws {
            if done.load(ordering: .relaxed) == count { tell() }
            if let error = stopped.withLock({ $0 }) { throw error }
        }

        private func tell() {
            guard let watch else { return }
            do { try watch(FolderReading(step: step, done: done.load(ordering: .relaxed), count: count)) } catch {
                stopped.withLock { $0 = $0 ?? error }
            }
        }
    }
}
