import Foundation
import Runs
import Studies

/// How long a worker that found nothing waits until it looks again.
///
/// Where the storage tells of news, it looks rarely; once it finds what nobody told, as behind a pool of connections,
/// it looks often, until it was told twice of what it found.
struct IdleWait {
    /// Seconds of the first wait, and of the longest without news; the last is what a child may wait for a worker that
    /// has nothing to do. docs/benchmarks.md has what 64 of them ask of a server.
    private let shortest, longest: Double
    /// Seconds of a wait where news are told.
    private static let told = 3.0

    private var pause: Double
    /// How often in a row it was told of what it found.
    private var times: Int
    private var isTold: Bool { times >= Self.enough }
    private static let enough = 2
    /// Whether it looks now because it was told; `nil` where that is not known.
    private var hint: Bool?

    /// - Parameter isTold: whether the storage is one that tells of news.
    init(isTold: Bool, shortest: Double = 0.05, longest: Double = 0.3) {
        (self.shortest, self.longest, pause) = (shortest, longest, shortest)
        times = isTold ? Self.enough : 0
    }

    /// Waits for a storage's news; just so where there is none yet.
    /// - Returns: whether there are some.
    @discardableResult mutating func wait(for storage: (any StudyStorage)?) -> Bool {
        wait { seconds in
            if let storage { return storage.waitForNews(atMost: seconds) }
            let end = ContinuousClock.now + .seconds(seconds)
            while !Interruption.requested, ContinuousClock.now < end { Thread.sleep(forTimeInterval: 0.05) }
            return false
        }
        return hint == true
    }

    /// Waits by a function of seconds that says whether there are news, as `waitForNews` does; less by chance, so that
    /// many workers that hear nothing do not look together.
    mutating func wait(_ hears: (Double) -> Bool?) {
        hint = hears((isTold ? Self.told : pause) * .random(in: 0.5...1))
        pause = min(longest, pause * 1.5)
    }

    /// There was something to do.
    mutating func found() {
        if let hint { times = hint ? times + 1 : 0 }
        (hint, pause) = (nil, shortest)
    }
}
