import DenseNetArchitecture
import DenseNetModel
import Files
import Foundation
import ImageData
import Randomness
import Runs
import TestSupport
import Testing
import Torch

@testable import Training

/// A set so small that a training takes a second: 200 images of 8×8 in 3 classes of brightness.
let tinyData: DataSet = {
    func images(_ count: Int, seed: UInt64) -> ImageSet {
        var random = SeededGenerator(seed: seed)
        let labels = (0..<count).map { UInt8($0 % 3) }
        return ImageSet(
            pixels: labels.flatMap { label in
                (0..<192).map { _ in UInt8(40 + Int(label) * 60 + random.index(below: 60)) }
            },
            labels: labels.map(Int32.init), channels: 3, size: 8)
    }
    return DataSet(name: "tiny", train: images(200, seed: 1), test: images(60, seed: 2), classNames: ["a", "b", "c"])
}()

@Suite(.serialized, .oneThread) struct TrainerTests {
    func network() throws -> Network {
        try Network(
            Architecture(
                blocks: [2, 2], growthRate: 4, bottleneck: false, compression: 1, stem: .init(.cifar, channels: 4),
                imageSize: 8,
                classes: 3))
    }

    func trainer(_ path: String, epochs: Int = 3, rate: Double = 0.1, dropout: Double = 0) throws -> Trainer {
        var recipe = Recipe.oneCycle
        recipe.epochs = epochs
        recipe.batchSize = 20
        recipe.learningRate = rate
        recipe.dropout = dropout
        let configuration = TrainingConfiguration(
            label: "test", data: DataIdentity(tinyData, folder: nil), recipe: recipe, seed: 3,
            machine: .current(device: .cpu, kernels: .automatic))
        return Trainer(configuration, try network(), tinyData, folder: RunFolder(path))
    }

    @Test func learnsAndWritesEverything() throws {
        let folder = TemporaryFolder()
        let trainer = try trainer(folder("run"), epochs: 4)
        try trainer.start(resume: false)
        let result = try trainer.run(resume: false)
        #expect(result.accuracy > 0.8 && result.split == "validation")
        #expect(result.parameters == (try network().cost.parameters))
        for file in [
            "config.json", "architecture.json", "weights.safetensors", "metrics.jsonl", "result.json",
            "checkpoints/last.safetensors",
        ] {
            #expect(FileManager.default.fileExists(atPath: folder("run/" + file)), "\(file)")
        }
        #expect(throws: FileError.self) { try trainer.start(resume: false) }
    }

