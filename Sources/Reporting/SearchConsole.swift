import ConnectivitySearch
import Files
import Foundation
import Studies
import Training

/// A search's progress on stderr: a line per child and update, and on a terminal a picture of the whole below them.
public final class SearchConsole {
    private let console: Console
    private let training: String
    private var status: SearchStatus?
    /// Mean rewards of the updates, for the curve.
    private var rewards: [Double] = []

    /// The progress of one search.
    /// - Parameter training: what lines of the training before the first child begin with.
    public init(_ console: Console, training: String = "shared weights: ") {
        self.console = console
        self.training = training
    }

    /// Shows what happened.
    public func show(_ event: SearchEvent) {
        switch event {
        case .start(let status):
            self.status = status
            if let record = status.last { rewards = [record.meanReward] }
        case .child(let child, let status):
            self.status = status
            console.line(line(child, status))
        case .update(let record, let status):
            self.status = status
            rewards.append(record.meanReward)
            console.line(
                "update \(record.update): mean reward \(Self.learned(record, status)); \(fixed(status.childrenPerMinute, 1)) children a minute"
            )
        case .reevaluation(let r, let done, let all, let left):
            status = nil
            console.panel([])
            return console.line(
                "again \(done)/\(all): child \(r.child), validation \(percent(r.accuracy)), \(fixed(r.seconds, 1)) s, \(duration(left)) left"
            )
        case .training(let event): return console.show(event, prefix: training)
        case .note(let text): console.line(text)
        }
        if let status { console.panel(Self.picture(status, rewards)) }
    }

    private func line(_ child: Child, _ status: SearchStatus) -> String {
        let paidFor =
            child.state == .pruned ? "pruned after \(fixed(child.seconds, 1)) s" : "\(fixed(child.seconds, 1)) s"
        let what =
            child.repeatOf.map { "repeats child \($0)" } ?? child.failure.map { "failed: \($0.inSentence(upTo: 400))" }
            ?? paidFor
        let best = status.best.map { "; best \(Self.worth($0, status)) (child \($0.number))" } ?? ""
        return
            "child \(Self.count(status)): validation \(percent(child.accuracy)), \(grouped(child.macs)) MACs, \(child.connections) connections, \(what)\(best)\(Self.left(status))"
    }

    private static func count(_ status: SearchStatus) -> String {
        "\(status.finished)\(status.of.map { "/\($0)" } ?? "")"
    }

    private static func left(_ status: SearchStatus) -> String {
        status.secondsLeft.map {
            ", \(duration($0)) left"
                + (status.longerAfter > 0 ? " before \(plural(status.longerAfter, "longer evaluation"))" : "")
        } ?? ""
    }

    /// A reward: a share, or minus a loss.
    private static func reward(_ value: Double, _ status: SearchStatus) -> String {
        status.isByLoss ? fixed(value, 3) : percent(value)
    }

    /// What a child is ranked by; its accuracy is told in any case.
    private static func worth(_ child: Child, _ status: SearchStatus) -> String {
        status.isByLoss ? "loss \(fixed(child.loss, 3)), \(percent(child.accuracy))" : percent(child.accuracy)
    }

    private static func learned(_ record: UpdateRecord, _ status: SearchStatus) -> String {
        let baseline = record.baseline.map { ", baseline \(reward($0, status))" } ?? ""
        let keep = record.keepRate.map { ", keeps \(percent($0)) of the free connections" } ?? ""
        return "\(reward(record.meanReward, status))\(baseline)\(keep)"
    }

    /// The lines of the picture: best, reward with its curve, how far it is.
    static func picture(_ status: SearchStatus, _ rewards: [Double]) -> [String] {
        var lines: [String] = []
        if let best = status.best {
            lines.append(
                "best      \(worth(best, status)) (child \(best.number)), \(grouped(best.macs)) MACs, \(best.connections) connections"
            )
        }
        if let last = status.last { lines.append("reward    \(learned(last, status))  \(curve(rewards.suffix(40)))") }
        let share = status.of.map { bar(Double(status.finished) / Double(max(1, $0))) + " " } ?? ""
        let left = status.finished > 0 ? ", \(fixed(status.childrenPerMinute, 1)) a minute\(left(status))" : ""
        let images = status.images > 0 ? ", \(grouped(status.images)) training images" : ""
        lines.append("children  \(share)\(count(status))\(images)\(left)")
        return lines
    }

    /// A bar of 24 characters.
    static func bar(_ share: Double) -> String {
        let full = Int((min(1, max(0, share)) * 24).rounded())
        return String(repeating: "█", count: full) + String(repeating: "░", count: 24 - full)
    }

    /// Values as a line of small columns.
    static func curve(_ values: some Collection<Double>) -> String {
        guard let low = values.min(), let high = values.max(), values.count > 1, (high - low).isFinite else {
            return ""
        }
        let columns = Array("▁▂▃▄▅▆▇█")
        return String(values.map { columns[high > low ? Int((($0 - low) / (high - low) * 7).rounded()) : 3] })
    }
}
