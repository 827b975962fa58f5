import Synchronization

@testable import Studies
@testable import StudySQLite

/// A clock that tests set.
final class TestClock: Sendable {
    private let time = Mutex(1000.0)
    var now: Double { time.withLock(\.self) }
    func pass(_ seconds: Double) { time.withLock { $0 += seconds } }
}

/// A kind of storage, and how another process would open the same study.
enum StorageKind: CaseIterable {
    case memory, sqlite

    func make(
        _ path: String, _ clock: TestClock = TestClock()
    ) throws -> (study: any StudyStorage, open: @Sendable () throws -> any StudyStorage) {
        let now: @Sendable () -> Double = { clock.now }
        switch self {
        case .memory:
            let study = MemoryStudy(name: path, clock: now)
            return (study, { study })
        case .sqlite:
            return (try SQLiteStudy(path: path, clock: now), { try SQLiteStudy(path: path, clock: now) })
        }
    }
}
