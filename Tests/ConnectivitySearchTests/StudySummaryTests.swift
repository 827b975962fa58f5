import DenseNetArchitecture
import Evaluation
import ImageData
import Runs
import Strategies
import Studies
import Testing
import Training

@testable import ConnectivitySearch

/// What is made of a study's trials without evaluating anything: where the search is, and which children are the best.
@Suite struct StudySummaryTests {
    private func configuration(_ change: (inout SearchConfiguration) -> Void = { _ in }) throws -> SearchConfiguration {
        let architecture = try Architecture(
            blocks: [4, 3], growthRate: 4, bottleneck: false, compression: 1, stem: .init(.cifar, channels: 8),
            imageSize: 32, classes: 10)
        var c = SearchConfiguration(
            strategy: "random", architecture: architecture,
            data: DataIdentity(try DataSources.load("shapes"), folder: nil),
            seed: 1, children: 10, evaluator: EvaluatorSettings(.scratch),
            machine: .current(device: .cpu, kernels: .automatic))
        (c.top, c.reevaluationSeeds, c.reevaluationLength, c.imagesBefore) = (3, 2, 1.5, 700)
        change(&c)
        return c
    }

    /// A finished trial of as many connections as its place, whose evaluations gave these accuracies.
    private func trial(
        _ number: Int, update: Int = 1, macs: Int = 1000, _ accuracies: Double..., seconds: Double = 2,
        state: TrialState = .complete, repeatOf: Int? = nil, again: Int? = nil
    ) -> Trial {
        let matrix = (0..<4).map { row in (0...row).map { $0 == row || number >> $0 & 1 == 1 } }
        let chain = (0..<3).map { row in (0...row).map { $0 == row } }
        var trial = Trial(
            number: number,
            proposal: Proposal(
                update: update, position: number, connectivity: Connectivity(blocks: [matrix, chain]), macs: macs,
                parameters: 5000 - macs, connections: number, seed: 1, repeatOf: repeatOf, again: again))
        (trial.state, trial.isHeld) = (state, false)
        trial.curve = accuracies.enumerated().map {
            CurvePoint(
                length: Double($0 + 1), images: 50, accuracy: $1, loss: 1 - $1, seconds: seconds, worker: "w")
        }
        return trial
    }

    @Test func whereASearchIs() throws {
        let c = try configuration()
        var failed = trial(4, state: .failed)
        failed.failure = "diverged"
        let trials = [
            trial(1, 0.5, seconds: 2), trial(2, 0.7, seconds: 4), trial(3, 0.7, state: .complete, repeatOf: 2), failed,
            trial(5, update: 2, 0.6, seconds: 6),
        ]
        let record = UpdateRecord(update: 1, trials: [1, 2, 3, 4], rewards: [0.5, 0.7, 0.7, nil])
        var board = Scoreboard(StudyHistory(c, trials, [record]), updates: 1)
        // The update that is not finished has been paid for by nobody yet; its child that is finished counts as one.
        #expect(board.paid == 3 && board.finished == 4 && board.lastNumber == 5)
        #expect(board.images == 700 + 150 && board.remaining(c) == 7)
        #expect(board.best?.number == 2 && board.last?.update == 1)
        // What failed is tried again; a repeat is that of the first.
        #expect(board.trial(of: trials[1].proposal.connectivity) == 2)
        #expect(board.trial(of: failed.proposal.connectivity) == nil)

        let minute = board.began.advanced(by: .seconds(120))
        var status = board.status(c, workers: 2, at: minute)
        // What was finished before this process began says nothing of its pace.
        #expect(status.childrenPerMinute == 0 && status.finished == 4 && status.of == 10 && status.images == 850)
        // Of the children that were paid for, (2 + 4 + 0 + 6) / 4 seconds each; 6 to come, and 3·2·1.5 longer ones.
        #expect(status.secondsLeft == 22.5)
        board.finish(Child(trial(6, update: 2, 0.9, seconds: 8), by: RewardRule(c), baseline: nil))
        board.finish(Child(trial(7, update: 2, 0.9, repeatOf: 6), by: RewardRule(c), baseline: nil))
        status = board.status(c, workers: 1, at: minute)
        #expect(status.childrenPerMinute == 0.5 && status.finished == 5 && status.best?.number == 6)
        let left = try #require(status.secondsLeft)
        #expect(abs(left - 56) < 1e-9)
        board.finish([trial(5, update: 2, 0.6), trial(6, update: 2, 0.9)], images: 30)
        #expect(board.paid == 5 && board.images == 850 + 100 + 30)
        // What a layer reads that nothing reads makes no other network.
        var (one, other) = (trial(13).proposal, trial(13).proposal)
        one.connectivity.blocks[1] = [[true], [true, false], [true, false, false], [false, false, false, true]]
        other.connectivity.blocks[1] = [[true], [false, true], [true, false, false], [false, false, false, true]]
        board.add(13, one)
        #expect(board.trial(of: other.connectivity) == 13 && board.trial(of: trial(13).proposal.connectivity) != 13)
        board.add(14, trial(14).proposal)
        #expect(board.lastNumber == 14 && board.trial(of: trial(14).proposal.connectivity) == 14)
        // Only the last ten tell the pace.
        for number in 10..<20 {
            board.finish(Child(trial(number, 0.1, seconds: 1), by: RewardRule(c), baseline: nil))
        }
        #expect(board.status(c, workers: 1).secondsLeft == 9)
    }

