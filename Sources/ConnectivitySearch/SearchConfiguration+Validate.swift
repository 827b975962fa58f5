import Evaluation
import Strategies

extension SearchConfiguration {
    /// Refuses values that search nothing.
    /// - Throws: `SearchError`.
    public func validate() throws {
        func need(_ condition: Bool, _ reason: String) throws { if !condition { throw SearchError(reason) } }
        try need(children >= 1, "\(children) children; at least 1 is needed")
        try need(agent.childrenPerUpdate >= 1, "\(agent.childrenPerUpdate) children an update; at least 1 is needed")
        try need(
            evaluator.epochs > 0 || (evaluator.epochs == 0 && evaluator.kind == .inherit),
            "\(evaluator.epochs) epochs a child; it must be over 0, or 0 with inherited weights")
        try need(
            evaluator.epochs > 0 || evaluator.halving == nil,
            "halving of children that are not trained; give them --child-epochs over 0")
        try need(evaluator.batchSize >= 2, "batch size \(evaluator.batchSize); BN needs at least 2 images")
        try need(evaluator.learningRate > 0, "learning rate \(evaluator.learningRate); it must be over 0")
        try need(threads >= 1, "\(threads) threads a child; at least 1 is needed")
        if let price, price.measure != .macs, price.measure != .parameters {
            throw SearchError("a price on \(price.measure.rawValue); prices are on MACs or parameters")
        }
        if let leaseSeconds {
            try need((1...86_400).contains(leaseSeconds), "a lease of \(leaseSeconds) seconds; it must be 1 to 86400")
        }
        if let maxLost { try need(maxLost >= 0, "\(maxLost) losses of a child; it must be 0 or more") }
        if let halving = evaluator.halving {
            try need(halving > 1 && halving.isFinite, "halving by \(halving); it must be over 1")
        }
        try need(top >= 0, "the top \(top); it must be 0 or more")
        try need(reevaluationSeeds >= 1, "\(reevaluationSeeds) seeds to evaluate again; at least 1 is needed")
        try need(reevaluationLength > 0, "a length of \(reevaluationLength); it must be over 0")
        if let epochs = evaluator.sharedEpochs {
            try need(epochs >= 1, "\(epochs) epochs of shared weights; at least 1 is needed")
        }
        if evaluator.kind == .shared {
            try need(
                evaluator.halving == nil,
                "--halving with shared weights; children that are not trained cannot be trained longer")
        }
        if let imageBudget {
            let before = imagesBefore ?? 0
            try need(
                imageBudget > before,
                "a budget of \(imageBudget) images; \(before) were seen before the first child, by the weights that children start from"
            )
        }
        try need(
            sampler != nil,
            "a search of an older version of ads, which drew children in another way, cannot be continued; start it anew in another folder"
        )
        if strategy == AdsStrategy.name || strategy == TradeoffStrategy.name {
            try need(
                agent.childrenPerUpdate >= 2,
                "\(agent.childrenPerUpdate) child an update; the agent compares the children of an update, so at least 2 are needed"
            )
        }
        _ = try Evaluators.named(evaluator.kind)
        let type = try Strategies.named(strategy)
        try need(
            !type.needsDense || dense != nil, "\(strategy) prunes a trained dense network; give its run with --dense")
    }
}
