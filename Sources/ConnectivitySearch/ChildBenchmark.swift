import DenseNetArchitecture
import DenseNetModel
import Evaluation
import ImageData
import Randomness
import Runs
import Strategies
import Torch
import Training

/// The first children of a search with coin flips and the `masked` evaluator, evaluated one after the other to see how
/// long that takes.
///
/// Everything is the search's: its plan with its defaults, its strategy, its evaluator by name. The dense network alone
/// is not trained, as no time depends on what its weights are.
package struct ChildBenchmark {
    /// The search.
    package let configuration: SearchConfiguration
    /// Its first children.
    package let children: [Connectivity]
    /// What they are scored on.
    package let data: ChildData
    private let evaluators: [any Evaluator]

    /// What children took by one evaluator, and what they came to.
    package struct Times {
        /// Milliseconds of each child.
        package fileprivate(set) var milliseconds: [Double] = []
        /// Milliseconds of each part, of all children together.
        package fileprivate(set) var parts: [EvaluationPart: Double] = [:]
        /// What each child came to.
        package fileprivate(set) var evaluations: [ChildEvaluation] = []
        /// Milliseconds of a child, on average.
        package var mean: Double { milliseconds.reduce(0, +) / Double(max(1, milliseconds.count)) }
    }

    /// The children of a search over an architecture.
    /// - Parameters:
    ///   - count: how many children.
    ///   - macs: the most MACs a child may have, a share of the dense network's up to 1, else a number.
    ///   - kernels: what computes, one at least; children are evaluated by each.
    ///   - folder: where the dense network's run is put, as `dense`.
    /// - Throws: `SearchError` where the target is out of reach; `FileError` where the folder holds such a run already.
    package init(
        _ architecture: Architecture, _ set: DataSet, children count: Int, macs: Double, seed: UInt64,
        kernels: [KernelChoice], device: Device, in folder: RunFolder
    ) throws {
        let machine = Machine.current(device: device, kernels: kernels[0])
        var plan = SearchPlan(architecture, set, seed: seed, machine: machine)
        plan.strategy = RandomStrategy.name
        plan.evaluator = EvaluatorSettings(.masked)
        plan.children = count
        plan.target = (measure: .macs, value: macs)
        plan.childThreads = Runtime.threads
        // Refused before anything is written.
        _ = try CostTarget(.macs, macs, in: plan.space)
        plan.dense = try Self.dense(architecture, set, seed: seed, machine, in: folder)
        let configuration = try plan.configuration()
        let contexts = kernels.map { choice in
            var plan = configuration.evaluation
            plan.machine.kernels = choice
            return EvaluationContext(plan, set, folder: folder)
        }
        evaluators = try contexts.map { try Evaluators.named(configuration.evaluator.kind).init($0) }
        data = contexts[0].children
        children = try Strategies.named(configuration.strategy).init(configuration.context(dense: nil)).propose(count)
        self.configuration = configuration
    }

    /// A dense network's run without a training: fresh weights.
    private static func dense(
        _ architecture: Architecture, _ set: DataSet, seed: UInt64, _ machine: Machine, in folder: RunFolder
    ) throws -> RunFolder {
        let run = RunFolder(folder.path + "/dense")
        let network = try Network(architecture)
        let identity = DataIdentity(set, folder: nil)
        try Trainer(
            TrainingConfiguration(label: "dense", data: identity, recipe: .oneCycle, seed: seed, machine: machine),
            network, set, folder: run
        ).start(resume: false)
        let generator = try Generator(seed: SeededGenerator(seed: seed, stream: 2).state)
        let net = try DenseNet(network, generator: generator, initialization: Recipe.oneCycle.initialization)
        // Channels of many scales and large logits: children come to losses far apart, and so does a peer that takes
        // one channel for another.
        try withoutGrad {
            for (name, tensor) in net.tensors {
                if name == "classifier.weight" { try tensor.fillUniform(-3, 3, generator) }
                guard name.contains("norm") else { continue }
                if name.hasSuffix(".weight") { try tensor.fillUniform(0.5, 1.5, generator) }
                if name.hasSuffix(".bias") { try tensor.fillNormal(deviation: 0.2, generator) }
            }
        }
        try run.writeWeights(of: net)
        return run
    }

    /// The children's MACs on average, as a share of the dense network's.
    /// - Throws: `ArchitectureError`.
    package func macsShare() throws -> Double {
        let networks = try children.map { try Network(configuration.architecture, $0) }
        let whole = try Network(configuration.architecture).cost.macs
        return Double(networks.reduce(0) { $0 + $1.cost.macs }) / Double(whole * max(1, networks.count))
    }

    /// Evaluates every child once by each of the kernels, in turn, so that a machine that slows down slows all.
    /// - Parameter progress: told each child's number, from 1, before it is evaluated.
    /// - Throws: `Interrupted`; what the evaluator throws.
    package func measure(_ progress: (Int) -> Void = { _ in }) throws -> [Times] {
        // Not counted: threads start, and memory is asked for.
        for evaluator in evaluators { _ = try evaluate(children[0], by: evaluator) }
        var times = evaluators.map { _ in Times() }
        for (number, child) in children.enumerated() {
            progress(number + 1)
            for (index, evaluator) in evaluators.enumerated() {
                let (evaluation, whole, parts) = try PartTimes.of { try evaluate(child, by: evaluator) }
                times[index].milliseconds.append(whole.seconds * 1e3)
                times[index].evaluations.append(evaluation)
                for (part, taken) in parts { times[index].parts[part, default: 0] += taken.seconds * 1e3 }
            }
        }
        return times
    }

    /// As a search's worker evaluates a child first.
    private func evaluate(_ child: Connectivity, by evaluator: any Evaluator) throws -> ChildEvaluation {
        try evaluator.evaluate(child, seed: configuration.seed, length: configuration.evaluator.lengths[0])
    }
}
