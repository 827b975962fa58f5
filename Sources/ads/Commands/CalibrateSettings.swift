import ConnectivitySearch
import DenseNetArchitecture
import Evaluation
import ImageData
import Reporting
import Runs
import Strategies
import Training

// The calibration that the options of `ads calibrate` describe.
extension CalibrateCommand {
    /// The calibration in a folder, with what may change of it.
    func continued(_ folder: RunFolder) throws -> CalibrationRun {
        try folder.expect(kind: "calibration")
        let stored = try folder.read(CalibrationConfiguration.self, from: folder.configuration)
        let c = stored.search
        let resumed = Resumed(folder: folder)
        try resumed.keeps(machine, c.machine, seed: c.seed, threads: false)
        try resumed.keeps(data, c.data, network, Network(c.architecture), seed: c.seed)
        try resumed.keeps(target, c)
        try resumed.keeps("--bands", bands?.text, stored.bands.map { Shares($0).text })
        try resumed.keeps(flag: "--search-block-end", searchBlockEnd, c.searchesBlockEnds ?? false)
        try resumed.keeps("--dense", dense.map { RunFolder($0).absolutePath }, stored.dense)
        try resumed.keeps("--children", children, c.children)
        try resumed.keeps("--full-epochs", fullEpochs, stored.fullEpochs)
        try resumed.keeps("--full-seeds", fullSeeds, stored.fullSeeds)
        try resumed.keeps("--shared-epochs", sharedEpochs, stored.sharedEpochs)
        try resumed.keeps("--child-epochs", childEpochs, c.evaluator.epochs)
        try resumed.keeps("--batch-size", batchSize, c.evaluator.batchSize)
        try resumed.keeps("--learning-rate", learningRate, c.evaluator.learningRate)
        try resumed.keeps(
            "--augmentation", trainingImages.augmentation?.rawValue, (c.evaluator.augmentation ?? .crop).rawValue)
        try resumed.keeps("--limit-train", limitTrain, c.limitTrain)
        try resumed.keeps("--limit-validation", limitValidation, c.limitValidation)
        try resumed.keeps("--child-threads", workers.childThreads, c.threads)
        var run = try CalibrationRun(continuing: folder, dataFolder: data.dataDir)
        if let maxLost = workers.maxLost { run.configuration.search.maxLost = maxLost }
        if let lease = workers.lease { run.configuration.search.leaseSeconds = lease }
        return run
    }

    func settings(
        _ architecture: Architecture, _ set: DataSet, _ here: Machine
    ) throws -> CalibrationConfiguration {
        do {
            var plan = SearchPlan(architecture, set, dataFolder: data.dataDir, seed: machine.seed, machine: here)
            if let childEpochs { plan.evaluator.epochs = childEpochs }
            if let batchSize { plan.evaluator.batchSize = batchSize }
            if let learningRate { plan.evaluator.learningRate = learningRate }
            plan.evaluator.augmentation = trainingImages.augmentation
            plan.searchesBlockEnds = searchBlockEnd
            plan.target = try target.chosen()
            guard plan.target?.measure != .latency else {
                throw SearchError("a calibration takes --target-macs, --target-parameters or --target-traffic")
            }
            plan.strategy = plan.target == nil ? SpreadStrategy.name : RandomStrategy.name
            plan.children = children ?? 20
            workers.set(&plan)
            (plan.limitTrain, plan.limitValidation) = (limitTrain, limitValidation)
            var calibration = CalibrationConfiguration(
                try plan.configuration(), fullEpochs: fullEpochs ?? 4, fullSeeds: fullSeeds ?? 2,
                sharedEpochs: sharedEpochs ?? EvaluatorSettings.sharedEpochs)
            calibration.bands = bands?.values
            if let dense {
                let run = RunFolder(dense)
                (calibration.dense, calibration.denseDigest) = (run.absolutePath, try TrainedDense.digest(run))
            }
            try calibration.validate()
            return calibration
        } catch let error as SearchError {
            throw UsageError("\(error)")
        }
    }
}
