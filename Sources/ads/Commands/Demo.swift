import ConnectivitySearch
import DenseNetArchitecture
import Evaluation
import Foundation
import ImageData
import Reporting
import Runs
import Strategies
import Training

/// The runs of `ads demo`, each of which goes on where it was.
struct Demo {
    let data: DataSet
    let architecture: Architecture
    /// The folder for all of them.
    let out: String
    let children: Int
    let epochs: Int
    let seed: UInt64
    let machine: Machine
    /// As typed.
    let threads: Int?
    let console: Console

    /// The share of the dense network's MACs that a part may have.
    static let target = 0.45
    /// Training images, so that it takes minutes.
    private static let images = 4096
    /// Held-out images that a child is scored on: all.
    static let scoreImages = 600

    /// What a search ended with.
    struct Found {
        let network: Network
        /// As it is, on the images that children are scored on.
        let accuracy: Double
        /// Accuracies of the children that were evaluated, in order.
        let accuracies: [Double]

        /// Means of the first and of the last children: whether anything was learned.
        var story: String {
            let count = min(20, accuracies.count)
            func mean(_ part: ArraySlice<Double>) -> String { percent(part.reduce(0, +) / Double(max(1, count))) }
            return
                "first \(count): \(mean(accuracies.prefix(count))), last \(count): \(mean(accuracies.suffix(count)))"
        }
    }

    private var dense: RunFolder { RunFolder(out + "/dense") }

    /// Refuses a folder with a demo of another number of children, or of a build that searched otherwise, before
    /// anything in it changes: what was found, and trained since, would be another network.
    /// - Throws: `UsageError`; `FileError`.
    func check() throws {
        guard !RunFolder(out).exists else {
            throw UsageError("\(out) is a run's folder; choose another with --out")
        }
        for strategy in ["ads", "random"] {
            let search = searchFolder(strategy)
            guard search.exists else { continue }
            let there = try search.read(SearchConfiguration.self, from: search.configuration)
            if there.space.keepsPredecessor || there.evaluator.reward ?? .accuracy != .accuracy {
                throw UsageError("\(out) holds a demo of an older build; choose another folder with --out")
            }
            if there.children != children {
                throw UsageError(
                    "--children is \(there.children) in \(out) and cannot change; choose another folder with --out")
            }
        }
    }

    private func searchFolder(_ strategy: String) -> RunFolder { RunFolder("\(out)/search-\(strategy)") }

    /// The dense network, tested.
    func trainDense() throws -> TrainingResult {
        try train("dense", Network(architecture), epochs: epochs, rate: 0.05) { _ in }
    }

    /// A network of its parts, tuned with the weights that remain, and tested.
    func tune(_ label: String, _ network: Network) throws -> TrainingResult {
        let digest = try TrainedDense.digest(dense)
        let trained = try dense.read(TrainingConfiguration.self, from: dense.configuration)
        return try train(label, network, epochs: 1, rate: 0.0125) {
            ($0.initialWeights, $0.initialDigest, $0.inherits) = (dense.absolutePath, digest, true)
            $0.normalization = trained.normalization
        }
    }

    private func train(
        _ label: String, _ network: Network, epochs: Int, rate: Double,
        _ change: (inout TrainingConfiguration) -> Void
    ) throws -> TrainingResult {
        var recipe = Recipe.oneCycle
        (recipe.epochs, recipe.batchSize, recipe.learningRate) = (epochs, 32, rate)
        var configuration = TrainingConfiguration(
            label: label, data: DataIdentity(data, folder: nil), recipe: recipe, seed: seed, limitTrain: Self.images,
            testAtEnd: true, machine: machine)
        change(&configuration)
        var trainer = Trainer(configuration, network, data, folder: RunFolder("\(out)/\(label)"))
        trainer.observer = { console.show($0, prefix: "      ") }
        let initial = try initialWeights(trainer)
        try trainer.start(resume: true)
        return try trainer.run(resume: true, initial: initial)
    }

    /// Parts of the dense network at the target, by a strategy.
    func search(_ strategy: String) throws -> Found {
        var plan = SearchPlan(architecture, data, seed: seed, machine: machine)
        plan.strategy = strategy
        plan.evaluator = EvaluatorSettings(.masked)
        plan.evaluator.scoreImages = Self.scoreImages
        (plan.children, plan.top, plan.searchesBlockEnds) = (children, 0, true)
        plan.target = (.macs, Self.target)
        plan.dense = dense
        let configuration = try plan.configuration()
        let folder = searchFolder(strategy)
        var run = SearchRun(configuration, data, folder: folder)
        run.observer = SearchConsole(console).show
        run.workers = WorkerOptions.fitting(configuration, threads: threads)
        run.workerCommand = WorkerOptions.command(folder, workers: run.workers)
        let result = try run.run(resume: true)
        let known = try StudyHistory(folder.openStudy()).children
        return Found(
            network: try folder.network(), accuracy: result.accuracy,
            accuracies: known.filter { $0.repeatOf == nil }.compactMap(\.accuracy))
    }
}
