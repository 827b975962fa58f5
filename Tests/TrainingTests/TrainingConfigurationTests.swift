import DenseNetArchitecture
import DenseNetModel
import Foundation
import ImageData
import Runs
import TestSupport
import Testing
import Torch

@testable import Training

@Suite(.oneThread) struct TrainingConfigurationTests {
    private func configuration(of data: DataSet = tinyData) -> TrainingConfiguration {
        var recipe = Recipe.oneCycle
        (recipe.epochs, recipe.batchSize) = (3, 50)
        return TrainingConfiguration(
            label: "test", data: DataIdentity(data, folder: nil), recipe: recipe, seed: 3,
            machine: .current(device: .cpu, kernels: .automatic))
    }

    private func network(imageSize: Int = 8, classes: Int = 3, channels: Int = 3) throws -> Network {
        try Network(
            Architecture(
                blocks: [2], growthRate: 4, bottleneck: false, compression: 1, stem: .init(.cifar, channels: 4),
                inputChannels: channels, imageSize: imageSize, classes: classes))
    }

    /// Of 200 images 20 are held out; what fills no batch is not seen.
    @Test func imagesThatATrainingSees() throws {
        var c = configuration()
        #expect(c.split(of: tinyData) == Split(count: 200, seed: 3) && !c.allData && !c.testAtEnd)
        #expect(try c.images(of: tinyData) == 3 * 150)
        c.limitTrain = 60
        #expect(c.split(of: tinyData) == Split(count: 200, seed: 3, limit: 60))
        #expect(try c.images(of: tinyData) == 3 * 50)
        (c.limitTrain, c.allData) = (nil, true)
        #expect(c.split(of: tinyData).train == Array(0..<200) && c.split(of: tinyData).validation.isEmpty)
        #expect(try c.images(of: tinyData) == 3 * 200)
    }

    @Test func aLimitIsOneImageAtLeast() throws {
        var c = configuration()
        c.limitTrain = 1
        try c.validate()
        c.limitTrain = 0
        #expect(throws: TrainingError("0 training images; at least 1 is needed")) { try c.validate() }
    }

    /// What images are normalised with is what is trained on without a limit, never what is held out.
    @Test func normalisedByWhatIsTrainedOn() throws {
        func found(_ change: (inout TrainingConfiguration) -> Void) throws -> Normalization {
            var c = configuration()
            change(&c)
            return Trainer(c, try network(), tinyData, folder: RunFolder("/nowhere")).normalization
        }
        let held = Normalization(of: tinyData.train, indices: Split(count: 200, seed: 3).train)
        let all = Normalization(of: tinyData.train, indices: Array(0..<200))
        #expect(held != all)
        let (plain, limited) = (try found { _ in }, try found { $0.limitTrain = 60 })
        #expect(plain == held && limited == held)
        let whole = try found { $0.allData = true }
        #expect(whole == all)
        // As a run was started, so it goes on.
        let continued = try found { ($0.allData, $0.normalization) = (true, held) }
        #expect(continued == held)
    }

