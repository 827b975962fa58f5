import ConnectivitySearch
import DenseNetArchitecture
import Evaluation
import Foundation
import ImageData
import Reporting
import Runs
import Strategies
import Studies
import Training

// The search that the options of `ads search` describe.
extension SearchCommand {
    /// The table latencies come from: the study's, where it has one, so that a resumed search computes with the same.
    private func latencyTable(_ space: SearchSpace, _ here: Machine, _ console: Console) throws -> LatencyTable {
        guard here.device == "cpu", here.kernels != .torch else {
            throw SearchError("a latency target needs --device cpu and our own kernels")
        }
        let folder = RunFolder(out)
        if resume, folder.exists,
            let stored = try folder.openStudy().configuration()?.target?.table
        {
            return stored
        }
        console.line("measuring the latency of every layer the search can come to")
        let table = try LatencyTable(measuring: space, threads: here.threads)
        func milliseconds(_ network: Network) -> String { fixed(table.milliseconds(of: network), 3) }
        console.line(
            "one image takes \(milliseconds(try space.cheapest())) to \(milliseconds(try Network(space.architecture))) ms"
        )
        return table
    }

    /// Masked children take seconds: their best are tuned where somebody asks for it, else scored on all images, which
    /// takes seconds, too. Strategies that prune a dense network tune it between.
    private func setChildEpochs(_ plan: inout SearchPlan) throws {
        if let childEpochs {
            plan.evaluator.epochs = childEpochs
        } else if kind == .masked, halving == nil, try !Strategies.named(plan.strategy).needsDense {
            plan.evaluator.epochs = 0
        }
    }

    /// Refuses what trains children where none is trained.
    private func checkTraining(_ plan: SearchPlan) throws {
        guard !plan.evaluator.trainsChildren(top: plan.top), try !Strategies.named(plan.strategy).needsDense else {
            return
        }
        let reason =
            plan.top == 0
            ? "with --evaluator \(kind.rawValue) and --top 0 none is; leave it out"
            : "masked children are tuned with --halving or --child-epochs alone"
        // Shared weights are trained themselves.
        let isIdle = [
            (name: "--child-epochs", isTyped: childEpochs ?? 0 > 0),
            (name: "--augmentation", isTyped: trainingImages.augmentation != nil && kind != .shared),
            (name: "--learning-rate", isTyped: learningRate != nil && kind != .shared),
        ]
        guard let name = isIdle.first(where: \.isTyped)?.name else { return }
        throw SearchError("\(name) is for children that are trained, and \(reason)")
    }

    /// Refuses the agent's numbers where there is no agent.
    private func checkAgent(_ strategy: String) throws {
        let typed: [(name: String, isTyped: Bool)] = [
            ("--agent-rate", agentRate != nil), ("--connection-rate", connectionRate != nil),
            ("--entropy-bonus", entropyBonus != nil), ("--critic-steps", criticSteps != nil),
            ("--warm-start", warmStart != nil),
        ]
        guard let name = typed.first(where: \.isTyped)?.name, try !Strategies.named(strategy).usesAgentSettings else {
            return
        }
        throw SearchError(
            "\(name) is a number of the agent's, which the strategy \(strategy) does not have; leave it out")
    }

