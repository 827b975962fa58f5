import DenseNetArchitecture
import Foundation
import Randomness
import Training

/// What a search tells while it works.
public enum SearchEvent {
    case child(Child, best: Child, paid: Int, of: Int, secondsLeft: Double)
    case reevaluation(Reevaluation, done: Int, of: Int)
    case note(String)
}

/// What a search ends with: `result.json` and the output of `--json`.
public struct SearchResult: Codable, Sendable, Hashable {
    public var strategy: String
    /// The best child's number and connectivity.
    public var child: Int
    public var connectivity: Connectivity
    /// Mean validated accuracy of its longer evaluations.
    public var accuracy: Double
    public var parameters: Int
    public var macs: Int
    public var connections: Int
    /// Its share of the dense network's MACs.
    public var macsShare: Double
    /// Children paid for, and repeats that cost nothing.
    public var children: Int
    public var repeats: Int
    /// Seconds all evaluations took.
    public var seconds: Double
    /// Whether the search ended because its strategy only repeated itself.
    public var exhausted: Bool
}

/// The search: a strategy proposes, an evaluator rewards, the study remembers.
public struct Search {
    /// Everything that decides it.
    public let configuration: SearchConfiguration
    /// What it remembers.
    public let study: Study
    let evaluator: any Evaluator
    /// Receives progress.
    public var observer: (SearchEvent) -> Void = { _ in }
    /// Updates of repeats alone before more is explored, and again before the search ends; ours.
    static let patience = 5

    /// A search, new or continued.
    public init(_ configuration: SearchConfiguration, study: Study, evaluator: any Evaluator) {
        self.configuration = configuration
        self.study = study
        self.evaluator = evaluator
    }

    /// Runs to the end, from wherever the study is.
    /// - Throws: `Interrupted` with all finished children kept; `FileError` when the study cannot be written.
    public func run() throws -> SearchResult {
        try configuration.validate()
        let space = SearchSpace(configuration.architecture, keepsPredecessor: configuration.keepsPredecessor)
        let strategy = try Strategies.named(configuration.strategy).init(
            space, target: configuration.target, settings: configuration.agent, seed: configuration.seed)
        var progress = Study.Progress()
        if let stored = try study.strategy() {
            try strategy.restore(stored.state)
            progress = stored.progress
        }
        var children = try study.children()
        let dense = try Network(configuration.architecture)
        // An update counts whole: what was paid when it began decides how many it proposes, also after a resume.
        while !progress.exhausted {
            let before = children.filter { $0.update <= progress.update }
            let remaining = configuration.children - before.count { $0.repeatOf == nil }
            if remaining <= 0 { break }
            let update = progress.update + 1
            let proposals = try strategy.propose(min(configuration.agent.childrenPerUpdate, remaining))
            for (position, connectivity) in proposals.enumerated() {
                if children.contains(where: { $0.update == update && $0.position == position }) { continue }
                let child = try finish(connectivity, update, position, children, strategy.baseline, dense)
                try study.record(child)
                children.append(child)
                tell(child, children)
            }
            let own = children.filter { $0.update == update }
            try strategy.learn(own.map { ($0.connectivity, $0.reward) })
            progress.update = update
            progress.repeatedUpdates = own.allSatisfy { $0.repeatOf != nil } ? progress.repeatedUpdates + 1 : 0
            if progress.repeatedUpdates >= Self.patience {
                progress.repeatedUpdates = 0
                if !progress.exploredMore && strategy.exploreMore() {
                    progress.exploredMore = true
                    observer(.note("the strategy only repeats itself; its entropy bonus is raised"))
                } else {
                    progress.exhausted = true
                    observer(.note("the strategy only repeats itself; the search ends here"))
                }
            }
            try study.store(strategy.state(), progress)
        }
        return try conclude(children, dense, exhausted: progress.exhausted)
    }