    @Test func differencesThatMakeAnotherTraining() throws {
        let base = configuration()
        let changes: [(String, (inout TrainingConfiguration) -> Void)] = [
            ("the data set is tiny there and other here", { $0.data.name = "other" }),
            ("the data's digest is \(base.data.digest) there and 0 here", { $0.data.digest = "0" }),
            ("the number of epochs is 3 there and 4 here", { $0.recipe.epochs = 4 }),
            ("the batch size is 50 there and 51 here", { $0.recipe.batchSize = 51 }),
            ("the learning rate is \(base.recipe.learningRate) there and 7.0 here", { $0.recipe.learningRate = 7 }),
            ("its schedule is ", { $0.recipe.schedule = $0.recipe.schedule == .constant ? .oneCycle : .constant }),
            ("the momentum is 0.9 there and 0.5 here", { $0.recipe.momentum = 0.5 }),
            ("the momentum is 0.9 there and 0.9, not Nesterov's here", { $0.recipe.nesterov.toggle() }),
            ("the weight decay is \(base.recipe.weightDecay) there and 7.0 here", { $0.recipe.weightDecay = 7 }),
            ("augmentation is ", { $0.recipe.augmentation = .off }),
            (
                "the initialization is ",
                { $0.recipe.initialization = $0.recipe.initialization == .fanIn ? .fanOut : .fanIn }
            ),
            ("the dropout is \(base.recipe.dropout) there and 0.7 here", { $0.recipe.dropout = 0.7 }),
            ("the recipe's name is ", { $0.recipe.name = "own" }),
            ("the seed is 3 there and 4 here", { $0.seed = 4 }),
            ("what a step trains is the whole network there and halves here", { $0.sampling = "halves" }),
            ("--limit-train is not set there and 9 here", { $0.limitTrain = 9 }),
            ("--all-data is false there and true here", { $0.allData = true }),
            ("--split is validation there and test here", { $0.testAtEnd = true }),
            ("--label is test there and other here", { $0.label = "other" }),
            ("the weights it starts from is fresh there and a here", { $0.initialWeights = "a" }),
            (
                "the teacher's digest is none there and 0 here",
                { $0.distillation = Distillation(teacher: "a", digest: "0") }
            ),
            ("the number of threads is \(base.machine.threads) there and 77 here", { $0.machine.threads = 77 }),
            ("the device is cpu there and cuda here", { $0.machine.device = "cuda" }),
            ("--kernels is auto there and torch here", { $0.machine.kernels = .torch }),
        ]
        for (sentence, change) in changes {
            var other = base
            change(&other)
            let difference = try #require(other.difference(from: base))
            #expect(difference.hasPrefix(sentence))
        }
        var moved = base
        (moved.data.folder, moved.machine.system, moved.machine.torch) = ("/elsewhere", "another", "another")
        #expect(moved.difference(from: base) == nil)
    }

    /// The configuration says what a training starts from; one of an older version is known by what lies there.
    @Test func whatItStartsFrom() throws {
        let scratch = TemporaryFolder()
        try "x".write(toFile: scratch("weights.pth"), atomically: true, encoding: .utf8)
        let cases: [(weights: String?, inherits: Bool?, fromRun: Bool)] = [
            (nil, nil, false), (nil, true, false), (scratch.path, nil, true), (scratch("weights.pth"), nil, false),
            (scratch("gone"), nil, true), (scratch("gone"), false, false), (scratch.path, false, false),
            (scratch("weights.pth"), true, true),
        ]
        for (weights, inherits, fromRun) in cases {
            var own = configuration()
            (own.initialWeights, own.inherits) = (weights, inherits)
            #expect(own.startsFromRun == fromRun, "\(weights ?? "none"), \(inherits.map { "\($0)" } ?? "not said")")
        }
    }