    /// The search in a folder, with what may change of it.
    /// - Throws: `UsageError` for a typed option that may not change.
    func continued(_ folder: RunFolder) throws -> SearchRun {
        try folder.expect(kind: "search")
        let c = try folder.read(SearchConfiguration.self, from: folder.configuration)
        let resumed = Resumed(folder: folder)
        try resumed.keeps(machine, c.machine, seed: c.seed, threads: false)
        try resumed.keeps(data, c.data, network, Network(c.architecture), seed: c.seed)
        try resumed.keeps(target, c)
        try resumed.keeps("--study", address()?.description, folder.address()?.description)
        try resumed.keeps(flag: "--mixed", mixed, c.mixed ?? false)
        try resumed.keeps("--strategy", strategy, c.strategy)
        try resumed.keeps("--evaluator", evaluator?.rawValue, c.evaluator.kind.rawValue)
        try resumed.keeps("--reward", reward?.rawValue, (c.evaluator.reward ?? .accuracy).rawValue)
        try resumed.keeps("--dense", dense.map { RunFolder($0).absolutePath }, c.dense)
        try resumed.keeps("--shared", shared.map { RunFolder($0).absolutePath }, c.shared)
        try resumed.keeps("--child-epochs", childEpochs, c.evaluator.epochs)
        try resumed.keeps("--shared-epochs", sharedEpochs, c.evaluator.sharedEpochs)
        try resumed.keeps("--batch-size", batchSize, c.evaluator.batchSize)
        try resumed.keeps("--learning-rate", learningRate, c.evaluator.learningRate)
        try resumed.keeps(
            "--augmentation", trainingImages.augmentation?.rawValue, (c.evaluator.augmentation ?? .crop).rawValue)
        try resumed.keeps("--halving", halving, c.evaluator.halving)
        try resumed.keeps("--limit-train", limitTrain, c.limitTrain)
        try resumed.keeps("--limit-validation", limitValidation, c.limitValidation)
        try resumed.keeps("--score-images", scoreImages, c.evaluator.scoreImages)
        try resumed.keeps("--children-per-update", childrenPerUpdate, c.agent.childrenPerUpdate)
        try resumed.keeps("--lag", lag, c.lag ?? 0)
        try resumed.keeps("--agent-rate", agentRate, c.agent.learningRate)
        try resumed.keeps("--connection-rate", connectionRate, c.agent.connectionRate)
        try resumed.keeps("--entropy-bonus", entropyBonus, c.agent.entropyBonus)
        try resumed.keeps("--critic-steps", criticSteps, c.agent.criticSteps)
        try resumed.keeps("--warm-start", warmStart, c.agent.warmStart)
        try resumed.keeps("--price-macs", priceMacs, c.price?.measure == .macs ? c.price?.weight : nil)
        try resumed.keeps(
            "--price-parameters", priceParameters, c.price?.measure == .parameters ? c.price?.weight : nil)
        try resumed.keeps(flag: "--search-block-end", searchBlockEnd, c.searchesBlockEnds ?? false)
        try resumed.keeps("--child-threads", workers.childThreads, c.threads)
        var run = try SearchRun(continuing: folder, children: children, images: images, dataFolder: data.dataDir)
        if let top { run.configuration.top = top }
        if let reevaluationSeeds { run.configuration.reevaluationSeeds = reevaluationSeeds }
        if let maxLost = workers.maxLost { run.configuration.maxLost = maxLost }
        if let lease = workers.lease { run.configuration.leaseSeconds = lease }
        return run
    }

    /// The configuration the options describe.
    func settings(
        _ architecture: Architecture, _ set: DataSet, _ machine: Machine, _ console: Console
    ) throws -> SearchConfiguration {
        do {
            var plan = SearchPlan(
                architecture, set, dataFolder: data.dataDir, seed: self.machine.seed, machine: machine)
            plan.evaluator = EvaluatorSettings(kind)
            if let sharedEpochs { plan.evaluator.sharedEpochs = sharedEpochs }
            if let batchSize { plan.evaluator.batchSize = batchSize }
            if let learningRate { plan.evaluator.learningRate = learningRate }
            plan.evaluator.augmentation = trainingImages.augmentation
            plan.evaluator.halving = halving
            if let scoreImages { plan.evaluator.scoreImages = scoreImages }
            // Absent is accuracy, as in studies of older versions.
            plan.evaluator.reward = reward == .loss ? .loss : nil
            if let strategy { plan.strategy = strategy }
            try setChildEpochs(&plan)
            (plan.children, plan.images, plan.limitTrain, plan.limitValidation) = (
                children, images, limitTrain, limitValidation
            )
            workers.set(&plan)
            plan.mixed = mixed
            // Across machines a silence is long before it means anything.
            if study != nil, plan.lease == nil { plan.lease = 90 }
            if let top { plan.top = top }
            // Where nothing is trained another seed changes nothing.
            let isScored = kind == .masked && plan.evaluator.epochs == 0
            plan.reevaluationSeeds = reevaluationSeeds ?? (isScored ? 1 : plan.reevaluationSeeds)
            try checkAgent(plan.strategy)
            try checkTraining(plan)
            if let childrenPerUpdate { plan.agent.childrenPerUpdate = childrenPerUpdate }
            if let lag { plan.lag = lag }
            if let agentRate { plan.agent.learningRate = agentRate }
            if let connectionRate { plan.agent.connectionRate = connectionRate }
            if let entropyBonus { plan.agent.entropyBonus = entropyBonus }
            if let criticSteps { plan.agent.criticSteps = criticSteps }
            if let warmStart { plan.agent.warmStart = warmStart }
            plan.searchesBlockEnds = searchBlockEnd
            plan.target = try target.chosen()
            let space = plan.space
            plan.latencyTable = { try latencyTable(space, machine, console) }
            // validate() refuses both prices.
            plan.price =
                priceMacs.map { Price(.macs, weight: $0) } ?? priceParameters.map { Price(.parameters, weight: $0) }
            if let warmStart, warmStart > 0, dense == nil {
                throw SearchError("--warm-start is what a trained dense network says; give its run with --dense")
            }
            (plan.dense, plan.shared) = (dense.map { RunFolder($0) }, shared.map { RunFolder($0) })
            return try plan.configuration()
        } catch let error as SearchError {
            throw UsageError("\(error)")
        }
    }
}
