import DenseNetArchitecture
import Evaluation
import Strategies
import Training

/// Everything needed to repeat a search: `config.json` of its run, and in its study.
public struct SearchConfiguration: Codable, Sendable, Hashable {
    /// The kind of run.
    public var kind = "search"
    /// The strategy's name.
    public var strategy: String
    /// The architecture that is pruned.
    public var architecture: Architecture
    /// The data.
    public var data: DataIdentity
    /// Decides proposals, weights, order and the validation split.
    public var seed: UInt64
    /// Children to pay for; repeats are free.
    public var children: Int
    /// Training images after which no more children are proposed, with all that was seen before the first; no limit
    /// without it.
    public var imageBudget: Int?
    /// Training images that were seen before the first child: by the trained dense network or by the shared weights;
    /// absent in searches of older versions, which did not count them.
    public var imagesBefore: Int?
    /// How a child becomes an accuracy.
    public var evaluator: EvaluatorSettings
    /// So many images children are trained on, drawn by the seed; all without it.
    public var limitTrain: Int?
    /// So many images children are validated on, drawn by the seed; all without it.
    public var limitValidation: Int?
    /// The limit every child keeps.
    public var target: CostTarget?
    /// The most MACs of bands of equal cost, ascending, that children are drawn from in turn; for calibrations alone.
    public var bands: [Int]?
    /// Taken from the reward per share of the dense network's cost.
    public var price: Price?
    /// Whether each layer keeps its predecessor; without it as `SearchSpace` has it.
    public var keepsPredecessor: Bool?
    /// Whether the blocks' ends are pruned, too; absent in searches of older versions, which did not.
    public var searchesBlockEnds: Bool?
    /// The agent's numbers.
    public var agent = AgentSettings()
    /// Updates that are proposed before an update is learned from, so that workers do not wait for its last child; none
    /// where it is absent.
    public var lag: Int?
    /// How children are drawn. Absent in searches of older versions, which drew them in another way: they can be looked
    /// at, not continued.
    public var sampler: Sampler? = .sequential
    /// The best so many children are evaluated again (0 for none), ...
    public var top = 3
    /// ... with this many fresh seeds, ...
    public var reevaluationSeeds = 2
    /// ... this many times longer.
    public var reevaluationLength = 2.0
    /// The run of the trained dense network, for inherited weights.
    public var dense: String?
    /// The digest of the dense network's weights.
    public var denseDigest: String?
    /// The search whose shared weights are used; its own without it.
    public var shared: String?
    /// The digest of the shared weights, once they are trained.
    public var sharedDigest: String?
    /// Threads that compute a child, however many workers there are; absent in searches of older versions, which used
    /// all.
    public var childThreads: Int?
    /// Times a child may be lost with its worker before the search stops and says so; 5 without it.
    public var maxLost: Int?
    /// Seconds a worker or the search may be silent before others take what it had; 30 without it.
    public var leaseSeconds: Double?
    /// Whether machines that compute other bits than this one may evaluate its children, too.
    public var mixed: Bool?
    /// Whether the search has ended, in studies that workers of other machines look at; absent where it goes on, and in
    /// the run's own file.
    public var isFinished: Bool?
    /// What the search ended with, there likewise.
    public var found: Found?
    /// The machine's part.
    public var machine: Machine

    /// How a search ended.
    public struct Found: Codable, Sendable, Hashable {
        /// The number of its best child.
        public var child: Int
        /// Whether its strategy only repeated itself.
        public var exhausted: Bool
    }

    /// How children are drawn.
    public enum Sampler: String, Codable, Sendable {
        /// Decision by decision, each child with an exact probability (`SequentialSampling`).
        case sequential
    }

    /// A configuration with defaults for the rest.
    public init(
        strategy: String, architecture: Architecture, data: DataIdentity, seed: UInt64, children: Int,
        evaluator: EvaluatorSettings, machine: Machine
    ) {
        self.strategy = strategy
        self.architecture = architecture
        self.data = data
        self.seed = seed
        self.children = children
        self.evaluator = evaluator
        self.machine = machine
    }

    /// What is searched.
    public var space: SearchSpace {
        SearchSpace(architecture, searchesBlockEnds: searchesBlockEnds ?? false, keepsPredecessor: keepsPredecessor)
    }

    /// What reports call the network it found: the agent's is "found", any other strategy's has its name.
    public var foundLabel: String { strategy == AdsStrategy.name ? "found" : strategy }

    /// Seconds a worker or the search may be silent.
    public var lease: Double { leaseSeconds ?? 30 }

    /// Threads that compute a child.
    public var threads: Int { childThreads ?? machine.threads }

    /// What decides the evaluations of its children.
    public var evaluation: EvaluationPlan {
        var plan = EvaluationPlan(space, data, seed: seed, evaluator, threads: threads, machine: machine)
        (plan.limitTrain, plan.limitValidation) = (limitTrain, limitValidation)
        (plan.dense, plan.denseDigest, plan.shared, plan.sharedDigest) = (dense, denseDigest, shared, sharedDigest)
        return plan
    }

    /// The most children that can be evaluated side by side.
    public var childrenAtOnce: Int {
        // Numbers of a file may not be checked yet.
        let (count, isTooMany) = agent.childrenPerUpdate.multipliedReportingOverflow(
            by: 1 + min(1000, max(0, lag ?? 0)))
        return isTooMany ? .max : count
    }

    /// When it ends, in words: "40 children".
    public var budget: String {
        let most = children < .max ? "\(children) children" : nil
        return [most, imageBudget.map { "\($0) training images" }].compactMap { $0 }.joined(separator: " or ")
    }

    /// How far it is, in words: "12 of 40 children".
    public func progress(_ paid: Int) -> String {
        children < .max ? "\(paid) of \(budget)" : "\(paid) children of \(budget)"
    }

    /// What a strategy for this search is made of.
    func context(dense: TrainedDense?, note: @escaping (String) -> Void = { _ in }) -> StrategyContext {
        var context = StrategyContext(space, target: target, seed: seed)
        (context.settings, context.children, context.dense, context.note) = (agent, children, dense?.pruned, note)
        (context.bands, context.lag) = (bands, lag ?? 0)
        return context
    }
}
