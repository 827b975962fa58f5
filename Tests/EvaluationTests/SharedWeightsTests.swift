import DenseNetArchitecture
import DenseNetModel
import Foundation
import Runs
import TestSupport
import Testing
import Torch

@testable import Evaluation
@testable import Strategies
@testable import Training

@Suite(.serialized, .oneThread) struct SharedWeightsTests {
    /// Trains the shared weights of a search in a folder; how many steps that took.
    @discardableResult
    private func train(_ plan: EvaluationPlan, in folder: String) throws -> Int {
        var steps = 0
        try SharedWeights(plan, RunFolder(folder), brightData).train { event in
            if case .step = event { steps += 1 }
        }
        return steps
    }

    @Test func trainedOnceAndGoneOnWith() throws {
        let folder = TemporaryFolder()
        let plan = try brightPlan(.shared)
        let whole = SharedWeights(plan, RunFolder(folder("whole")), brightData)
        #expect(whole.folder.path == folder("whole") + "/shared")
        #expect(try train(plan, in: folder("whole")) == 12)
        let written = try Data(contentsOf: URL(fileURLWithPath: whole.folder.weights))
        #expect(try train(plan, in: folder("whole")) == 0)
        #expect(try Data(contentsOf: URL(fileURLWithPath: whole.folder.weights)) == written)

        // Stopped after five steps, as by Ctrl-C.
        let stopped = SharedWeights(plan, RunFolder(folder("stopped")), brightData)
        let space = plan.space
        var trainer = Trainer(stopped.training, try Network(space.architecture), brightData, folder: stopped.folder)
        // Not without what draws the parts: that would train the whole network into weights which parts share.
        let sentence =
            "\(folder("stopped"))/shared holds weights that a search's children share, of which each step trains a part; the search goes on with them: ads search --resume --out \(folder("stopped"))"
        #expect(throws: TrainingError(sentence)) { try trainer.run(resume: false) }
        #expect(!FileManager.default.fileExists(atPath: folder("stopped")))
        trainer.sampler = { SharedWeights.sample(space, seed: 5, step: $0) }
        trainer.stopAfter = 5
        try trainer.start(resume: false)
        #expect(throws: Interrupted.self) { try trainer.run(resume: false) }
        #expect(try train(plan, in: folder("stopped")) == 7)
        for (mine, other) in zip(try stopped.load().tensors, try whole.load().tensors) {
            let error = relativeError(try mine.tensor.doubles(), try other.tensor.doubles())
            #expect(error < 1e-4, "\(mine.name)")
        }
    }

    @Test func whatAStepTrains() throws {
        let plan = try brightPlan(.shared)
        let weights = SharedWeights(plan, RunFolder("/nowhere"), brightData)
        #expect(weights.training.sampling == "connectivities by a keep rate drawn for each step")
        #expect(weights.training.recipe.epochs == 2 && weights.training.label == "shared")
        let ends = SharedWeights(try brightPlan(.shared, ends: true), RunFolder("/nowhere"), brightData)
        #expect(
            ends.training.sampling
                == "connectivities by a keep rate drawn for each step, blocks' ends and whole layers included")
        var older = plan
        older.settings.sharedEpochs = nil
        #expect(SharedWeights(older, RunFolder("/nowhere"), brightData).training.recipe.epochs == 8)
    }

    /// Another search's weights are taken where they are what this one would train, and only there.
    @Test func anotherSearchsWeights() throws {
        let folder = TemporaryFolder()
        let (there, here) = (folder("there"), folder("here"))
        try train(try brightPlan(.shared), in: there)
        func check(_ change: (inout EvaluationPlan) throws -> Void) throws {
            var plan = try brightPlan(.shared)
            plan.shared = there
            try change(&plan)
            try SharedWeights(plan, RunFolder(here), brightData).check()
        }
        try check { _ in }
        // Nothing is trained for them, and a search with its own has nothing to check.
        var plan = try brightPlan(.shared)
        plan.shared = there
        #expect(try train(plan, in: here) == 0)
        #expect(!FileManager.default.fileExists(atPath: here))
        try check { $0.shared = nil }

        #expect(throws: SearchError("\(here) holds no search with trained shared weights")) {
            try check { $0.shared = here }
        }
        let another = "the shared weights of \(there) are"
        #expect(throws: SearchError("\(another) not those of this search: the seed is 5 there and 6 here")) {
            try check { $0.seed = 6 }
        }
        #expect(throws: SearchError("\(another) not those of this search: the number of epochs is 2 there and 3 here"))
        {
            try check { $0.settings.sharedEpochs = 3 }
        }
        #expect(throws: SearchError("\(another) those of another network")) {
            try check { $0.space = try brightPlan(.shared, blocks: [3, 2]).space }
        }
    }

    @Test func weightsThatChangedAreRefused() throws {
        let folder = TemporaryFolder()
        var plan = try brightPlan(.shared)
        try train(plan, in: folder("s"))
        let run = SharedWeights(plan, RunFolder(folder("s")), brightData).folder
        let digest = try TrainedDense.digest(run)
        #expect(digest.count == 64 && digest.allSatisfy(\.isHexDigit))
        plan.sharedDigest = digest
        plan.machine.kernels = .torch
        let net = try SharedWeights(plan, RunFolder(folder("s")), brightData).load()
        #expect(net.network == (try Network(plan.space.architecture)) && net.kernels == .torch)
        plan.sharedDigest = String(repeating: "0", count: 64)
        let changed = SharedWeights(plan, RunFolder(folder("s")), brightData)
        #expect(throws: SearchError("the weights of \(run.path) have changed since the search was started")) {
            _ = try changed.load()
        }
    }
}