    /// A child's record: looked up where its matrices are known, else evaluated.
    private func finish(
        _ connectivity: Connectivity, _ update: Int, _ position: Int, _ children: [Child], _ baseline: Double?, _ dense: Network
    ) throws -> Child {
        let network = try Network(configuration.architecture, connectivity)
        let cost = network.cost
        var child = Child(
            number: children.count + 1, update: update, position: position, connectivity: connectivity, macs: cost.macs,
            parameters: cost.parameters, connections: cost.connections, accuracy: 0, loss: 0, reward: 0, seconds: 0,
            baseline: baseline)
        if let known = children.first(where: { $0.connectivity == connectivity && $0.repeatOf == nil }) {
            (child.accuracy, child.loss, child.repeatOf) = (known.accuracy, known.loss, known.number)
        } else {
            let began = ContinuousClock.now
            do {
                let evaluation = try evaluator.evaluate(connectivity, seed: configuration.seed, lengthen: 1)
                (child.accuracy, child.loss) = (evaluation.accuracy, evaluation.loss)
            } catch let error as SearchError {
                // A child that fails by itself is worth chance; the search goes on.
                (child.accuracy, child.loss) = (1 / Double(configuration.architecture.classes), log(Double(configuration.architecture.classes)))
                child.failure = error.description
            }
            child.seconds = (ContinuousClock.now - began).seconds
        }
        child.reward = child.accuracy
        if let price = configuration.price {
            child.reward -= price.weight * Double(price.measure.of(network)) / Double(price.measure.of(dense))
        }
        return child
    }

    private func tell(_ child: Child, _ children: [Child]) {
        let paid = children.filter { $0.repeatOf == nil }
        guard let best = Self.ranked(paid).first else { return }
        let mean = paid.suffix(10).reduce(0) { $0 + $1.seconds } / Double(max(1, min(10, paid.count)))
        let again = Double(configuration.top * configuration.reevaluationSeeds) * configuration.reevaluationLength
        let left = mean * (Double(max(0, configuration.children - paid.count)) + again)
        observer(.child(child, best: best, paid: paid.count, of: configuration.children, secondsLeft: left))
    }

    /// Paid children, the best first: by reward, then the cheaper, then the earlier.
    static func ranked(_ children: [Child]) -> [Child] {
        children.sorted { ($1.reward, $0.macs, $0.number) < ($0.reward, $1.macs, $1.number) }
    }

    /// Evaluates the best few again, longer, with fresh seeds, and takes the best of them.
    private func conclude(_ children: [Child], _ dense: Network, exhausted: Bool) throws -> SearchResult {
        let paid = children.filter { $0.repeatOf == nil }
        let top = Self.ranked(paid.filter { $0.failure == nil }).prefix(configuration.top)
        guard !top.isEmpty else { throw SearchError("every child failed; the first because \(paid.first?.failure ?? "of nothing known")") }
        var known = try study.reevaluations()
        let total = top.count * configuration.reevaluationSeeds
        var done = 0
        for child in top {
            for number in 0..<configuration.reevaluationSeeds {
                let seed = SeededGenerator(seed: configuration.seed, stream: 0x2E, UInt64(number)).state
                done += 1
                if known.contains(where: { $0.child == child.number && $0.seed == seed }) { continue }
                let began = ContinuousClock.now
                let evaluation = try evaluator.evaluate(
                    child.connectivity, seed: seed, lengthen: configuration.reevaluationLength)
                let again = Reevaluation(
                    child: child.number, seed: seed, accuracy: evaluation.accuracy, loss: evaluation.loss,
                    seconds: (ContinuousClock.now - began).seconds)
                try study.record(again)
                known.append(again)
                observer(.reevaluation(again, done: done, of: total))
            }
        }
        func mean(_ child: Child) -> Double {
            let own = known.filter { $0.child == child.number }
            return own.reduce(0) { $0 + $1.accuracy } / Double(max(1, own.count))
        }
        func worth(_ child: Child) -> Double { mean(child) + child.reward - child.accuracy }
        let best = top.dropFirst().reduce(top[0]) { worth($1) > worth($0) ? $1 : $0 }
        return SearchResult(
            strategy: configuration.strategy, child: best.number, connectivity: best.connectivity, accuracy: mean(best),
            parameters: best.parameters, macs: best.macs, connections: best.connections,
            macsShare: Double(best.macs) / Double(dense.cost.macs), children: paid.count, repeats: children.count - paid.count,
            seconds: paid.reduce(0) { $0 + $1.seconds } + known.reduce(0) { $0 + $1.seconds }, exhausted: exhausted)
    }
}
