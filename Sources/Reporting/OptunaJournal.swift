import ConnectivitySearch
import DenseNetArchitecture
import Foundation
import Runs
import Studies

/// A study as a journal of Optuna, a line of JSON for each operation that makes it there
/// (optuna.storages.journal.JournalFileBackend of Optuna 4 and 5).
///
/// A child is a trial whose value is what it is ranked by; longer evaluations of it are attributes of the child, as
/// they are of another length and would not compare. Parameters are what charts can show of a connectivity: its cost,
/// its connections, and the share of each block that it keeps.
public struct OptunaJournal {
    /// The journal's lines.
    public let data: Data
    /// How many trials it has.
    public let trials: Int

    /// A study as a journal.
    /// - Parameters:
    ///   - name: what the study is called there.
    ///   - end: when its last child was finished. A study keeps no times of day: children follow one another by the
    ///     seconds that each took.
    public init(_ history: StudyHistory, name: String, end: Date) throws {
        let children = Dictionary(history.children.map { ($0.number, $0) }) { first, _ in first }
        let again = Dictionary(grouping: history.reevaluations, by: \.child)
        let dense = try Network(history.configuration.architecture)
        var operations: [Operation] = [.study(name)]
        for (key, value) in Self.attributes(history) { operations.append(.attribute(key, value)) }
        var time = end.addingTimeInterval(-children.values.reduce(0) { $0 + $1.seconds })
        let firsts = history.trials.filter { $0.proposal.again == nil }
        for trial in firsts {
            let child = children[trial.number]
            let start = time
            time += child?.seconds ?? 0
            operations.append(
                .trial(
                    try Self.trial(
                        trial, child, again[trial.number] ?? [], dense,
                        from: trial.state == .waiting ? nil : start, to: child == nil ? nil : time)))
        }
        let encoder = RunFolder.encoder(pretty: false)
        data = try operations.reduce(into: Data()) { $0 += try encoder.encode($1) + Data("\n".utf8) }
        trials = firsts.count
    }

    private static func attributes(_ history: StudyHistory) -> [(String, Value)] {
        let c = history.configuration
        return [
            ("strategy", .text(c.strategy)), ("evaluator", .text(c.evaluator.kind.rawValue)),
            ("data", .text(c.data.name)),
        ] + ((try? history.best()).map { [("best_child", .number(Double($0.number)))] } ?? [])
    }

    private static func trial(
        _ trial: Trial, _ child: Child?, _ again: [Reevaluation], _ dense: Network, from start: Date?, to end: Date?
    ) throws -> OptunaTrial {
        let p = trial.proposal
        var out = OptunaTrial(state: states[trial.state] ?? 0)
        (out.datetimeStart, out.datetimeComplete) = (start.map(text), end.map(text))
        out.add("macs", p.macs, upTo: dense.cost.macs)
        out.add("connections", p.connections, upTo: dense.cost.connections)
        // Of layers that nothing reads none is kept.
        for (b, block) in try Network(dense.architecture, p.connectivity).blocks.enumerated() {
            let layers = dense.architecture.blocks[b]
            let kept = block.layers.reduce(0) { $0 + $1.sources.count }
            out.add("kept_block_\(b + 1)", share: Double(kept) / Double(layers * (layers + 1) / 2))
            guard p.connectivity.blocks[b].count > layers else { continue }
            out.add("kept_end_\(b + 1)", share: Double(block.endSources.count) / Double(layers + 1))
        }
        for (i, point) in trial.curve.enumerated() where point.accuracy.isFinite {
            out.intermediateValues["\(i + 1)"] = point.accuracy
        }
        out.userAttrs = [
            "child": .number(Double(trial.number)), "update": .number(Double(p.update)),
            "parameters": .number(Double(p.parameters)), "seed": .text("\(p.seed)"),
            "connectivity": .text(p.connectivity.key),
        ]
        if let original = p.repeatOf { out.userAttrs["repeat_of"] = .number(Double(original)) }
        if let failure = trial.failure { out.userAttrs["failure"] = .text(failure) }
        guard let child, child.failure == nil else { return out }
        out.value = child.worth.isFinite ? child.worth : nil
        for (key, value) in [
            ("accuracy", child.accuracy), ("loss", child.loss), ("reward", child.reward),
            ("images", Double(child.images)), ("seconds", child.seconds),
        ] where value.isFinite { out.userAttrs[key] = .number(value) }
        if !again.isEmpty { out.userAttrs["accuracies_again"] = .numbers(again.map(\.accuracy)) }
        return out
    }

    /// Optuna's numbers of states.
    private static let states: [TrialState: Int] = [.running: 0, .complete: 1, .pruned: 2, .failed: 3, .waiting: 4]

    private static func text(_ time: Date) -> String {
        time.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true, timeZone: .gmt))
            .replacingOccurrences(of: "Z", with: "+00:00")
    }
}

/// A value of an attribute.
private enum Value: Encodable {
    case number(Double)
    case numbers([Double])
    case text(String)

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .number(let value): try container.encode(value)
        case .numbers(let values): try container.encode(values)
        case .text(let text): try container.encode(text)
        }
    }
}

/// A line of a journal.
private enum Operation: Encodable {
    case study(String)
    case attribute(String, Value)
    case trial(OptunaTrial)

    private enum CodingKeys: CodingKey { case opCode, workerId, studyId, studyName, directions, userAttr }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode("densenet-ads", forKey: .workerId)
        switch self {
        case .study(let name):
            try container.encode(0, forKey: .opCode)
            try container.encode(name, forKey: .studyName)
            // What is ranked is better the larger it is.
            try container.encode([2], forKey: .directions)
        case .attribute(let key, let value):
            try container.encode(2, forKey: .opCode)
            try container.encode(0, forKey: .studyId)
            try container.encode([key: value], forKey: .userAttr)
        case .trial(let trial):
            try container.encode(4, forKey: .opCode)
            try container.encode(0, forKey: .studyId)
            try trial.encode(to: encoder)
        }
    }
}

/// A trial as Optuna's journal creates it, whole.
private struct OptunaTrial: Encodable {
    let state: Int
    var value: Double?
    var datetimeStart: String?
    var datetimeComplete: String?
    /// The range of each parameter: a text of JSON.
    var distributions: [String: String] = [:]
    var params: [String: Double] = [:]
    var userAttrs: [String: Value] = [:]
    var intermediateValues: [String: Double] = [:]

    init(state: Int) { self.state = state }

    mutating func add(_ name: String, _ value: Int, upTo most: Int) {
        distributions[name] =
            #"{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": \#(max(most, value))}}"#
        params[name] = Double(value)
    }

    mutating func add(_ name: String, share: Double) {
        distributions[name] =
            #"{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.0, "high": 1.0, "log": false}}"#
        params[name] = share
    }

    private enum CodingKeys: CodingKey {
        case state, value, values, datetimeStart, datetimeComplete, distributions, params, userAttrs, systemAttrs
        case intermediateValues
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(state, forKey: .state)
        // Optuna looks for these keys, also where they hold nothing.
        try container.encode(value, forKey: .value)
        try container.encodeNil(forKey: .values)
        try container.encode(datetimeStart, forKey: .datetimeStart)
        try container.encodeIfPresent(datetimeComplete, forKey: .datetimeComplete)
        try container.encode(distributions, forKey: .distributions)
        try container.encode(params, forKey: .params)
        try container.encode(userAttrs, forKey: .userAttrs)
        try container.encode([String: String](), forKey: .systemAttrs)
        try container.encode(intermediateValues, forKey: .intermediateValues)
    }
}
