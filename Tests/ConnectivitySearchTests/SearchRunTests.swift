import DenseNetArchitecture
import Evaluation
import Files
import Foundation
import ImageData
import Runs
import StudySQLite
import TestSupport
import Testing
import Training

@testable import ConnectivitySearch
@testable import Strategies

/// A search as a run in a folder: how it goes on, who evaluates, what is written.
@Suite(.serialized, .oneThread) struct SearchRunTests {
    private let folder = TemporaryFolder()
    private var run: RunFolder { RunFolder(folder.path) }

    /// Two different children in all, of the built-in data.
    private func configuration(_ shapes: DataSet) throws -> SearchConfiguration {
        var c = try smallSearch("random", children: 50, blocks: [2])
        c.architecture = try Architecture(
            blocks: [2], growthRate: 4, bottleneck: false, compression: 1, stem: .init(.cifar, channels: 4))
        c.data = DataIdentity(shapes, folder: nil)
        c.childThreads = 1
        return c
    }

    @Test func aSearchGoesOnWithWhatIsAskedFor() throws {
        let c = try configuration(DataSources.load("shapes"))
        let repeats = try search(c, SQLiteStudy(path: run.study)).run().repeats
        #expect(repeats > 2)
        let same = try SearchRun(continuing: run)
        #expect(same.configuration == c && same.workers == 1 && same.workerCommand.isEmpty)
        // As many as there are is not fewer; repeats are not among them.
        #expect(try SearchRun(continuing: run, children: 2).configuration.children == 2)
        #expect(try SearchRun(continuing: run, children: 3, images: 777).configuration.imageBudget == 777)
        #expect(try SearchRun(continuing: run, dataFolder: "/elsewhere").configuration.data.folder == "/elsewhere")
        let sentence =
            "\(run.path) has 2 finished children; --children 1 is fewer, type more or leave it out"
        #expect(throws: SearchError(sentence)) { _ = try SearchRun(continuing: run, children: 1) }
        // A program's own configuration, of another search.
        var other = same
        other.configuration.evaluator.batchSize += 1
        let (here, there) = (other.configuration.evaluator.batchSize, c.evaluator.batchSize)
        let refusal = SearchError(
            "\(run.path) holds another search: --batch-size is \(there) there and \(here) here; continue it with 'ads search --resume --out \(run.path)'"
        )
        #expect(throws: refusal) { _ = try other.run(resume: true) }
    }

    /// A study's network may come from another file than its data: nothing is computed with images that do not fit it.
    @Test func imagesThatDoNotFit() throws {
        let shapes = try DataSources.load("shapes")
        var c = try configuration(shapes)
        for (blocks, size, channels, classes) in [
            ([2], 64, 3, 10), ([2], 32, 1, 10), ([2], 32, 3, 3), ([2, 2, 2, 2, 2, 2, 2], 128, 3, 10),
        ] {
            c.architecture = try Architecture(
                blocks: blocks, growthRate: 4, bottleneck: false, compression: 1, stem: .init(.cifar, channels: 4),
                inputChannels: channels, imageSize: size, classes: classes)
            let sentence =
                "the network takes \(channels)×\(size)×\(size) images of \(classes) classes; shapes has 3×32×32 of 10"
            #expect(throws: TrainingError(sentence)) { _ = try SearchRun(c, shapes, folder: run).run(resume: false) }
            #expect(!FileManager.default.fileExists(atPath: run.study))
            let study = try SQLiteStudy(path: run.study)
            try study.begin(c)
            #expect(throws: TrainingError(sentence)) { try SearchRun.work(in: run, workers: 1) }
            try FileManager.default.removeItem(atPath: run.path)
            try FileManager.default.createDirectory(atPath: run.path, withIntermediateDirectories: true)
        }
    }