    /// Of two that learn from one teacher the numbers decide, not where it lies.
    @Test func distillationsThatMakeAnotherTraining() throws {
        var base = configuration()
        base.distillation = Distillation(teacher: "a", digest: "0")
        let changes: [(String, (inout Distillation) -> Void)] = [
            ("the teacher's digest is 0 there and 1 here", { $0.digest = "1" }),
            ("--distil-temperature is 4.0 there and 5.0 here", { $0.temperature = 5 }),
            ("--distil-weight is 0.9 there and 0.8 here", { $0.weight = 0.8 }),
        ]
        for (sentence, change) in changes {
            var (other, distillation) = (base, try #require(base.distillation))
            change(&distillation)
            other.distillation = distillation
            #expect(other.difference(from: base) == sentence)
        }
        var other = base
        other.distillation?.teacher = "b"
        #expect(other.difference(from: base) == nil)
        other.distillation?.weight = 2
        let sentence = "a distillation weight of 2.0; it must be over 0, up to 1"
        #expect(throws: TrainingError(sentence)) { try other.validate() }
    }

    /// Runs of older versions have no distillation, and one without it is written as they wrote it.
    @Test func distillationInAFile() throws {
        func written(_ c: TrainingConfiguration) throws -> String {
            String(decoding: try RunFolder.encoder(pretty: false).encode(c), as: UTF8.self)
        }
        func read(_ text: String) throws -> TrainingConfiguration {
            try RunFolder.decoder.decode(TrainingConfiguration.self, from: Data(text.utf8))
        }
        var c = configuration()
        let old = try written(c)
        #expect(!old.contains("distil"))
        let again = try read(old)
        #expect(again.distillation == nil && again == c)
        c.distillation = Distillation(teacher: "runs/dense", digest: "00ff", temperature: 2.5, weight: 0.5)
        let new = try written(c)
        #expect(
            new.contains(#""distillation":{"digest":"00ff","teacher":"runs/dense","temperature":2.5,"weight":0.5}"#),
            "\(new)")
        let same = try read(new)
        #expect(same == c)
    }

    @Test func imagesThatDoNotFitTheNetwork() throws {
        let folder = TemporaryFolder()
        let others = try [network(imageSize: 16), network(classes: 4), network(channels: 1)]
        for (n, other) in others.enumerated() {
            let trainer = Trainer(configuration(), other, tinyData, folder: RunFolder(folder("run-\(n)")))
            let error = #expect(throws: TrainingError.self) { try trainer.start(resume: false) }
            #expect(error?.description.hasPrefix("the network takes ") == true)
            #expect(error?.description.hasSuffix(" classes; tiny has 3×8×8 of 3") == true)
            #expect(!trainer.folder.exists)
        }
    }

    @Test func oneBatchIsEnough() throws {
        let folder = TemporaryFolder()
        var c = configuration()
        c.recipe.batchSize = 180
        try Trainer(c, network(), tinyData, folder: RunFolder(folder("whole"))).start(resume: false)
        c.recipe.batchSize = 181
        let sentence = "180 training images do not fill one batch of 181; lower --batch-size"
        #expect(throws: TrainingError(sentence)) {
            try Trainer(c, network(), tinyData, folder: RunFolder(folder("short"))).start(resume: false)
        }
    }

    @Test func anotherNetworkIsNotContinued() throws {
        let folder = TemporaryFolder()
        let first = Trainer(configuration(), try network(), tinyData, folder: RunFolder(folder("run")))
        try first.start(resume: false)
        try first.start(resume: true)
        #expect(!first.hasCheckpoint)
        let dense = try network()
        let pruned = try Network(dense.architecture, Connectivity(blocks: [[[true], [false, true]]]))
        let other = Trainer(configuration(), pruned, tinyData, folder: first.folder)
        let sentence = "\(folder("run")) holds a run of another network; choose another folder with --out"
        #expect(throws: TrainingError(sentence)) { try other.start(resume: true) }
    }

    @Test func aRunGoesOnWithItsOwnDataOnly() throws {
        let folder = TemporaryFolder()
        let shapes = try DataSources.load("shapes")
        let run = RunFolder(folder("run"))
        let first = Trainer(
            configuration(of: shapes), try network(imageSize: 32, classes: 10), shapes, folder: run)
        try first.start(resume: false)
        let again = try Trainer(continuing: run)
        #expect(again.configuration.difference(from: first.configuration) == nil)
        #expect(again.network == first.network && again.data.digest == shapes.digest)
        var changed = first.configuration
        changed.data.digest = "0"
        try run.write(changed, to: run.configuration)
        let sentence =
            "the data of shapes have changed since \(run.path) was started; a resumed run would mean nothing"
        #expect(throws: TrainingError(sentence)) { _ = try Trainer(continuing: run) }
    }
}
