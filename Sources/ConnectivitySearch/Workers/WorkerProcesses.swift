import Foundation
import Runs
import Strategies
import Studies
import Training

/// Processes that evaluate a study's trials, started again when they vanish.
///
/// Each reads from a pipe that nobody writes to: its end tells the process that the search ended, however that
/// happened.
public final class WorkerProcesses: Workforce {
    public let count: Int
    /// Seconds that processes have to end by themselves once the search has ended.
    private let patience: Double
    private let command: [String]
    private var running: [Running] = []
    /// Processes in a row that ended by themselves with an error.
    private var failures = 0

    private struct Running {
        let process: Process
        let pipe: Pipe
    }

    /// `count` processes of a command, which calls `WorkerProcesses.serve`.
    /// - Parameter patience: seconds they have to end by themselves once the search has ended.
    public init(_ count: Int, command: [String], patience: Double = 60) {
        self.count = count
        self.patience = patience
        self.command = command
    }

    public func work() throws {
        for worker in running where !worker.process.isRunning {
            // A signal is somebody else's doing; an error would come again.
            let failed = worker.process.terminationReason == .exit && worker.process.terminationStatus != 0
            failures = failed ? failures + 1 : 0
        }
        running.removeAll { !$0.process.isRunning }
        guard failures < 3 else {
            throw SearchError("the workers end with errors, as said above; the finished trials are kept")
        }
        while running.count < count { try start() }
        Thread.sleep(forTimeInterval: 0.02)
    }

    private func start() throws {
        let (process, pipe) = (Process(), Pipe())
        // Only this process may hold the writing end open.
        _ = fcntl(pipe.fileHandleForWriting.fileDescriptor, F_SETFD, FD_CLOEXEC)
        process.executableURL = URL(fileURLWithPath: command[0])
        process.arguments = Array(command.dropFirst())
        process.standardInput = pipe.fileHandleForReading
        do {
            try process.run()
        } catch {
            throw SearchError("cannot start a worker (\(command[0])): \(error.localizedDescription)")
        }
        try? pipe.fileHandleForReading.close()
        running.append(Running(process: process, pipe: pipe))
    }

    public func end() {
        for worker in running { try? worker.pipe.fileHandleForWriting.close() }
        let deadline = Date(timeIntervalSinceNow: patience)
        for worker in running {
            while worker.process.isRunning && Date() < deadline { Thread.sleep(forTimeInterval: 0.02) }
            // One that is stopped or stuck has lost its trial, and must not keep the search from its result.
            if worker.process.isRunning { kill(worker.process.processIdentifier, SIGKILL) }
            worker.process.waitUntilExit()
        }
        running = []
    }

    /// What a worker's process does: evaluates trials until the search that started it ends.
    ///
    /// Once its machine failed it ends, without an error: the study knows of the failure, and the next process begins
    /// anew, which a device that is in a bad state needs.
    /// - Throws: `FileError`; an interruption is the regular end.
    public static func serve(_ worker: Worker) throws {
        Thread {
            var byte: UInt8 = 0
            while true {
                let count = read(STDIN_FILENO, &byte, 1)
                if count == 0 || (count < 0 && errno != EINTR) { break }
            }
            Interruption.request()
        }.start()
        // A file of this machine is looked at without any cost.
        var idle =
            worker.storage is any FileSharing
            ? IdleWait(isTold: true) : IdleWait(isTold: false, shortest: 0.02, longest: 0.02)
        do {
            while !Interruption.requested {
                switch try worker.workOnce() {
                case .nothingWaits: idle.wait(for: worker.storage)
                case .evaluated: idle.found()
                case .machineFailed: return
                }
            }
        } catch is Interrupted {}
    }
}