    @Test func budgetsOfImages() throws {
        let c = try configuration {
            $0.imageBudget = 1000
            $0.children = .max
        }
        var board = Scoreboard(StudyHistory(c, [], []), updates: 0)
        // Nobody knows what a child will see.
        #expect(board.images == 700 && board.remaining(c) == .max && board.status(c, workers: 1).of == nil)
        board.finish([trial(1, 0.5), trial(2, 0.6)], images: 0)
        #expect(board.remaining(c) == 4 && board.paid == 2)
        #expect(board.status(c, workers: 1).of == 6)
        board.finish([trial(3, 0.5), trial(4, 0.6), trial(5, 0.6), trial(6, 0.6)], images: 0)
        #expect(board.images == 1000 && board.remaining(c) == 0)
        // Children that see none are limited by their number, as long as there are images left.
        let untrained = try configuration { $0.imageBudget = 1000 }
        let fresh = Scoreboard(StudyHistory(untrained, [], []), updates: 0)
        #expect(fresh.remaining(untrained) == 10)
        let spent = try configuration { ($0.imageBudget, $0.imagesBefore) = (1000, 1000) }
        #expect(Scoreboard(StudyHistory(spent, [], []), updates: 0).remaining(spent) == 0)
        // Half an image a child leaves more of them than there are numbers.
        let endless = try configuration { ($0.imageBudget, $0.children) = (.max, .max) }
        var (some, none) = (trial(1, 0.5), trial(2, 0.5))
        (some.curve[0].images, none.curve[0].images) = (1, 0)
        var long = Scoreboard(StudyHistory(endless, [], []), updates: 0)
        long.finish([some, none], images: 0)
        #expect(long.remaining(endless) == .max - 2)
    }

    /// Sums of images begin with what a study's configuration says: what nobody can add to is refused where it is read.
    @Test func imagesBeyondCounting() throws {
        let most = 1_000_000_000_000_000
        func history(_ before: Int?, _ budget: Int?) throws -> StudyHistory {
            let study = MemoryStudy()
            try study.begin(configuration { ($0.imagesBefore, $0.imageBudget) = (before, budget) })
            return try StudyHistory(study)
        }
        #expect(try history(most, most).images == most && history(nil, nil).images == 0)
        let sentence =
            "the study holds a configuration that this version of ads cannot read; update ads, or start a new search"
        for (before, budget) in [(Int.max, nil), (most + 1, nil), (-1, nil), (0, Int.max), (0, most + 1), (0, -1)]
            as [(Int, Int?)]
        {
            #expect(throws: SearchError(sentence)) { try history(before, budget) }
        }
    }

