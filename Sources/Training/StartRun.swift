import DenseNetArchitecture
import Files
import Foundation
import ImageData
import Runs
import Torch

extension Trainer {
    /// Makes the run's folder, or checks that the run there is this one.
    /// - Throws: `TrainingError` when the folder holds another run, or any and `resume` is not asked for.
    public func start(resume: Bool) throws {
        try validate()
        if resume, folder.exists {
            let stored = try folder.read(TrainingConfiguration.self, from: folder.configuration)
            if let difference = configuration.difference(from: stored) {
                throw TrainingError(
                    "\(folder.path) holds another run: \(difference); continue it with '\(stored.resuming(folder))'")
            }
            guard try folder.network() == network else {
                throw TrainingError("\(folder.path) holds a run of another network; choose another folder with --out")
            }
            return
        }
        try folder.create()
        try folder.whileNobodyElseTrains {
            // Another process may have come first.
            try folder.create()
            try folder.write(network, to: folder.architecture)
            // Last: a folder counts as a run once its configuration is there.
            try folder.write(configuration, to: folder.configuration)
        }
    }

    /// Whether there is something to continue from.
    public var hasCheckpoint: Bool { Checkpoint(folder: folder).exists }

    /// Whether it has ended, so that nothing is left to be done.
    public var isFinished: Bool { FileManager.default.fileExists(atPath: folder.result) }

    /// The training a folder holds, with its own settings.
    /// - Throws: `FileError`, `DataError`, `TrainingError` when the data are no longer the same.
    /// - Parameter dataFolder: where the data lie now, where not as before.
    public init(continuing folder: RunFolder, dataFolder: String? = nil) throws {
        let configuration = try folder.read(TrainingConfiguration.self, from: folder.configuration)
        let data = try configuration.data.load(from: dataFolder)
        guard data.digest == configuration.data.digest else {
            throw TrainingError(
                "the data of \(configuration.data.name) have changed since \(folder.path) was started; a resumed run would mean nothing"
            )
        }
        try Runtime.setThreads(configuration.machine.threads)
        self.init(configuration, try folder.network(), data, folder: folder)
    }
}

extension TrainingConfiguration {
    /// The command that goes on with the training in a folder; weights that children share are their search's.
    public func resuming(_ folder: RunFolder) -> String {
        sampling == nil
            ? "ads train --resume --out \(ShellText.word(folder.path))"
            : "ads search --resume --out \(ShellText.word(folder.parent))"
    }
}
