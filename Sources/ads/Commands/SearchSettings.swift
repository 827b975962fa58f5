import ConnectivitySearch
import DenseNetArchitecture
import Evaluation
import Foundation
import ImageData
import Reporting
import Runs
import Strategies
import Studies
import StudySQLite
import Training

// The search that the options of `ads search` describe.
extension SearchCommand {
    /// The table latencies come from: the study's, where it has one, so that a resumed search computes with the same.
    private func latencyTable(_ space: SearchSpace, _ here: Machine, _ console: Console) throws -> LatencyTable {
        guard here.device == "cpu", here.kernels != .torch else { throw SearchError("a latency target needs --device cpu and our own kernels") }
        let folder = RunFolder(out)
        if resume, folder.exists, let stored = try SQLiteStudy(path: folder.study, mustExist: true).configuration()?.target?.table {
            return stored
        }
        console.line("measuring the latency of every layer the search can come to")
        let table = try LatencyTable(measuring: space, threads: here.threads)
        func milliseconds(_ network: Network) -> String { fixed(table.milliseconds(of: network), 3) }
        console.line("one image takes \(milliseconds(try space.cheapest())) to \(milliseconds(try Network(space.architecture))) ms")
        return table
    }

    /// The search in a folder, with what may change of it.
    /// - Throws: `UsageError` for a typed option that may not change.
    func continued(_ folder: RunFolder) throws -> SearchRun {
        try folder.expect(kind: "search")
        let c = try folder.read(SearchConfiguration.self, from: folder.configuration)
        let resumed = Resumed(folder: folder)
        try resumed.keeps(machine, c.machine, seed: c.seed, threads: false)
        try resumed.keeps(network, stem: c.architecture.stem.channels)
        try resumed.keeps(target, c)
        try resumed.keeps("--strategy", strategy, c.strategy)
        try resumed.keeps("--evaluator", evaluator?.rawValue, c.evaluator.kind.rawValue)
        try resumed.keeps("--dense", dense.map(absolute), c.dense)
        try resumed.keeps("--shared", shared.map(absolute), c.shared)
        try resumed.keeps("--child-epochs", childEpochs, c.evaluator.epochs)
        try resumed.keeps("--shared-epochs", sharedEpochs, c.evaluator.sharedEpochs)
        try resumed.keeps("--batch-size", batchSize, c.evaluator.batchSize)
        try resumed.keeps("--learning-rate", learningRate, c.evaluator.learningRate)
        try resumed.keeps("--halving", halving, c.evaluator.halving)
        try resumed.keeps("--limit-train", limitTrain, c.limitTrain)
        try resumed.keeps("--limit-validation", limitValidation, c.limitValidation)
        try resumed.keeps("--children-per-update", childrenPerUpdate, c.agent.childrenPerUpdate)
        try resumed.keeps("--agent-rate", agentRate, c.agent.learningRate)
        try resumed.keeps("--entropy-bonus", entropyBonus, c.agent.entropyBonus)
        try resumed.keeps("--price-macs", priceMacs, c.price?.measure == .macs ? c.price?.weight : nil)
        try resumed.keeps("--price-parameters", priceParameters, c.price?.measure == .parameters ? c.price?.weight : nil)
        try resumed.keeps(flag: "--search-block-end", searchBlockEnd, c.searchesBlockEnds ?? false)
        try resumed.keeps("--child-threads", workers.childThreads, c.threads)
        var run = try SearchRun(continuing: folder, children: children, images: images, dataFolder: data.dataDir)
        if let top { run.configuration.top = top }
        if let reevaluationSeeds { run.configuration.reevaluationSeeds = reevaluationSeeds }
        if let maxLost = workers.maxLost { run.configuration.maxLost = maxLost }
        if let lease = workers.lease { run.configuration.leaseSeconds = lease }
        return run
    }

    private func absolute(_ path: String) -> String { URL(fileURLWithPath: path).standardizedFileURL.path }

    /// The configuration the options describe.
    func settings(_ architecture: Architecture, _ set: DataSet, _ machine: Machine, _ console: Console) throws -> SearchConfiguration {
        do {
            var evaluation = EvaluatorSettings(kind)
            if let childEpochs { evaluation.epochs = childEpochs }
            if let sharedEpochs {
                guard kind == .shared else { throw SearchError("--shared-epochs needs --evaluator shared") }
                evaluation.sharedEpochs = sharedEpochs
            }
            if let batchSize { evaluation.batchSize = batchSize }
            if let learningRate { evaluation.learningRate = learningRate }
            let strategy = strategy ?? AdsStrategy.name
            let type = try Strategies.named(strategy)
            // A path of prunings is cut into as many steps as it has children.
            let most = images == nil || type.needsDense ? 40 : Int.max
            var c = SearchConfiguration(
                strategy: strategy, architecture: architecture, data: DataIdentity(set, folder: data.dataDir), seed: self.machine.seed,
                children: children ?? most, evaluator: evaluation, machine: machine)
            workers.set(&c)
            c.evaluator.halving = halving
            c.limitTrain = limitTrain
            c.limitValidation = limitValidation
            if let top { c.top = top }
            if let reevaluationSeeds { c.reevaluationSeeds = reevaluationSeeds }
            if let childrenPerUpdate { c.agent.childrenPerUpdate = childrenPerUpdate }
            if let agentRate { c.agent.learningRate = agentRate }
            if let entropyBonus { c.agent.entropyBonus = entropyBonus }
            c.searchesBlockEnds = searchBlockEnd
            let space = c.space
            if let (measure, value) = try target.chosen() {
                let table = measure == .latency ? try latencyTable(space, machine, console) : nil
                c.target = try CostTarget(measure, value, in: space, table: table)
            }
            switch (priceMacs, priceParameters) {
            case (nil, nil): c.price = type.defaultPrice
            case (let weight?, nil): c.price = .init(.macs, weight: weight)
            case (nil, let weight?): c.price = .init(.parameters, weight: weight)
            default: break  // validate() refuses both.
            }
            if let dense {
                guard kind == .inherit || type.needsDense else { throw SearchError("--dense is for --evaluator inherit and for strategies that prune it") }
                c.dense = absolute(dense)
                c.denseDigest = try TrainedDense.digest(RunFolder(dense))
            } else if kind == .inherit {
                throw SearchError("inherited weights need a trained dense network; give its run with --dense")
            }
            if let shared {
                guard kind == .shared else { throw SearchError("--shared needs --evaluator shared") }
                c.shared = absolute(shared)
            }
            c.imageBudget = images
            if kind == .shared, images != nil, children == nil {
                throw SearchError("children with shared weights see no images of their own; --images needs --children, too")
            }
            c.imagesBefore = try SearchRun.imagesBefore(c, set)
            try c.validate()
            return c
        } catch let error as SearchError {
            throw UsageError("\(error)")
        }
    }
}