    /// A step through a part moves the part as it would move alone, and nothing else: no decay, no momentum, whatever
    /// moved before.
    @Test(arguments: [KernelChoice.torch, .swift])
    func whatAStepDoesNotSampleStays(kernels: KernelChoice) throws {
        let whole = try DenseNet(network(), generator: Generator(seed: 4))
        whole.kernels = kernels
        let a = whole.network.architecture
        let maker = BatchMaker(tinyData.train, Normalization(of: tinyData.train, indices: Array(0..<200)))
        let optimizer = try SGD(whole.parameters, rate: 0.1, momentum: 0.9, weightDecay: 0.01, nesterov: true)
        // Everything has momentum.
        _ = try trainStep(whole, optimizer, maker, Array(0..<20)[...], nil)
        let chain = Connectivity(try ConnectivityPatterns.parse("nearest"), for: a)
        // The ends leave layer 1 of the second block out, too.
        let part = Connectivity(blocks: [chain.blocks[0], [[true], [true, false], [false, false, true]]])
        let names = whole.tensors.filter { $0.tensor.requiresGrad }.map(\.name)
        func momentum() throws -> [String: Tensor] {
            let state = try optimizer.state()
            return try Dictionary(
                uniqueKeysWithValues: names.indices.map { (names[$0], try #require(state["momentum.\($0)"]).clone()) })
        }
        let before = Dictionary(
            uniqueKeysWithValues: try whole.tensors.map { ($0.name, try $0.tensor.detached().clone()) })
        let (momentumBefore, alone) = (try momentum(), try whole.rebuilt(part))
        let (momentumAlone, single) = (
            try DenseNet(whole.network, state: before.merging(momentumBefore) { $1 }).rebuilt(part),
            try SGD(alone.parameters, rate: 0.1, momentum: 0.9, weightDecay: 0.01, nesterov: true)
        )
        let buffers = momentumAlone.tensors.filter { !$0.name.contains("running") }.map(\.tensor)
        try single.restore(Dictionary(uniqueKeysWithValues: buffers.enumerated().map { ("momentum.\($0)", $1) }))
        _ = try trainStep(alone, single, maker, Array(20..<40)[...], nil)
        _ = try trainStep(whole, optimizer, maker, Array(20..<40)[...], nil, through: whole.sharing(part))
        // What the part has of the whole is what it became alone.
        let rebuilt = try whole.rebuilt(part)
        for (mine, other) in zip(rebuilt.tensors, alone.tensors) where !mine.name.contains("running") {
            let (a, b) = (try mine.tensor.doubles(), try other.tensor.doubles())
            #expect(zip(a, b).allSatisfy { abs($0 - $1) < 1e-5 }, "\(mine.name)")
        }
        // And the rest, its momentum too, is where it was: putting the part's old values back gives the old whole.
        for (values, old) in [(whole.state, before), (try momentum(), momentumBefore)] {
            var untouched = 0
            for (name, mask) in zip(names, try whole.sharing(part).used) {
                guard let mask else { continue }
                let (now, then, used) = (
                    try #require(values[name]), try #require(old[name]), try mask.expanded(before[name]?.shape ?? [])
                )
                for (index, flag) in try used.doubles().enumerated() where flag == 0 {
                    untouched += 1
                    let same = try now.doubles()[index] == then.doubles()[index]
                    #expect(same, "\(name)")
                }
            }
            #expect(untouched > 100)
        }
    }

    /// Stopped after every possible number of steps and resumed: the same bits as never stopped. Dropout's generator is
    /// part of it.
    @Test(arguments: [0, 0.2])
    func resumesBitForBit(dropout: Double) throws {
        let folder = TemporaryFolder()
        let whole = try trainer(folder("whole"), dropout: dropout)
        try whole.start(resume: false)
        _ = try whole.run(resume: false)
        let expected = try Data(contentsOf: URL(fileURLWithPath: folder("whole/weights.safetensors")))
        for stop in [1, 4, 9, 10, 17] {
            let path = folder("stopped-\(stop)")
            var first = try trainer(path, dropout: dropout)
            // A checkpoint after every step stands in for whatever moment the machine died at.
            first.checkpointSeconds = 0
            first.stopAfter = stop
            try first.start(resume: false)
            let stopped = #expect(throws: Interrupted.self) { try first.run(resume: false) }
            let place = "interrupted in epoch \(stop / 9 + 1) at step \(stop % 9) of 9; saved. Continue"
            #expect(stopped?.description.hasPrefix(place) == true, "\(String(describing: stopped))")
            let second = try trainer(path, dropout: dropout)
            try second.start(resume: true)
            _ = try second.run(resume: true)
            #expect(
                try Data(contentsOf: URL(fileURLWithPath: path + "/weights.safetensors")) == expected,
                "stopped after \(stop)")
        }
    }

    /// What is told while it trains agrees with itself, and with what is kept.
    @Test func whatATrainingTells() throws {
        final class Told: @unchecked Sendable {  // The trainer tells on its own thread alone, this one.
            var events: [TrainingEvent] = []
        }
        let (folder, told) = (TemporaryFolder(), Told())
        var trainer = try trainer(folder("run"), epochs: 2)
        trainer.observer = { told.events.append($0) }
        try trainer.start(resume: false)
        let result = try trainer.run(resume: false)
        var (steps, epochs): ([(loss: Double, accuracy: Double)], [EpochMetrics]) = ([], [])
        for event in told.events {
            switch event {
            case .step(let epoch, 2, let step, 9, let loss, let accuracy, let speed, let left):
                #expect(steps.count == (epoch - 1) * 9 + step - 1)
                #expect(abs(left * speed - Double((18 - steps.count - 1) * 20)) < 1e-6 && speed > 0)
                steps.append((loss, accuracy))
            case .epoch(let metrics, 2, _):
                // The epoch's last step told the whole epoch's means.
                #expect(metrics.trainLoss == steps.last?.loss && metrics.trainAccuracy == steps.last?.accuracy)
                #expect(abs(metrics.seconds * metrics.imagesPerSecond - 180) < 1e-6)
                let last = Recipe.oneCycle.rate(step: steps.count - 1, of: 18).rate
                #expect(metrics.epoch == steps.count / 9 && abs(metrics.learningRate - last) < 1e-12)
                epochs.append(metrics)
            default: Issue.record("\(event)")
            }
        }
        #expect(steps.count == 18 && epochs.count == 2)
        #expect(result.epochs == 2 && abs(result.imagesPerSecond * result.seconds - 360) < 1e-6)
        #expect(abs(result.seconds - epochs.reduce(0) { $0 + $1.seconds }) < 1e-9)
        #expect(result.validationAccuracy == epochs.compactMap(\.validationAccuracy).max())
    }

    @Test func aDamagedCheckpointFallsBackToTheOneBefore() throws {
        let folder = TemporaryFolder()
        let whole = try trainer(folder("run"))
        try whole.start(resume: false)
        _ = try whole.run(resume: false)
        let expected = try Data(contentsOf: URL(fileURLWithPath: folder("run/weights.safetensors")))
        let last = URL(fileURLWithPath: folder("run/checkpoints/last.safetensors"))
        var bytes = try Data(contentsOf: last)
        bytes[bytes.count - 5] ^= 1
        try bytes.write(to: last)
        // As if it had not ended.
        try FileManager.default.removeItem(atPath: folder("run/result.json"))
        var again = try trainer(folder("run"))
        var notes: [String] = []
        again.observer = { if case .note(let text) = $0 { notes.append(text) } }
        try again.start(resume: true)
        _ = try again.run(resume: true)
        #expect(notes.count == 1 && notes[0].contains("do not match their SHA-256"))
        #expect(try Data(contentsOf: URL(fileURLWithPath: folder("run/weights.safetensors"))) == expected)
        try FileManager.default.removeItem(atPath: folder("run/result.json"))
        for name in ["last", "previous"] {
            try Data("x".utf8).write(to: URL(fileURLWithPath: folder("run/checkpoints/\(name).safetensors")))
        }
        let error = #expect(throws: FileError.self) { try again.run(resume: true) }
        #expect("\(try #require(error))".contains("can be used"))
    }

    @Test func aLossThatIsNoNumberStops() throws {
        let folder = TemporaryFolder()
        let trainer = try trainer(folder("run"), rate: 1e30)
        try trainer.start(resume: false)
        let error = #expect(throws: TrainingError.self) { try trainer.run(resume: false) }
        #expect("\(try #require(error))".hasPrefix("the loss became"))
        #expect("\(try #require(error))".contains("in epoch 1, step"))
    }

    @Test func anotherRunIsNotContinued() throws {
        let folder = TemporaryFolder()
        try trainer(folder("run")).start(resume: false)
        let error = #expect(throws: TrainingError.self) { try trainer(folder("run"), epochs: 5).start(resume: true) }
        #expect("\(try #require(error))".contains("the number of epochs is 3 there and 5 here"))
    }

    @Test func allDataLeavesNothingToValidate() throws {
        let folder = TemporaryFolder()
        let base = try trainer(folder("run"), epochs: 1)
        var configuration = base.configuration
        configuration.allData = true
        configuration.testAtEnd = true
        let trainer = Trainer(configuration, try network(), tinyData, folder: RunFolder(folder("run")))
        try trainer.start(resume: false)
        let result = try trainer.run(resume: false)
        #expect(result.split == "test" && result.validationAccuracy == nil)
        #expect(try trainer.folder.readTestUses().map { $0?.command } == ["at the end of training"])
    }

    @Test func normStatisticsAreAveragedOverBatches() throws {
        let net = try DenseNet(network(), generator: Generator(seed: 1))
        let maker = BatchMaker(tinyData.train, Normalization(of: tinyData.train, indices: Array(0..<200)))
        try net.recomputeNormStatistics(maker, Array(0..<120), batchSize: 40)
        let mean = try #require(net.state["features.denseblock1.denselayer1.norm1.running_mean"]).doubles()
        let x = try maker.batch((0..<120)[...].map { $0 }[...]).images
        let stem = try withoutGrad {
            try x.conv2d(try #require(net.state["features.conv0.weight"]), padding: 1).mean([0, 2, 3]).doubles()
        }
        #expect(relativeError(mean, stem) < 1e-5)
        #expect(net.normMomentum == 0.1)
    }
}
