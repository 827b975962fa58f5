import Foundation
import Runs
import Studies
import StudyPostgres
import Synchronization
import TestSupport
import Testing

@testable import ConnectivitySearch

/// Workers that each have a connection of their own, as processes have.
private final class Connections: Workforce, Sendable {
    let count: Int
    private let ends = Mutex(false)
    private let left: Mutex<Int>
    private let failure = Mutex<(any Error)?>(nil)

    init(_ count: Int, _ configuration: SearchConfiguration, _ address: PostgresAddress) {
        self.count = count
        left = Mutex(count)
        for _ in 0..<count {
            Thread { [self] in
                do {
                    let worker = Worker(configuration, try PostgresStudy(address, mustExist: true), FormulaEvaluator())
                    while !ends.withLock(\.self) {
                        if try worker.workOnce() == .nothingWaits { Thread.sleep(forTimeInterval: 0.005) }
                    }
                } catch { failure.withLock { $0 = error } }
                left.withLock { $0 -= 1 }
            }.start()
        }
    }

    func work() throws {
        if let error = failure.withLock(\.self) { throw error }
        Thread.sleep(forTimeInterval: 0.01)
    }

    func end() {
        ends.withLock { $0 = true }
        while left.withLock(\.self) > 0 { Thread.sleep(forTimeInterval: 0.005) }
    }
}

/// A search whose workers do not hear that they have a child, nor that their report arrived: a hundred times each.
@Suite(.serialized, .oneThread, .enabled(if: PostgresServer.isInstalled, "PostgreSQL is not installed"))
struct SwallowedAnswersTests {
    @Test func claimsAndReports() throws {
        let server = try #require(PostgresServer.shared, "PostgreSQL is installed and does not start")
        let configuration = try smallSearch("ads", children: 110, blocks: [6, 5])
        let alone: any StudyStorage = MemoryStudy()
        let expected = try search(configuration, alone).run()

        let swallowed = Mutex((claims: 0, reports: 0))
        let proxy = try SwallowingProxy(server.socket) { answer in
            // A claim is asked for again with its token, as the first of a new connection, and must be heard then; a
            // report that arrived is not written again.
            if answer.statement.hasPrefix("WITH own AS") {
                guard answer.rows > 0, answer.place > 1 else { return false }
                swallowed.withLock { $0.claims += 1 }
                return true
            }
            guard answer.statement.hasPrefix("UPDATE ads.trial SET state = $3") else { return false }
            swallowed.withLock { $0.reports += 1 }
            return true
        }
        let name = "swallowed \(UUID().uuidString)"
        let study: any StudyStorage = try PostgresStudy(PostgresAddress(server.address(name)))
        try study.begin(configuration)
        let far = try PostgresAddress(server.address(name, host: proxy.folder))
        var result = try withExtendedLifetime(proxy) {
            try Search(configuration, study, Connections(3, configuration, far)).run()
        }
        result.seconds = expected.seconds
        #expect(result == expected)
        #expect(try digest(study) == digest(alone))
        let trials = try study.trials(update: nil)
        #expect(trials.allSatisfy { $0.state.isFinished && $0.lost == 0 && $0.lostWith.isEmpty && $0.failure == nil })
        let counts = swallowed.withLock(\.self)
        #expect(counts.claims >= 100 && counts.reports >= 100, "\(counts)")
        print("swallowed \(counts.claims) claims and \(counts.reports) reports of \(trials.count) trials")
    }
}
