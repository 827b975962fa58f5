import ConnectivitySearch
import DenseNetArchitecture
import Foundation
import ImageData
import Reporting
import Runs
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

    /// The configuration the options describe.
    func settings(_ architecture: Architecture, _ set: DataSet, _ machine: Machine, _ console: Console) throws -> SearchConfiguration {
        do {
            let kindName = evaluator ?? (dense == nil ? "scratch" : "inherit")
            guard let kind = EvaluatorSettings.Kind(rawValue: kindName) else {
                throw SearchError("unknown evaluator '\(kindName)'; known are \(EvaluatorSettings.Kind.allCases.map(\.rawValue).joined(separator: ", "))")
            }
            var evaluation = EvaluatorSettings(kind)
            if let childEpochs { evaluation.epochs = childEpochs }
            if let sharedEpochs {
                guard kind == .shared else { throw SearchError("--shared-epochs needs --evaluator shared") }
                evaluation.sharedEpochs = sharedEpochs
            }
            if let batchSize { evaluation.batchSize = batchSize }
            if let learningRate { evaluation.learningRate = learningRate }
            let type = try Strategies.named(strategy)
            // A path of prunings is cut into as many steps as it has children.
            let most = images == nil || type.needsDense ? 40 : Int.max
            var c = SearchConfiguration(
                strategy: strategy, architecture: architecture, data: DataIdentity(set, folder: data.dataDir), seed: self.machine.seed,
                children: children ?? most, evaluator: evaluation, machine: machine)
            c.childThreads = workers.childThreads
            c.maxLost = workers.maxLost
            c.evaluator.halving = halving
            c.limitTrain = limitTrain
            c.limitValidation = limitValidation
            c.top = top
            c.reevaluationSeeds = reevaluationSeeds
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
            default: throw SearchError("--price-macs and --price-parameters exclude each other")
            }
            if let dense {
                guard kind == .inherit || type.needsDense else { throw SearchError("--dense is for --evaluator inherit and for strategies that prune it") }
                c.dense = URL(fileURLWithPath: dense).standardizedFileURL.path
                c.denseDigest = try TrainedDense.digest(RunFolder(dense))
            } else if kind == .inherit {
                throw SearchError("inherited weights need a trained dense network; give its run with --dense")
            }
            if let shared {
                guard kind == .shared else { throw SearchError("--shared needs --evaluator shared") }
                c.shared = URL(fileURLWithPath: shared).standardizedFileURL.path
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
