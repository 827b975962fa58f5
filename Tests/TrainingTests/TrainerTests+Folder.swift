import Files
import Foundation
import Runs
import TestSupport
import Testing

@testable import Training

/// What a training does with its folder: one process at a time, and what is finished stays.
extension TrainerTests {
    @Test func oneProcessTrainsAtATime() throws {
        let folder = TemporaryFolder()
        let run = RunFolder(folder("run"))
        let sentence =
            "\(run.path) is being trained by another process; wait until that ends, or choose another folder with --out"
        let trainer = try trainer(run.path, epochs: 1)
        _ = try run.whileNobodyElseTrains {
            #expect(throws: FileError(sentence)) { try trainer.start(resume: false) }
            #expect(!run.exists && run.isBeingTrained)
        }
        #expect(!run.isBeingTrained)
        // Left behind by a process that was killed, a lock is nobody's.
        try Data().write(to: URL(fileURLWithPath: run.checkpoints + "/lock"))
        #expect(!run.isBeingTrained)
        try trainer.start(resume: false)
        _ = try run.whileNobodyElseTrains {
            #expect(throws: FileError(sentence)) { try trainer.run(resume: true) }
        }
        #expect(try trainer.run(resume: true).epochs == 1)
        // Whoever comes later is told what is there.
        try run.whileNobodyElseTrains {}
        #expect(throws: FileError.self) { try trainer.start(resume: false) }
        #expect(!FileManager.default.fileExists(atPath: run.checkpoints + "/lock"))
    }

    /// Without its checkpoints, removed to save room say, a finished training is finished still.
    @Test func whatIsFinishedStays() throws {
        let folder = TemporaryFolder()
        var trainer = try trainer(folder("run"), epochs: 2)
        try trainer.start(resume: false)
        let result = try trainer.run(resume: false)
        try FileManager.default.removeItem(atPath: trainer.folder.checkpoints)
        let weights = try Data(contentsOf: URL(fileURLWithPath: trainer.folder.weights))
        trainer.observer = { _ in Issue.record("nothing is left to be done") }
        #expect(try trainer.run(resume: true) == result)
        #expect(try Data(contentsOf: URL(fileURLWithPath: trainer.folder.weights)) == weights)
        #expect(!FileManager.default.fileExists(atPath: trainer.folder.checkpoints))
        try FileManager.default.removeItem(atPath: trainer.folder.weights)
        let gone =
            "\(trainer.folder.path) is finished, but its weights are gone: there is no \(trainer.folder.weights); take it from a copy, or train it again in another folder"
        #expect(throws: TrainingError(gone)) { try trainer.run(resume: true) }
    }

    /// One that is not finished is trained anew, says so, and comes to the same.
    @Test func withoutCheckpointsItStartsAnew() throws {
        let folder = TemporaryFolder()
        let whole = try trainer(folder("whole"), epochs: 3)
        try whole.start(resume: false)
        let result = try whole.run(resume: false)
        var cut = try trainer(folder("cut"), epochs: 3)
        cut.stopAfter = 15
        try cut.start(resume: false)
        #expect(throws: Interrupted.self) { try cut.run(resume: false) }
        try FileManager.default.removeItem(atPath: cut.folder.checkpoints)
        cut.stopAfter = nil
        var notes: [String] = []
        cut.observer = { if case .note(let text) = $0 { notes.append(text) } }
        #expect(try cut.run(resume: true).accuracy == result.accuracy)
        #expect(
            notes == ["there is no checkpoint in \(folder("cut"))/checkpoints any more; it is trained from its start"])
        #expect(
            try Data(contentsOf: URL(fileURLWithPath: cut.folder.weights))
                == Data(contentsOf: URL(fileURLWithPath: whole.folder.weights)))
    }

    /// Weights that became no numbers in the last step are no result, whether anything is held out or not.
    @Test(arguments: [false, true])
    func aDivergedTrainingHasNoResult(allData: Bool) throws {
        let folder = TemporaryFolder()
        // A single step, whose loss is that of fresh weights.
        var c = try trainer(folder("run"), epochs: 1, rate: 1e30).configuration
        c.allData = allData
        c.limitTrain = 20
        c.recipe.schedule = .constant
        let trainer = Trainer(c, try network(), tinyData, folder: RunFolder(folder("run")))
        try trainer.start(resume: false)
        #expect(
            throws: TrainingError(
                "the weights came to no numbers in epoch 1. Start a new run with a lower --learning-rate")
        ) { try trainer.run(resume: false) }
        #expect(!FileManager.default.fileExists(atPath: trainer.folder.result))
        #expect(!FileManager.default.fileExists(atPath: trainer.folder.weights))
    }
}
