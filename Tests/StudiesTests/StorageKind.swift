import Synchronization
import TestSupport

@testable import Studies
@testable import StudyPostgres
@testable import StudySQLite

/// A clock that tests set.
final class TestClock: Sendable {
    private let time = Mutex(1000.0)
    var now: Double { time.withLock(\.self) }
    func pass(_ seconds: Double) { time.withLock { $0 += seconds } }
}

/// A kind of storage, and how another process would open the same study.
enum StorageKind: CaseIterable {
    case memory, sqlite, postgres

    /// Those that are here.
    static var allCases: [StorageKind] {
        [.memory, .sqlite] + (PostgresServer.isInstalled ? [.postgres] : [])
    }

    /// What a study at a path is called.
    func name(_ path: String) -> String {
        self == .postgres ? PostgresServer.shared?.address(path) ?? "no server" : path
    }

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
        case .postgres:
            let address = try PostgresAddress(name(path))
            let open: @Sendable () throws -> any StudyStorage = { try PostgresStudy(address, now: now) }
            return (try open(), open)
        }
    }
}
