import DenseNetArchitecture
import Evaluation
import ImageData
import Runs
import Strategies
import Training

/// What a search is asked for, and the one place that makes a configuration of it: commands, the demo, calibrations and
/// programs that use this library fill in what they want otherwise, and `configuration()` adds what follows, or says
/// why there is no such search.
public struct SearchPlan {
    /// The architecture that is pruned.
    public var architecture: Architecture
    /// The data.
    public var data: DataSet
    /// Where the data lie, for those that are read from a folder.
    public var dataFolder: String?
    /// Decides proposals, weights, order and the validation split.
    public var seed: UInt64
    /// The machine's part.
    public var machine: Machine
    /// The strategy's name.
    public var strategy = AdsStrategy.name
    /// How a child becomes an accuracy.
    public var evaluator = EvaluatorSettings(.scratch)
    /// Children to pay for; 40 without it, or with a budget of images as many as those pay for.
    public var children: Int?
    /// Training images after which no more children are proposed.
    public var images: Int?
    /// So many images children are trained on, drawn by the seed; all without it.
    public var limitTrain: Int?
    /// So many images children are validated on, drawn by the seed; all without it.
    public var limitValidation: Int?
    /// The most a child may cost, as a user writes it (`CostTarget.init(_:_:in:table:)`).
    public var target: (measure: CostMeasure, value: Double)?
    /// Gives what latencies are computed from; for a target of latency. It may measure: it is called last, when nothing
    /// else is refused any more.
    public var latencyTable: (() throws -> LatencyTable)?
    /// A price on cost; the strategy's own without it.
    public var price: Price?
    /// Whether the blocks' ends are pruned, too.
    public var searchesBlockEnds = false
    /// The run of the trained dense network, for inherited weights and for strategies that prune it.
    public var dense: RunFolder?
    /// The search whose shared weights are used; its own without it.
    public var shared: RunFolder?
    /// The agent's numbers.
    public var agent = AgentSettings()
    /// Updates that are proposed before an update is learned from.
    public var lag = 0
    /// The best so many children are evaluated again; 0 for none.
    public var top = 3
    /// The fresh seeds each of the best is evaluated again with.
    public var reevaluationSeeds = 2
    /// Threads that compute a child.
    public var childThreads = 1
    /// Times a child may be lost with its worker before the search stops.
    public var maxLost = 5
    /// Seconds a worker or the search may be silent; 30 without it.
    public var lease: Double?
    /// Whether machines that compute other bits may evaluate children, too.
    public var mixed = false

    /// A search with the defaults: 40 children of the agent, trained from scratch, no target.
    public init(
        _ architecture: Architecture, _ data: DataSet, dataFolder: String? = nil, seed: UInt64 = 0, machine: Machine
    ) {
        (self.architecture, self.data, self.dataFolder, self.seed, self.machine) = (
            architecture, data, dataFolder, seed, machine
        )
    }

    /// What is searched.
    public var space: SearchSpace { SearchSpace(architecture, searchesBlockEnds: searchesBlockEnds) }

    /// The whole configuration, validated.
    /// - Throws: `SearchError` where the parts do not go together or a target is out of reach; `FileError` where a run
    ///   cannot be read.
    public func configuration() throws -> SearchConfiguration {
        let type = try Strategies.named(strategy)
        // A path of prunings is cut into as many steps as it has children.
        let most = images == nil || type.needsDense ? 40 : Int.max
        var c = SearchConfiguration(
            strategy: strategy, architecture: architecture, data: DataIdentity(data, folder: dataFolder), seed: seed,
            children: children ?? most, evaluator: evaluator, machine: machine)
        // Absent is the usual one of images with a size of their own, as in searches of older versions.
        if evaluator.augmentation == nil, data.usualAugmentation != .crop {
            c.evaluator.augmentation = data.usualAugmentation
        }
        (c.childThreads, c.maxLost, c.leaseSeconds) = (childThreads, maxLost, lease)
        if mixed { c.mixed = true }
        // Absent is none, as in searches of older versions.
        if lag != 0 { c.lag = lag }
        (c.limitTrain, c.limitValidation, c.imageBudget) = (limitTrain, limitValidation, images)
        (c.top, c.reevaluationSeeds, c.agent) = (top, reevaluationSeeds, agent)
        (c.searchesBlockEnds, c.keepsPredecessor) = (searchesBlockEnds, space.keepsPredecessor)
        c.price = price ?? type.defaultPrice
        try begin(&c, type)
        c.imagesBefore = try SearchRun.imagesBefore(c, data)
        try c.validate()
        if let target {
            let table = target.measure == .latency ? try latencyTable?() : nil
            guard target.measure != .latency || table != nil else {
                throw SearchError("a target of latency needs a table of latencies")
            }
            c.target = try CostTarget(target.measure, target.value, in: space, table: table)
        }
        // Whether any pattern keeps the target is known before a folder is made.
        if strategy == FixedStrategy.name { _ = try FixedStrategy(c.context(dense: nil)) }
        return c
    }

    /// What children start from.
    private func begin(_ c: inout SearchConfiguration, _ type: any Strategy.Type) throws {
        let kind = evaluator.kind
        guard kind == .shared || evaluator.sharedEpochs == nil else {
            throw SearchError("--shared-epochs needs --evaluator shared")
        }
        if let dense {
            guard evaluator.inherits || type.needsDense else {
                throw SearchError("--dense is for --evaluator inherit and masked and for strategies that prune it")
            }
            (c.dense, c.denseDigest) = (dense.absolutePath, try TrainedDense.digest(dense))
        } else if evaluator.inherits {
            throw SearchError("inherited weights need a trained dense network; give its run with --dense")
        }
        if let shared {
            guard kind == .shared else { throw SearchError("--shared needs --evaluator shared") }
            c.shared = shared.absolutePath
        }
    }
}
