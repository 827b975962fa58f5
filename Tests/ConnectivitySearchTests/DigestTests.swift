import DenseNetArchitecture
import Foundation
import Studies
import Testing

@testable import ConnectivitySearch

/// What a search's digest is of: all that a repetition must give again, and nothing else.
@Suite struct DigestTests {
    /// The digest of a study of one child, changed.
    private func digest(
        strategy: Data? = Data([1, 2]), _ change: (inout Trial, inout UpdateRecord) -> Void = { _, _ in }
    ) throws -> String {
        let configuration = try smallSearch(children: 1)
        let dense = try Network(configuration.architecture)
        var trial = Trial(
            number: 1,
            proposal: Proposal(
                update: 1, position: 0, connectivity: dense.connectivity, macs: 10, parameters: 20, connections: 3,
                seed: 5))
        trial.state = .complete
        trial.curve = [CurvePoint(length: 1, images: 8, accuracy: 0.5, loss: 0.25, seconds: 2, worker: "w")]
        var record = UpdateRecord(
            update: 1, trials: [1], rewards: [0.5], baseline: 0.25, keepRate: 0.75, probabilities: [0.5, 1])
        change(&trial, &record)
        return try StudyHistory(configuration, [trial], [record]).digest(strategy: strategy)
    }

    @Test func everythingThatIsRepeatedIsInIt() throws {
        let digests = try [
            digest(), digest(strategy: nil), digest(strategy: Data([1, 3])),
            digest { trial, _ in trial.proposal.seed = 6 },
            digest { trial, _ in trial.proposal.repeatOf = 1 },
            digest { trial, _ in trial.proposal.connectivity = Connectivity(blocks: [[[false]]]) },
            digest { trial, _ in trial.state = .pruned },
            digest { trial, _ in trial.failure = "too bright" },
            digest { trial, _ in trial.curve[0].accuracy = 0.5.nextUp },
            digest { trial, _ in trial.curve[0].loss = 0.25.nextUp },
            digest { trial, _ in trial.curve[0].length = 2 },
            digest { trial, _ in trial.curve[0].images = 9 },
            digest { trial, _ in trial.curve.append(trial.curve[0]) },
            digest { _, record in record.rewards = [0.5 + 1e-9] },
            digest { _, record in record.rewards = [nil] },
            digest { _, record in record.baseline = nil },
            digest { _, record in record.keepRate = 0.5 },
            digest { _, record in record.probabilities = [0.5, 0.5] },
            digest { _, record in record.images = 1 },
        ]
        #expect(Set(digests).count == digests.count)
        #expect(digests.allSatisfy { $0.count == 64 })
    }

    @Test func timesAndWorkersAreNot() throws {
        let same = try digest()
        #expect(try digest { trial, _ in trial.curve[0].seconds = 3 } == same)
        #expect(try digest { trial, _ in trial.curve[0].worker = "x" } == same)
        #expect(try digest { trial, _ in (trial.lost, trial.lostWith) = (1, ["x"]) } == same)
        #expect(try digest { trial, _ in (trial.machineFailures, trial.machineFailure) = (1, "no room") } == same)
    }
}
