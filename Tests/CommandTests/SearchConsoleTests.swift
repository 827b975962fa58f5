import DenseNetArchitecture
import Evaluation
import ImageData
import Studies
import Testing
import Training

@testable import ConnectivitySearch
@testable import Reporting

/// The picture of a search on a terminal.
@Suite struct SearchConsoleTests {
    @Test func picture() throws {
        var status = SearchStatus(
            finished: 0, of: 40, images: 0, best: nil, last: nil, childrenPerMinute: 0, secondsLeft: 0)
        #expect(SearchConsole.picture(status, []) == ["children  ░░░░░░░░░░░░░░░░░░░░░░░░ 0/40"])
        (status.finished, status.images) = (10, 5120)
        (status.childrenPerMinute, status.secondsLeft) = (12.34, 200)
        status.last = UpdateRecord(update: 2, trials: [6, 7], rewards: [0.5, 0.6], baseline: 0.5, keepRate: 0.25)
        #expect(
            SearchConsole.picture(status, [0.5, 0.4, 0.55]) == [
                "reward    55.00%, baseline 50.00%, keeps 25.00% of the free connections  ▆▁█",
                "children  ██████░░░░░░░░░░░░░░░░░░ 10/40, 5,120 training images, 12.3 a minute, 3 min 20 s left",
            ])
        // What longer evaluations take is not known where children are not trained.
        for (count, words) in [(1, "1 longer evaluation"), (3, "3 longer evaluations")] {
            status.longerAfter = count
            #expect(SearchConsole.picture(status, [])[1].hasSuffix("12.3 a minute, 3 min 20 s left before \(words)"))
        }
    }

    /// Where losses reward they are told as they are, not as shares.
    @Test func losses() throws {
        var configuration = try small()
        configuration.evaluator.reward = .loss
        var trial = Trial(
            number: 3,
            proposal: Proposal(
                update: 1, position: 0, connectivity: .dense(configuration.architecture), macs: 1000, parameters: 10,
                connections: 5, seed: 0))
        trial.state = .complete
        trial.curve = [CurvePoint(length: 1, images: 0, accuracy: 0.25, loss: 1.5, seconds: 1, worker: "w")]
        let record = UpdateRecord(update: 1, trials: [3], rewards: [-1.5], baseline: -2)
        let board = Scoreboard(StudyHistory(configuration, [trial], [record]), updates: 1)
        let lines = SearchConsole.picture(board.status(configuration, workers: 1), [-1.5])
        #expect(lines[0] == "best      loss 1.500, 25.00% (child 3), 1,000 MACs, 5 connections")
        #expect(lines[1] == "reward    -1.500, baseline -2.000  ")
        configuration.evaluator.reward = .accuracy
        #expect(board.status(configuration, workers: 1).longerAfter == 0)
        configuration.evaluator = EvaluatorSettings(.masked)
        let masked = board.status(configuration, workers: 1)
        #expect(masked.longerAfter == 3 * configuration.reevaluationSeeds)
        configuration.evaluator = EvaluatorSettings(.scratch)
        #expect(try #require(masked.secondsLeft) < #require(board.status(configuration, workers: 1).secondsLeft))
        let shares = SearchConsole.picture(board.status(configuration, workers: 1), [])
        #expect(shares[1] == "reward    -150.00%, baseline -200.00%  ")
    }

    private func small() throws -> SearchConfiguration {
        let architecture = try Architecture(
            blocks: [2], growthRate: 4, bottleneck: false, compression: 1, stem: .init(.cifar, channels: 4),
            imageSize: 8)
        let images = ImageSet(pixels: [0, 0, 0], labels: [0], channels: 3, size: 1)
        let data = DataSet(name: "tiny", train: images, test: images, classNames: ["a", "b"])
        return SearchConfiguration(
            strategy: "random", architecture: architecture,
            data: DataIdentity(data, folder: nil), seed: 0, children: 3,
            evaluator: EvaluatorSettings(.scratch),
            machine: .current(device: .cpu, kernels: .automatic))
    }

    @Test func curves() {
        #expect(SearchConsole.curve([Double]()) == "" && SearchConsole.curve([0.5]) == "")
        #expect(SearchConsole.curve([1.0, 1.0, 1.0]) == "▄▄▄")
        #expect(SearchConsole.curve([0.0, 1, 2, 3, 4, 5, 6, 7]) == "▁▂▃▄▅▆▇█")
        #expect(
            SearchConsole.bar(-1).allSatisfy { $0 == "░" } && SearchConsole.bar(2).allSatisfy { $0 == "█" }
                && SearchConsole.bar(2).count == 24)
    }
}
