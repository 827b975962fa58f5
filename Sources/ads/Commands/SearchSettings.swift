import ConnectivitySearch
import DenseNetArchitecture
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
        try resumed.keeps(child, c)
        try resumed.keeps("--children-per-update", childrenPerUpdate, c.agent.childrenPerUpdate)
        try resumed.keeps("--lag", lag, c.lag ?? 0)
        try resumed.keeps(agent, c.agent)
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
            if let strategy { plan.strategy = strategy }
            try child.set(&plan)
            (plan.children, plan.images) = (children, images)
            workers.set(&plan)
            plan.mixed = mixed
            // Across machines a silence is long before it means anything.
            if study != nil, plan.lease == nil { plan.lease = 90 }
            if let top { plan.top = top }
            // Where nothing is trained another seed changes nothing.
            let isScored = child.kind == .masked && plan.evaluator.epochs == 0
            plan.reevaluationSeeds = reevaluationSeeds ?? (isScored ? 1 : plan.reevaluationSeeds)
            try agent.set(&plan)
            try child.checkTraining(plan)
            if let childrenPerUpdate { plan.agent.childrenPerUpdate = childrenPerUpdate }
            if let lag { plan.lag = lag }
            plan.searchesBlockEnds = searchBlockEnd
            plan.target = try target.chosen()
            let space = plan.space
            plan.latencyTable = { try latencyTable(space, machine, console) }
            // validate() refuses both prices.
            plan.price =
                priceMacs.map { Price(.macs, weight: $0) } ?? priceParameters.map { Price(.parameters, weight: $0) }
            return try plan.configuration()
        } catch let error as SearchError {
            throw UsageError("\(error)")
        }
    }
}
