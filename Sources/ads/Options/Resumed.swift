import ConnectivitySearch
import DenseNetArchitecture
import Runs
import Strategies
import Training

/// A run that goes on: an option that decides its result may be typed again, but not changed.
struct Resumed {
    let folder: RunFolder

    /// Refuses an option that was typed with another value than the run's.
    /// - Throws: `UsageError` that names the option and what it is in the run.
    func keeps<Value: Equatable>(_ option: String, _ typed: Value?, _ stored: Value?) throws {
        guard let typed, typed != stored else { return }
        throw refusal(option, stored.map { "\($0)" } ?? "not set")
    }

    /// Refuses a flag that the run does not have.
    func keeps(flag option: String, _ typed: Bool, _ stored: Bool) throws {
        if typed, !stored { throw refusal(option, "not set") }
    }

    private func refusal(_ option: String, _ stored: String) -> UsageError {
        UsageError("\(option) is \(stored) in \(folder.path) and cannot change; leave it out or start a new run")
    }

    /// What to compute on; a search may go on with another number of `--threads` in all, a training not.
    func keeps(_ options: MachineOptions, _ machine: Machine, seed: UInt64, threads: Bool = true) throws {
        if threads { try keeps("--threads", options.threads, machine.threads) }
        try keeps("--seed", options.typedSeed, seed)
        try keeps("--device", options.typedDevice, machine.device)
        try keeps("--kernels", options.typedKernels?.rawValue, machine.kernels.rawValue)
    }

    /// The recipe.
    func keeps(_ options: RecipeOptions, _ recipe: Recipe) throws {
        try keeps("--recipe", options.recipe, recipe.name)
        try keeps("--epochs", options.epochs, recipe.epochs)
        try keeps("--batch-size", options.batchSize, recipe.batchSize)
        try keeps("--learning-rate", options.learningRate, recipe.learningRate)
        try keeps("--schedule", options.schedule?.rawValue, recipe.schedule.rawValue)
        try keeps("--momentum", options.momentum, recipe.momentum)
        try keeps("--weight-decay", options.weightDecay, recipe.weightDecay)
        try keeps("--initialization", options.initialization?.rawValue, recipe.initialization.rawValue)
        try keeps("--dropout", options.dropout, recipe.dropout)
        try keeps(flag: "--no-augment", options.noAugment, recipe.augmentation == .off)
        try keeps("--augmentation", options.images.augmentation?.rawValue, recipe.augmentation.rawValue)
    }

    /// What is learned from beside the labels.
    func keeps(_ options: DistillationOptions, _ distillation: Distillation?) throws {
        try keeps(flag: "--distil", options.distil, distillation != nil)
        try keeps("--distil-temperature", options.distilTemperature, distillation?.temperature)
        try keeps("--distil-weight", options.distilWeight, distillation?.weight)
    }

    /// The data.
    func keeps(_ data: DataOptions, _ stored: DataIdentity) throws {
        try keeps("--data", data.data, stored.name)
        try keeps(flag: "--no-exif", data.noExif, stored.preparation?.ignoresOrientation ?? false)
    }

    /// The data and the network.
    /// - Parameter seed: the run's, by which connections are drawn.
    func keeps(
        _ data: DataOptions, _ stored: DataIdentity, _ options: NetworkOptions, _ network: Network, seed: UInt64
    ) throws {
        try keeps(data, stored)
        let own = network.architecture
        try keeps("--image-size", options.imageSize, own.imageSize)
        guard options.arch != nil else {
            try keeps("--stem", options.stem, own.stem.channels)
            return try keeps("--connectivity", options.connectivity, "part of architecture.json")
        }
        let typed = try options.network(
            classes: own.classes, channels: own.inputChannels, size: own.imageSize, seed: seed)
        guard let typed, typed.architecture == own else { throw refusal("--arch", "another architecture") }
        if options.connectivity != nil, typed.connectivity != network.connectivity {
            throw refusal("--connectivity", "part of architecture.json")
        }
    }

    /// The limit every child keeps.
    func keeps(_ options: TargetOptions, _ c: SearchConfiguration) throws {
        guard let (measure, value) = try options.chosen() else { return }
        // Only a search for the same measure has what its costs are computed from.
        if let stored = c.target, stored.measure == measure,
            try CostTarget(measure, value, in: c.space, table: stored.table) == stored
        {
            return
        }
        throw refusal(
            "--target-\(measure.rawValue)", c.target.map { "at most \($0.limit) \($0.measure.noun)" } ?? "not set")
    }
}
