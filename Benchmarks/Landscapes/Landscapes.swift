import ArgumentParser
import DenseNetArchitecture
import Foundation
import Randomness
import Strategies
import Torch

/// Plays strategies on made-up truths; a line of JSON for each, appended to a file that an interrupted run goes on with.
@main struct Landscapes: ParsableCommand {
    @Option(help: "The architecture.") var arch = "densenet-22-12"
    @Option(help: "The target, a share of the dense network's MACs.") var targetMacs = 0.65
    @Flag(help: "Prune what the blocks' ends read, too.") var searchBlockEnd = false
    @Option(help: "The strategy.") var strategy = "ads"
    @Option(help: "The agent's numbers that differ from the defaults, as JSON.") var agent = "{}"
    @Option(help: "What the lines call it; the strategy without it.") var label: String?
    @Option(help: "Children.") var children = 1000
    @Option(help: "The first landscape.") var from = 0
    @Option(help: "How many landscapes.") var count = 20
    @Option(help: "The deviation of a reward's noise, in coin flips' deviations.") var noise = 1.0
    @Option(help: "How much what is believed beforehand correlates with the truth; nothing is believed without it.")
    var belief: Double?
    @Option(help: "Updates that are proposed before one is learned from.") var lag = 0
    @Option(help: "The file of lines.") var out: String

    func validate() throws {
        for (name, value) in [("--children", children), ("--count", count)] where !(1...1_000_000 ~= value) {
            throw ValidationError("\(name) \(value); 1 to 1000000 are possible")
        }
        guard 0...1_000_000 ~= from else { throw ValidationError("--from \(from); 0 to 1000000 are possible") }
        guard 0...1000 ~= lag else { throw ValidationError("--lag \(lag); 0 to 1000 are possible") }
        guard noise >= 0, noise.isFinite else { throw ValidationError("--noise \(noise); 0 or more is needed") }
        guard belief.map({ -1...1 ~= $0 }) ?? true else {
            throw ValidationError("--belief \(belief ?? 0); a correlation from -1 to 1 is needed")
        }
    }

    /// After so many children it is said where the strategy is.
    private static let marks = [100, 300, 1000]

    private struct Line: Codable {
        var space: String
        var label: String
        var landscape: Int
        var children: Int
        /// The truth of the child with the best reward, and of the last 40 on average.
        var picked: Double
        var last: Double
        var seconds: Double
    }

    /// The defaults, but for what is typed.
    private func settings() throws -> AgentSettings {
        func object(_ data: Data) throws -> [String: Any] {
            guard let object = try? JSONSerialization.jsonObject(with: data) as? [String: Any] else {
                throw ValidationError("--agent \(agent); a JSON object of the agent's numbers is needed")
            }
            return object
        }
        let typed = try object(Data(agent.utf8))
        let all = try object(JSONEncoder().encode(AgentSettings())).merging(typed) { $1 }
        let settings = try JSONDecoder().decode(
            AgentSettings.self, from: JSONSerialization.data(withJSONObject: all))
        try settings.validate()
        return settings
    }

    func run() throws {
        let space = SearchSpace(try Architecture(named: arch), searchesBlockEnds: searchBlockEnd)
        let target = try CostTarget(.macs, targetMacs, in: space)
        let settings = try settings()
        let (name, label) = ("\(arch) \(targetMacs)\(searchBlockEnd ? " ends, layers" : "")", label ?? strategy)
        try Runtime.setThreads(1)
        if !FileManager.default.fileExists(atPath: out) { try Data().write(to: URL(fileURLWithPath: out)) }
        let lines = try String(contentsOfFile: out, encoding: .utf8).split(separator: "\n").compactMap {
            try? JSONDecoder().decode(Line.self, from: Data($0.utf8))
        }
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: out))
        for k in from..<from + count {
            if lines.contains(where: {
                $0.space == name && $0.label == label && $0.landscape == k && $0.children >= children
            }) {
                continue
            }
            let landscape = try Landscape(space, target, seed: UInt64(k))
            var context = StrategyContext(space, target: target, seed: UInt64(k))
            (context.settings, context.children, context.lag) = (settings, children, lag)
            context.prior = belief.map { landscape.belief(correlation: $0, seed: UInt64(k)) }
            let player = try Strategies.named(strategy).init(context)
            var random = SeededGenerator(seed: UInt64(k), stream: 0x901)
            var (truths, best, picked): ([Double], Double, Double) = ([], -.infinity, 0)
            let began = ContinuousClock.now
            // A line that was cut off stays one of its own.
            var output = Data("\n".utf8)
            var ahead: [[Connectivity]] = []
            while truths.count < children {
                while ahead.count <= lag { ahead.append(try player.propose(settings.childrenPerUpdate)) }
                let proposed = ahead.removeFirst()
                guard !proposed.isEmpty else { throw ValidationError("\(strategy) has nothing left to propose") }
                var rewards: [Double] = []
                for child in proposed {
                    let truth = landscape.worth(child)
                    let reward = truth + noise * random.normal()
                    truths.append(truth)
                    rewards.append(reward)
                    if reward > best { (best, picked) = (reward, truth) }
                }
                try player.learn(Array(zip(proposed, rewards)))
                for mark in Self.marks + (Self.marks.contains(children) ? [] : [children])
                where truths.count >= mark && truths.count - proposed.count < mark {
                    let spent = ContinuousClock.now - began
                    let line = Line(
                        space: name, label: label, landscape: k, children: mark, picked: picked,
                        last: truths.suffix(40).reduce(0, +) / Double(min(40, truths.count)),
                        seconds: Double(spent.components.seconds) + Double(spent.components.attoseconds) * 1e-18)
                    output += try JSONEncoder().encode(line) + Data("\n".utf8)
                }
            }
            try file.seekToEnd()
            try file.write(contentsOf: output)
        }
    }
}
