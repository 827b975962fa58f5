import Synchronization

/// What the time of an evaluation goes into.
package enum EvaluationPart: Sendable, CaseIterable {
    /// The smaller network is made of the larger.
    case rebuilding
    /// BN's running statistics are recomputed.
    case statistics
    /// Images are guessed and counted.
    case validation
}

/// What the parts of evaluations take: a benchmark asks with `of`, and what does a part says so with `note`, however
/// far below. So what is timed part by part is what a search does; where nobody asks, nothing is kept.
package final class PartTimes: Sendable {
    @TaskLocal private static var asked: PartTimes?
    private let times = Mutex<[EvaluationPart: Duration]>([:])

    private init() {}

    /// Does a work on this thread.
    /// - Returns: its result, what it took, and what its parts took of that.
    package static func of<Result>(
        _ work: () throws -> Result
    ) rethrows -> (result: Result, whole: Duration, parts: [EvaluationPart: Duration]) {
        let own = PartTimes()
        let began = ContinuousClock.now
        let result = try $asked.withValue(own) { try work() }
        return (result, ContinuousClock.now - began, own.times.withLock { $0 })
    }

    /// Says that a part, which began at an instant, is over.
    package static func note(_ part: EvaluationPart, since began: ContinuousClock.Instant) {
        guard let asked else { return }
        let taken = ContinuousClock.now - began
        asked.times.withLock { $0[part, default: .zero] += taken }
    }
}
