import Evaluation
import Strategies

/// Everything needed to repeat a calibration: its run's `config.json`.
public struct CalibrationConfiguration: Codable, Sendable, Hashable {
    /// The kind of run.
    public var kind = "calibration"
    /// The search whose children are compared; its evaluator has the numbers of a training from scratch, from which
    /// those of the others follow.
    public var search: SearchConfiguration
    /// Epochs of a full training, and of the dense network that children inherit from.
    public var fullEpochs: Int
    /// Fresh seeds each connectivity is trained in full with.
    public var fullSeeds: Int
    /// Epochs of the shared weights.
    public var sharedEpochs: Int
    /// The run of the trained dense network that children inherit from: a full training is then a longer tuning of
    /// what they inherit. Without it a full training is one from scratch, and the calibration trains the dense network.
    public var dense: String?
    /// The digest of that network's weights.
    public var denseDigest: String?
    /// Shares of the dense network's MACs, ascending: connectivities are drawn at these costs in turn, and compared
    /// with those of the same cost alone. Without them costs are spread over the range.
    public var bands: [Double]?

    /// A calibration on the children of a search.
    public init(_ search: SearchConfiguration, fullEpochs: Int, fullSeeds: Int, sharedEpochs: Int) {
        self.search = search
        self.fullEpochs = fullEpochs
        self.fullSeeds = fullSeeds
        self.sharedEpochs = sharedEpochs
    }

    /// The evaluator whose longer evaluations are the full trainings.
    public var truth: EvaluatorSettings.Kind { dense == nil ? .scratch : .inherit }

    /// What a full training is, in words.
    public var fullTraining: String { dense == nil ? "full training" : "longer tuning" }

    /// The most MACs of each band.
    /// - Throws: `SearchError` where no connectivity is so cheap, with the reachable range.
    public func bandLimits() throws -> [Int]? {
        try bands?.map { try CostTarget(.macs, $0, in: search.space).limit }
    }

    /// Refuses values that compare nothing.
    /// - Throws: `SearchError`.
    public func validate() throws {
        guard fullEpochs >= 1, fullSeeds >= 1 else {
            throw SearchError(
                "full training of \(fullEpochs) epochs with \(fullSeeds) seeds; both must be 1 or more")
        }
        try search.validate()
        guard let bands else { return }
        guard search.target == nil else {
            throw SearchError("--bands and a target exclude each other; give one of them")
        }
        func ascend<Number: Comparable>(_ numbers: [Number]) -> Bool {
            zip(numbers, numbers.dropFirst()).allSatisfy { $0 < $1 }
        }
        guard !bands.isEmpty, bands.allSatisfy({ $0 > 0 && $0 < 1 }), ascend(bands), ascend(try bandLimits() ?? [])
        else {
            throw SearchError(
                "bands at \(bands) of the dense network's MACs; shares over 0 and under 1, ascending, are needed")
        }
        guard search.children / bands.count >= 2 else {
            throw SearchError(
                "\(search.children) children in \(bands.count) bands; each band needs 2 or more to compare")
        }
    }

    /// The first difference that makes two calibrations different ones.
    func difference(from stored: CalibrationConfiguration) -> String? {
        let pairs: [(String, String, String)] = [
            ("--children", "\(search.children)", "\(stored.search.children)"),
            ("--full-epochs", "\(fullEpochs)", "\(stored.fullEpochs)"),
            ("--full-seeds", "\(fullSeeds)", "\(stored.fullSeeds)"),
            ("--shared-epochs", "\(sharedEpochs)", "\(stored.sharedEpochs)"),
            ("the given dense network", denseDigest ?? "none", stored.denseDigest ?? "none"),
            ("--bands", bands.map { "\($0)" } ?? "not set", stored.bands.map { "\($0)" } ?? "not set"),
        ]
        return search.difference(from: stored.search)
            ?? pairs.first { $0.1 != $0.2 }.map { "\($0.0) is \($0.2) there and \($0.1) here" }
    }
}