    /// A study's table of latencies is that of its network, before a cost is computed with it.
    @Test func tablesThatDoNotFit() throws {
        var c = try configuration(DataSources.load("shapes"))
        c.target = CostTarget(
            .latency, limit: 1000, table: LatencyTable(threads: 1, base: 1, layers: [], transitions: []))
        let study = try SQLiteStudy(path: run.study)
        try study.begin(c)
        #expect(throws: SearchError("the table of latencies is none of a network of 1 blocks")) {
            _ = try StudyHistory(study)
        }
    }

    @Test func whatCannotGoOn() throws {
        #expect(throws: FileError("there is no study \(run.study)")) { _ = try SearchRun(continuing: run) }
        #expect(!FileManager.default.fileExists(atPath: run.study), "looking makes none")
        let study = try SQLiteStudy(path: run.study)
        let none = "\(run.path) holds no search that was started; start it without --resume"
        #expect(throws: SearchError(none)) { _ = try SearchRun(continuing: run) }
        var c = try configuration(DataSources.load("shapes"))
        c.data.digest = "0"
        try study.begin(c)
        let changed = "the data of shapes have changed since \(run.path) was started"
        #expect(throws: SearchError(changed)) { _ = try SearchRun(continuing: run) }
    }

    @Test func aRunThatIsThereIsNotBegunAgain() throws {
        let shapes = try DataSources.load("shapes")
        let c = try configuration(shapes)
        try run.write(c, to: run.configuration)
        let error = #expect(throws: FileError.self) { _ = try SearchRun(c, shapes, folder: run).run(resume: false) }
        #expect(error?.description.hasPrefix("\(run.path) holds a run already; ") == true)
        #expect(!FileManager.default.fileExists(atPath: run.study))
    }

    /// Two workers are processes, which here are none of ours.
    @Test func moreThanOneWorkerAreProcesses() throws {
        let shapes = try DataSources.load("shapes")
        var search = SearchRun(try configuration(shapes), shapes, folder: run)
        (search.workers, search.workerCommand) = (2, ["/bin/sh", "-c", "exit 3"])
        let sentence = "the workers end with errors, as said above; the finished trials are kept"
        #expect(throws: SearchError(sentence)) { _ = try search.run(resume: false) }
        let trials = try SQLiteStudy(path: run.study, mustExist: true).trials(update: nil)
        #expect(!trials.isEmpty && trials.allSatisfy { $0.state == .waiting && $0.curve.isEmpty })
    }

    @Test func aFinishedSearchIsWrittenDown() throws {
        let shapes = try DataSources.load("shapes")
        var c = try configuration(shapes)
        // The dense network and the chain, timed by a table that says what the layers take.
        c.architecture = try Architecture(
            blocks: [2], growthRate: 4, bottleneck: false, compression: 1, stem: .init(.cifar, channels: 4))
        (c.strategy, c.children, c.top, c.evaluator.batchSize) = ("fixed", 2, 0, 32)
        (c.limitTrain, c.limitValidation) = (32, 20)
        let table = LatencyTable(
            threads: 1, base: 0.5, layers: [[.init(channels: 4, milliseconds: 1)]], transitions: [[]])
        c.target = CostTarget(.latency, limit: 7000, table: table)
        let result = try SearchRun(c, shapes, folder: run).run(resume: false)
        #expect(result.children == 2 && result.repeats == 0)
        let network = try Network(c.architecture, result.connectivity)
        let latency = try #require(result.latency)
        #expect(latency.target == 7 && latency.predicted == table.milliseconds(of: network) && latency.timed > 0)

        #expect(try run.network() == network)
        #expect(try run.read(Connectivity.self, from: run.connectivity) == result.connectivity)
        #expect(try run.read(SearchResult.self, from: run.result) == result)
        #expect(try run.read(SearchConfiguration.self, from: run.configuration) == c)
        let lines = try String(contentsOfFile: run.metrics, encoding: .utf8).split(separator: "\n")
        let children = try lines.map { try RunFolder.decoder.decode(Child.self, from: Data($0.utf8)) }
        let history = try StudyHistory(SQLiteStudy(path: run.study, mustExist: true))
        #expect(children == history.children && children.map(\.number) == [1, 2])
    }

    @Test func imagesBeforeTheFirstChild() throws {
        let shapes = try DataSources.load("shapes")
        var c = try configuration(shapes)
        (c.limitTrain, c.evaluator.batchSize) = (100, 32)
        #expect(try SearchRun.imagesBefore(c, shapes) == 0)
        // Three whole batches an epoch.
        let dense = RunFolder(folder("dense"))
        try dense.create()
        try dense.write(c.evaluation.training("dense", epochs: 2), to: dense.configuration)
        c.dense = dense.path
        #expect(try SearchRun.imagesBefore(c, shapes) == 2 * 96)
        (c.evaluator.kind, c.evaluator.sharedEpochs) = (.shared, 5)
        #expect(try SearchRun.imagesBefore(c, shapes) == 2 * 96 + 5 * 96)
        c.dense = nil
        #expect(try SearchRun.imagesBefore(c, shapes) == 5 * 96)
    }
}
