import Strategies

extension SearchConfiguration {
    /// The first difference that makes two searches different ones; more children are the same search, longer.
    public func difference(from stored: SearchConfiguration) -> String? {
        zip(decisive, stored.decisive).first { $0.value != $1.value }.map { here, there in
            "\(here.name) is \(there.value) there and \(here.value) here"
        } ?? (agent == stored.agent ? nil : "the agent is another there")
    }

    /// What decides a search, each by the name and in the words that people know it by.
    private var decisive: [(name: String, value: String)] {
        func text<Value>(_ value: Value?) -> String { value.map { "\($0)" } ?? "not set" }
        return [
            ("the strategy", strategy), ("the architecture", "\(architecture)"), ("the data's digest", data.digest),
            ("the seed", "\(seed)"), ("--evaluator", evaluator.kind.rawValue),
            ("--reward", (evaluator.reward ?? .accuracy).rawValue), ("--child-epochs", "\(evaluator.epochs)"),
            ("--shared-epochs", text(evaluator.sharedEpochs)), ("--batch-size", "\(evaluator.batchSize)"),
            ("--learning-rate", "\(evaluator.learningRate)"), ("--halving", text(evaluator.halving)),
            ("--augmentation", (evaluator.augmentation ?? .crop).rawValue),
            ("--score-images", text(evaluator.scoreImages)),
            ("the number of batches for BN's statistics", "\(evaluator.normBatches)"),
            ("the number of batches for a score's statistics", text(evaluator.scoreBatches)),
            ("--limit-train", text(limitTrain)), ("--limit-validation", text(limitValidation)),
            ("the target", text(target.map { "\($0.limit) \($0.measure.rawValue)" })),
            ("the limit of each band", text(bands.map { "\($0) MACs" })),
            ("--search-block-end", "\(searchesBlockEnds ?? false)"),
            ("whether every layer reads the one before it", "\(space.keepsPredecessor)"),
            ("the price", text(price.map { "\($0.weight) on \($0.measure.noun)" })),
            ("--children-per-update", "\(agent.childrenPerUpdate)"), ("--lag", "\(lag ?? 0)"),
            ("--agent-rate", "\(agent.learningRate)"),
            ("--connection-rate", "\(agent.connectionRate)"), ("--entropy-bonus", "\(agent.entropyBonus)"),
            ("--critic-steps", "\(agent.criticSteps)"), ("--warm-start", "\(agent.warmStart)"),
            ("the agent's size", "\(agent.hidden)"), ("the constant of the logits' tanh", "\(agent.tanhConstant)"),
            ("the range of the agent's first weights", "\(agent.initialRange)"),
            ("the decay of rewards' variance", "\(agent.deviationDecay)"),
            ("the length of the agent's gradients", "\(agent.gradientClip)"),
            ("the number of children imagined", "\(agent.imagined)"),
            ("what raises the entropy bonus", "\(agent.entropyRaise)"),
            ("how children are drawn", sampler?.rawValue ?? "as older versions did"),
            ("the dense network", denseDigest ?? "none"), ("--child-threads", "\(threads)"),
            ("the device", machine.device), ("--kernels", machine.kernels.rawValue),
        ]
    }
}
