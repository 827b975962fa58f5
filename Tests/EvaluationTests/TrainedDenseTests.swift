import DenseNetArchitecture
import DenseNetModel
import ImageData
import NetworkImport
import Runs
import TestSupport
import Testing
import Torch
import Training

@testable import Evaluation
@testable import Strategies

@Suite(.serialized, .oneThread) struct TrainedDenseTests {
    /// A dense network is taken where it is the search's, unchanged, and has not seen what the search validates on.
    @Test func whatADenseNetworkMustBe() throws {
        let folder = TemporaryFolder()
        let run = RunFolder(folder("dense"))
        var plan = try brightPlan(.inherit)
        let architecture = plan.space.architecture
        let trainer = Trainer(plan.training("dense", epochs: 1), try Network(architecture), brightData, folder: run)
        try trainer.start(resume: false)
        _ = try trainer.run(resume: false)
        plan.dense = run.path
        plan.denseDigest = try TrainedDense.digest(run)
        let good = plan
        func check(
            _ data: DataSet = brightData, _ change: (inout EvaluationPlan) throws -> Void = { _ in }
        ) throws -> TrainingConfiguration {
            var plan = good
            try change(&plan)
            let (network, origin) = try TrainedDense.check(plan, data, for: "this needs")
            #expect(network.network == (try Network(architecture)))
            guard case .trained(let trained) = origin else { throw SearchError("an import") }
            return trained
        }
        let trained = try check()
        #expect(trained.seed == 5 && trained.label == "dense")

        #expect(throws: SearchError("this needs a trained dense network; give its run with --dense")) {
            try check { $0.dense = nil }
        }
        let changed = SearchError("the weights of \(run.path) have changed since the search was started")
        #expect(throws: changed) { try check { $0.denseDigest = nil } }
        #expect(throws: changed) { try check { $0.denseDigest = String(repeating: "0", count: 64) } }
        #expect(throws: SearchError("\(run.path) holds another network than the dense one of this search")) {
            try check { $0.space = try brightPlan(.inherit, blocks: [3, 2]).space }
        }
        func seen(seed: UInt64) -> SearchError {
            SearchError(
                "\(run.path) was trained on images that are held out here (another seed, or --all-data); train it with --seed \(seed)"
            )
        }
        #expect(throws: seen(seed: 6)) { try check { $0.seed = 6 } }
        let swapped = DataSet(
            name: "bright", train: brightData.test, test: brightData.train, classNames: brightData.classNames)
        #expect(
            throws: SearchError(
                "\(run.path) was trained on other images (bright, SHA-256 \(brightData.digest.prefix(8))) than these (bright, SHA-256 \(swapped.digest.prefix(8))); train it on these, with --seed 5"
            )
        ) { try check(swapped) }
        var everything = trained
        everything.allData = true
        try run.write(everything, to: run.configuration)
        #expect(throws: seen(seed: 5)) { try check() }

        // What an import was trained on is not known: any seed will do, of the data set it is for.
        let given = try NetworkImport(contentsOf: run.weights, as: Network(architecture))
        var imported = ImportConfiguration(given, label: "given", file: "given.pth", digest: "0", seed: 1)
        try run.write(imported, to: run.configuration)
        #expect(throws: SearchError("\(run.path) was imported for no data set; import its file with --data bright")) {
            try check()
        }
        imported.data = DataIdentity(swapped, folder: nil)
        try run.write(imported, to: run.configuration)
        #expect(
            throws: SearchError(
                "\(run.path) was imported for another data set, bright; import its file with --data bright")
        ) {
            try check()
        }
        imported.data = DataIdentity(brightData, folder: nil)
        try run.write(imported, to: run.configuration)
        #expect(throws: SearchError("an import")) { try check { $0.seed = 6 } }
        #expect(try run.weightOrigin().images(of: brightData) == 0 && !run.weightOrigin().allData)
    }

    /// Its weights know images as it was trained on them, whatever the children's are normalised with.
    @Test func imagesAreNormalisedAsItWasTrained() throws {
        let folder = TemporaryFolder()
        let run = RunFolder(folder("dense"))
        var plan = try brightPlan(.inherit)
        let network = try Network(plan.space.architecture)
        var training = plan.training("dense", epochs: 1)
        training.normalization = Normalization(of: brightData.test, indices: [2])
        let trainer = Trainer(training, network, brightData, folder: run)
        try trainer.start(resume: false)
        _ = try trainer.run(resume: false)
        plan.dense = run.path
        plan.denseDigest = try TrainedDense.digest(run)
        plan.machine.kernels = .torch
        let context = EvaluationContext(plan, brightData, folder: RunFolder(folder("search")))
        let dense = try TrainedDense(of: context, for: "this needs")
        let (found, expected) = (dense.data.maker.normalization, try #require(training.normalization))
        #expect(zip(found.mean, expected.mean).allSatisfy { abs($0 - $1) < 1e-3 })
        #expect(zip(found.mean, context.children.maker.normalization.mean).contains { abs($0 - $1) > 0.1 })
        #expect(dense.network.kernels == .torch && dense.network.network == network)
        #expect(dense.data.train == context.children.train && dense.settings == plan.settings)
    }
}
