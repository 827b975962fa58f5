import Foundation
import Strategies
import TestSupport
import Testing

@testable import ConnectivitySearch

/// When processes of workers are started again, and when that is given up.
@Suite(.serialized) struct WorkerProcessesTests {
    private let folder = TemporaryFolder()
    private var log: String { folder("starts") }

    /// How many processes were started.
    private func starts() -> Int {
        ((try? String(contentsOfFile: log, encoding: .utf8)) ?? "").count { $0 == "\n" }
    }

    /// Processes that note their start and then do as a script says, in which N is how many were started so far.
    private func workers(_ script: String, count: Int = 1) -> WorkerProcesses {
        let program = "echo started >> '\(log)'; N=$(wc -l < '\(log)'); \(script)"
        return WorkerProcesses(count, command: ["/bin/sh", "-c", program])
    }

    /// Lets them work until so many were started; half a minute at the most.
    private func work(_ processes: WorkerProcesses, until count: Int) throws {
        for _ in 0..<1500 where starts() < count { try processes.work() }
    }

    @Test(arguments: ["exit 1", "exit 3"]) func threeErrorsInARowAreEnough(script: String) throws {
        let processes = workers(script)
        defer { processes.end() }
        let sentence = "the workers end with errors, as said above; the finished trials are kept"
        #expect(throws: SearchError(sentence)) { try work(processes, until: 100) }
        #expect(starts() == 3)
    }

    /// A regular end, a signal, and errors with something else between them: the next process begins.
    @Test(arguments: ["exit 0", "kill -9 $$", "if [ $((N % 3)) = 0 ]; then exit 0; else exit 1; fi"])
    func allElseIsStartedAgain(script: String) throws {
        let processes = workers(script)
        try work(processes, until: 8)
        processes.end()
        #expect(starts() >= 8)
    }

    /// They read from a pipe that ends with the search.
    @Test(arguments: [1, 3]) func theyEndWithTheSearch(count: Int) throws {
        let processes = workers("cat", count: count)
        #expect(processes.count == count)
        for _ in 0..<3 { try processes.work() }
        processes.end()
        #expect(starts() == count, "those that run are not started again")
    }

    /// One that is stopped does not keep the search from its result.
    @Test(arguments: ["kill -STOP $$", "trap '' INT TERM; while true; do sleep 0.1; done"])
    func whatDoesNotEndIsEnded(script: String) throws {
        let processes = WorkerProcesses(
            1, command: ["/bin/sh", "-c", "echo started >> '\(log)'; \(script)"], patience: 0.2)
        try work(processes, until: 1)
        processes.end()
        #expect(starts() == 1)
    }

    @Test func whatCannotBeStartedIsNamed() throws {
        let processes = WorkerProcesses(1, command: ["/nowhere/ads", "search-worker"])
        let error = #expect(throws: SearchError.self) { try processes.work() }
        #expect(error?.description.hasPrefix("cannot start a worker (/nowhere/ads): ") == true)
        processes.end()
    }
}