    @Test func theBestOfAStudy() throws {
        let c = try configuration()
        let trials = [
            trial(1, macs: 1000, 0.60), trial(2, macs: 900, 0.70), trial(3, macs: 900, 0.70), trial(4, macs: 800, 0.65),
            trial(5, macs: 700, 0.99, state: .pruned), trial(6, macs: 700, 0.99, repeatOf: 5),
            trial(7, macs: 2000, 0.95), trial(8, macs: 850, 0.65),
        ]
        let history = StudyHistory(c, trials, [])
        #expect(try history.best().number == 7)
        #expect(try history.best(limit: 1999).number == 2)
        #expect(try history.best(limit: 900).number == 2 && history.best(limit: 899).number == 4)
        // The dearest has the fewest parameters here.
        #expect(try history.best(.parameters, limit: 3000).number == 7)
        #expect(try history.best(.parameters, limit: 4100).number == 7)
        #expect(throws: SearchError("no child keeps 799 MACs; the cheapest has 800. Search with this target")) {
            try history.best(limit: 799)
        }
        #expect(history.front().map(\.number) == [4, 2, 7])
        #expect(history.front(.parameters).map(\.number) == [7])
        // What was evaluated again counts before what was not, by its mean.
        let again = [
            trial(9, update: 0, 0.5, again: 4), trial(10, update: 0, 0.7, again: 4),
            trial(11, update: 0, 0.59, again: 2),
        ]
        let known = StudyHistory(c, trials + again, [])
        #expect(try known.best().number == 4 && known.best(limit: 2000).number == 4)
        let worth = known.worth(try known.best())
        #expect(abs(worth.accuracy - 0.6) < 1e-12 && worth.isEvaluatedAgain)
        #expect(known.reevaluations.map(\.child) == [4, 4, 2] && known.children.count == 8)
        // Also where halving ended it early: it may be the search's result.
        let ended = StudyHistory(c, trials + [trial(9, update: 0, 0.97, again: 5), again[2]].compactMap(\.self), [])
        #expect(try ended.best().number == 5 && ended.best(limit: 700).number == 5)
        #expect(StudyHistory(c, [trial(1, 0.5, state: .pruned)], []).front().isEmpty)
        #expect(throws: SearchError("no child is evaluated to the end yet")) {
            try StudyHistory(c, [trial(1, 0.5, state: .pruned)], []).best()
        }
    }

    /// Where losses reward they rank, and what is told of a child is its accuracy all the same.
    @Test func lossesRank() throws {
        let c = try configuration { $0.evaluator.reward = .loss }
        var trials = [trial(1, 0.8), trial(2, 0.6), trial(3, 0.7)]
        (trials[0].curve[0].loss, trials[1].curve[0].loss, trials[2].curve[0].loss) = (3, 0.5, 1)
        let history = StudyHistory(c, trials, [])
        #expect(try history.best().number == 2)
        #expect(history.worth(history.children[1]) == (0.6, -0.5, false) && history.children[1].reward == -0.5)
        var again = [trial(4, update: 0, 0.65, again: 3), trial(5, update: 0, 0.75, again: 3)]
        (again[0].curve[0].loss, again[1].curve[0].loss) = (2, 1)
        let known = StudyHistory(c, trials + again, [])
        #expect(try known.best().number == 3 && known.worth(known.best()) == (0.7, -1.5, true))
        #expect(Search.ranked(known.children).map(\.number) == [2, 3, 1])
    }

    /// With halving a reward is that of the first evaluation; what a child is worth is that of its longest.
    @Test func theWorthOfLongerEvaluations() throws {
        let c = try configuration { $0.price = Price(.macs, weight: 0.5) }
        let dense = try Network(c.architecture).cost.macs
        let trials = [trial(1, macs: dense / 5, 0.4, 0.8), trial(2, macs: dense / 5, 0.6, 0.7)]
        let again = [trial(3, update: 0, 0.75, again: 1)]
        let history = StudyHistory(c, trials + again, [])
        let (first, second) = (history.children[0], history.children[1])
        let price = 0.5 * Double(dense / 5) / Double(dense)
        #expect(first.price == price && first.reward == 0.4 - price && first.worth == 0.8 - price)
        #expect(history.worth(first) == (0.75, 0.75 - price, true))
        #expect(history.worth(second) == (0.7, 0.7 - price, false))
        #expect(history.images == 700 + 250)
        // A failed child is worth chance, and comes last.
        let failed = Child(trial(4, 0.9, state: .failed), by: RewardRule(c), baseline: nil)
        #expect(failed.accuracy == 0.1 && abs(failed.loss - 2.302585092994046) < 1e-12)
        #expect(Search.ranked([failed, second, first]).map(\.number) == [1, 2, 4])
        let plain = RewardRule(try configuration())
        // Of equals the cheaper, then the earlier.
        let equals = [trial(8, macs: 900, 0.5), trial(7, macs: 900, 0.5), trial(6, macs: 800, 0.5)].map {
            Child($0, by: plain, baseline: nil)
        }
        #expect(Search.ranked(equals).map(\.number) == [6, 7, 8])
    }
}
