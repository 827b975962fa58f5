import DenseNetModel
import Foundation
import Runs
import TestSupport
import Testing
import Torch

@testable import Training

/// Trainings that go on: what they tell of themselves, and what they keep.
extension TrainerTests {
    private func history(_ path: String) throws -> [EpochMetrics] {
        try String(contentsOfFile: path + "/metrics.jsonl", encoding: .utf8).split(separator: "\n").map {
            try RunFolder.decoder.decode(EpochMetrics.self, from: Data($0.utf8))
        }
    }

    /// Stopped while an epoch is validated all of whose steps are done: what is noted of it is what it would have been.
    @Test func resumesWhileValidating() throws {
        let folder = TemporaryFolder()
        let whole = try trainer(folder("whole"), epochs: 2)
        try whole.start(resume: false)
        _ = try whole.run(resume: false)
        var cut = try trainer(folder("cut"), epochs: 2)
        (cut.checkpointSeconds, cut.stopAfter) = (0, 9)
        let checkpoints = cut.folder.checkpoints
        // The last step's checkpoint is the one before that of the epoch.
        cut.observer = { event in
            guard case .epoch = event else { return }
            try? FileManager.default.copyItem(
                atPath: checkpoints + "/previous.safetensors", toPath: folder("last-step"))
        }
        try cut.start(resume: false)
        #expect(throws: Interrupted.self) { try cut.run(resume: false) }
        try FileManager.default.removeItem(atPath: checkpoints)
        try FileManager.default.createDirectory(atPath: checkpoints, withIntermediateDirectories: false)
        try FileManager.default.moveItem(atPath: folder("last-step"), toPath: checkpoints + "/last.safetensors")
        (cut.stopAfter, cut.observer) = (nil, { _ in })
        _ = try cut.run(resume: true)
        let (expected, found) = (try history(folder("whole")), try history(folder("cut")))
        #expect(found.map(\.learningRate) == expected.map(\.learningRate) && found.count == 2)
        #expect(found.map(\.validationLoss) == expected.map(\.validationLoss))
        #expect(found.map(\.trainLoss) == expected.map(\.trainLoss))
    }

    /// Whoever goes on on another processor is told that it does not come to the same bits.
    @Test func anotherMachinesTrainingIsSaid() throws {
        let folder = TemporaryFolder()
        var first = try trainer(folder("run"), epochs: 1)
        first.stopAfter = 4
        try first.start(resume: false)
        #expect(throws: Interrupted.self) { try first.run(resume: false) }
        var configuration = first.configuration
        configuration.machine.instructionSet = "abacus"
        var second = Trainer(configuration, try network(), tinyData, folder: first.folder)
        second.stopAfter = 5
        var notes: [String] = []
        second.observer = { if case .note(let text) = $0 { notes.append(text) } }
        #expect(throws: Interrupted.self) { try second.run(resume: true) }
        let here = Machine.current(device: .cpu, kernels: .automatic).instructionSet
        #expect(
            notes == [
                "\(folder("run")) was begun with another instruction set (abacus, here \(here)): it goes on, to other bits than there"
            ])
        first.stopAfter = nil
        first.observer = { if case .note(let text) = $0 { Issue.record("\(text)") } }
        #expect(try first.run(resume: true).epochs == 1)
    }

    /// Once the checkpoint before the last had to be used, the next one must not put the damaged one in its place.
    @Test func whatIsDamagedIsNotKept() throws {
        let folder = TemporaryFolder()
        var trainer = try trainer(folder("run"), epochs: 1)
        (trainer.checkpointSeconds, trainer.stopAfter) = (0, 4)
        try trainer.start(resume: false)
        #expect(throws: Interrupted.self) { try trainer.run(resume: false) }
        let (last, previous) = (
            trainer.folder.checkpoints + "/last.safetensors", trainer.folder.checkpoints + "/previous.safetensors"
        )
        try Data("damaged".utf8).write(to: URL(fileURLWithPath: last))
        let whole = try Data(contentsOf: URL(fileURLWithPath: previous))
        let net = try DenseNet(network(), generator: Generator(seed: 1))
        let checkpoint = Checkpoint(folder: trainer.folder)
        let optimizer = try SGD(net, trainer.configuration.recipe)
        let state = try #require(try checkpoint.load(into: net, optimizer, epochs: 1, steps: 9) { _ in })
        #expect(!FileManager.default.fileExists(atPath: last))
        try checkpoint.save(state, net, optimizer)
        #expect(try Data(contentsOf: URL(fileURLWithPath: previous)) == whole)
        _ = try Data(contentsOf: URL(fileURLWithPath: last))
    }
}
