import Evaluation
import Strategies

extension SearchConfiguration {
    /// Of images in all: more than anybody trains with, and sums that begin with them are far below what an `Int`
    /// holds.
    private static let mostImages = 1_000_000_000_000_000

    /// Whether its numbers of images can be added to, as a file may hold anything and whoever looks at a study adds.
    var countsImages: Bool {
        0...Self.mostImages ~= imagesBefore ?? 0 && 0...Self.mostImages ~= imageBudget ?? 0
    }

    /// Refuses values that search nothing.
    /// - Throws: `SearchError`.
    public func validate() throws {
        func need(_ condition: Bool, _ reason: String) throws { if !condition { throw SearchError(reason) } }
        let most = 1_000_000
        try need(children >= 1, "\(children) children; at least 1 is needed")
        try agent.validate()
        try need(0...1000 ~= lag ?? 0, "a lag of \(lag ?? 0) updates; 0 to 1000 are possible")
        try need(1...1024 ~= threads, "\(threads) threads a child; 1 to 1024 are possible")
        for (limit, what) in [(limitTrain, "training"), (limitValidation, "validation")] {
            if let limit { try need(limit >= 1, "a limit of \(limit) \(what) images; at least 1 is needed") }
        }
        if let price {
            try need(price.weight.isFinite && price.weight >= 0, "a price of \(price.weight); it must be 0 or more")
            try need(
                price.measure == .macs || price.measure == .parameters,
                "a price on \(price.measure.rawValue); prices are on MACs or parameters")
        }
        if let leaseSeconds {
            try need((1...86_400).contains(leaseSeconds), "a lease of \(leaseSeconds) seconds; it must be 1 to 86400")
        }
        if let maxLost { try need(maxLost >= 0, "\(maxLost) losses of a child; it must be 0 or more") }
        try need(0...most ~= top, "the top \(top); it must be from 0 to \(most)")
        try need(
            1...most ~= reevaluationSeeds, "\(reevaluationSeeds) seeds to evaluate again; 1 to \(most) are possible")
        try need(
            reevaluationLength > 0 && reevaluationLength <= Double(most),
            "evaluations \(reevaluationLength) times as long; it must be over 0, up to \(most)")
        try evaluator.validate()
        try target?.validate(in: space)
        if let bands {
            try need(
                strategy == SpreadStrategy.name, "bands of equal cost are for the strategy spread, not \(strategy)")
            try need(target == nil, "bands of equal cost and a target exclude each other")
            let least = try space.cheapest().cost.macs
            let ascend = zip([least - 1] + bands, bands + [1 << 53]).allSatisfy { $0 < $1 }
            try need(
                !bands.isEmpty && ascend,
                "bands up to \(bands) MACs; ascending limits from \(least) on, the cheapest network's, are needed")
        }
        let before = imagesBefore ?? 0
        try need(
            0...Self.mostImages ~= before,
            "\(before) images before the first child; 0 to \(Self.mostImages) are possible")
        if let imageBudget {
            try need(
                imageBudget <= Self.mostImages,
                "a budget of \(imageBudget) images; up to \(Self.mostImages) are possible")
            try need(
                children < .max || evaluator.lengths != [0],
                "children that are not trained see no images of their own; --images needs --children, too")
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
            (lag ?? 0) == 0 || !type.needsDense,
            "\(strategy) prunes step by step, and has nothing to propose ahead; leave --lag out")
        try need(
            !type.needsDense || dense != nil, "\(strategy) prunes a trained dense network; give its run with --dense")
    }
}
