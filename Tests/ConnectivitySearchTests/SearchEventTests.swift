import DenseNetArchitecture
import DenseNetModel
import Evaluation
import Foundation
import ImageData
import Runs
import Studies
import TestSupport
import Testing
import Torch

@testable import ConnectivitySearch
@testable import Strategies

/// What a search tells while it works, and how it counts what it did.
@Suite(.serialized, .oneThread) struct SearchEventTests {
    /// One worker that says it is two, for estimates of time.
    private final class Two: Workforce {
        let count = 2
        private let own: OwnProcess
        init(_ own: OwnProcess) { self.own = own }
        func work() throws { try own.work() }
        func end() { own.end() }
    }

    @Test func everythingIsToldOnce() throws {
        let study = MemoryStudy()
        var configuration = try smallSearch("random", children: 12)
        configuration.imagesBefore = 40
        try study.begin(configuration)
        let own = OwnProcess(Worker(configuration, study, FormulaEvaluator()))
        #expect(own.count == 1)
        var search = try Search(configuration, study, Two(own))
        var starts: [Int] = []
        var children: [Int] = []
        var finished: [Int] = []
        var updates: [UpdateRecord] = []
        var images: [Int] = []
        var again: [Reevaluation] = []
        var places: [[Int]] = []
        var notes: [String] = []
        search.observer = { event in
            switch event {
            case .start(let status): starts.append(status.finished)
            case .child(let child, let status):
                children.append(child.number)
                finished.append(status.finished)
            case .update(let record, let status):
                updates.append(record)
                images.append(status.images)
            case .reevaluation(let found, let done, let of, let left):
                again.append(found)
                places.append([done, of])
                // The mean of what is done, for each that is not, shared by two.
                let known = study.trials(update: 0).filter { $0.state.isFinished }.map(\.seconds)
                let expected = known.reduce(0, +) / Double(known.count) * Double(of - known.count) / 2
                #expect(known.count == done && abs(left - expected) <= 1e-9 * expected)
            case .note(let text): notes.append(text)
            case .training: break
            }
        }
        _ = try search.run()
        #expect(notes == ["the best children are evaluated again: 6 longer evaluations"])

        let trials = study.trials(update: nil)
        let proposed = trials.filter { $0.proposal.again == nil }
        #expect(starts == [0] && children.sorted() == proposed.map(\.number))
        #expect(finished.last == 12 && finished == finished.sorted())
        #expect(updates == study.updates() && updates.allSatisfy { $0.images == nil })
        // Images are told by whole updates.
        let seen = updates.map { record in
            40 + proposed.filter { $0.proposal.update <= record.update }.reduce(0) { $0 + $1.images }
        }
        #expect(images == seen && seen.last == 40 + 1200)
        #expect(places == (1...6).map { [$0, 6] })
        #expect(try again == StudyHistory(study).reevaluations)
    }

    /// The strategy alone repeats itself: five updates end the search, and with an agent, which can explore more four
    /// times, 25.
    @Test(arguments: [("random", 5), ("ads", 25)]) func updatesOfRepeatsAreCounted(
        strategy: String, most: Int
    ) throws {
        let study = MemoryStudy()
        let configuration = try smallSearch(strategy, children: 50, blocks: [2])
        let result = try search(configuration, study).run()
        let repeats = study.updates().map { record in
            study.trials(update: record.update).allSatisfy { $0.proposal.repeatOf != nil }
        }
        let last = repeats.reversed().prefix { $0 }.count
        #expect(result.exhausted && last == most)
        let progress = try #require(study.strategy()).progress
        #expect(progress.exhausted && progress.repeatedUpdates == most)
        #expect(progress.update == repeats.count)
    }

    @Test func anUpdateProposesWhatIsLeft() throws {
        for (children, sizes) in [(1, [1]), (5, [5]), (6, [5, 1]), (12, [5, 5, 2])] {
            let study = MemoryStudy()
            // So many connectivities that none is a repeat.
            let configuration = try smallSearch("random", children: children, blocks: [6, 5])
            let result = try search(configuration, study).run()
            #expect(result.children == children && result.repeats == 0 && !result.exhausted)
            #expect(study.updates().map(\.trials.count) == sizes)
        }
    }

    /// Of three, one goes on: at least one does, however few there are.
    @Test func halvingKeepsAtLeastOne() throws {
        let study = MemoryStudy()
        var configuration = try smallSearch("random", children: 10, blocks: [6, 5])
        (configuration.evaluator.halving, configuration.agent.childrenPerUpdate) = (2.5, 3)
        _ = try search(configuration, study).run()
        let updates = try (1...4).map { update in
            try StudyHistory(study).children.filter { $0.update == update }.map(\.state)
        }
        #expect(updates.map(\.count) == [3, 3, 3, 1])
        for states in updates { #expect(states.count { $0 == .complete } == 1) }
    }

    /// Pruning by magnitude tunes between its steps: what that sees is the search's, update by update.
    @Test func imagesOfTheStrategyAreCounted() throws {
        let shapes = try DataSources.load("shapes")
        var configuration = try smallSearch("magnitude", children: 3)
        configuration.architecture = try Architecture(
            blocks: [3, 2], growthRate: 4, bottleneck: false, compression: 1, stem: .init(.cifar, channels: 4))
        configuration.evaluator.batchSize = 32
        (configuration.dense, configuration.top, configuration.imagesBefore) = ("given", 0, 10)
        let study = MemoryStudy()
        var search = try search(configuration, study)
        let data = ChildData(shapes, seed: 5, limitTrain: 64, limitValidation: 20)
        let dense = try DenseNet(Network(configuration.architecture), generator: Generator(seed: 2))
        search.dense = TrainedDense(dense, data, configuration.evaluator)
        var images: [Int] = []
        search.observer = { if case .update(_, let status) = $0 { images.append(status.images) } }
        let result = try search.run()
        // The first step ranks the network as it was trained.
        #expect(study.updates().map(\.images) == [nil, 64, 64])
        let seen = (1...3).map { update in
            let trials = study.trials(update: nil).filter { $0.proposal.update <= update }
            return 10 + 64 * (update - 1) + trials.reduce(0) { $0 + $1.images }
        }
        #expect(images == seen && result.images == seen.last)
        #expect(try StudyHistory(study).images == seen.last)
    }
}
