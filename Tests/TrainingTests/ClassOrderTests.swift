import DenseNetArchitecture
import DenseNetModel
import Foundation
import ImageData
import Randomness
import Runs
import TestSupport
import Testing
import Torch

@testable import Training

/// A data set in class order: no limit and no sample is of one class.
@Suite(.oneThread) struct ClassOrderTests {
    /// 600 images of 6 classes, one class after the other.
    private static let labels = (0..<600).map { UInt8($0 / 100) }

    private func classes(_ indices: [Int]) -> Set<UInt8> { Set(indices.map { Self.labels[$0] }) }

    @Test(arguments: [0, 1, 7] as [UInt64])
    func limitsAndSamplesAreOfEveryClass(seed: UInt64) {
        let split = Split(count: 600, seed: seed, limit: 60, limitValidation: 40)
        #expect(split.train.count == 60 && classes(split.train).count == 6)
        #expect(split.validation.count == 40 && classes(split.validation).count == 6)
        let sample = Split(count: 600, seed: seed).sample(128, seed: seed)
        #expect(sample.count == 128 && Set(sample).count == 128)
        // Statistics are averaged over batches: each must be of several classes, too.
        for start in stride(from: 0, to: 128, by: 32) { #expect(classes(Array(sample[start..<start + 32])).count >= 4) }
        #expect(Set(sample).isDisjoint(with: Split(count: 600, seed: seed).validation))
    }

    /// Weights trained in parts get their BN statistics from images of all classes: the mean the stem sees is that of
    /// the set.
    @Test func partsAreNormalisedByAllClasses() throws {
        let pixels = Self.labels.flatMap { label in [UInt8](repeating: 20 + 40 * label, count: 192) }
        let set = ImageSet(pixels: pixels, labels: Self.labels.map(Int32.init), channels: 3, size: 8)
        let data = DataSet(name: "ordered", train: set, test: set, classNames: (0..<6).map { "\($0)" })
        var recipe = Recipe.oneCycle
        (recipe.epochs, recipe.batchSize, recipe.learningRate, recipe.augmentation) = (1, 8, 1e-9, .off)
        let network = try Network(
            Architecture(
                blocks: [2], growthRate: 4, bottleneck: false, compression: 1, stem: .init(.cifar, channels: 4),
                imageSize: 8, classes: 6))
        let scratch = TemporaryFolder()
        var trainer = Trainer(
            TrainingConfiguration(
                label: "parts", data: DataIdentity(data, folder: nil), recipe: recipe, seed: 0,
                machine: .current(device: .cpu, kernels: .automatic)),
            network, data, folder: RunFolder(scratch("run")))
        trainer.sampler = { _ in .dense(network.architecture) }
        try trainer.start(resume: false)
        _ = try trainer.run(resume: false)
        let net = try trainer.folder.model()
        func running(_ name: String) throws -> [Double] {
            try #require(net.state["features.denseblock1.denselayer1.norm1.\(name)"]).doubles()
        }
        let maker = BatchMaker(set, trainer.normalization)
        let all = try maker.batch(trainer.configuration.split(of: data).train[...]).images
        let stem = try withoutGrad { try all.conv2d(try #require(net.state["features.conv0.weight"]), padding: 1) }
        let (mean, square) = (try stem.mean([0, 2, 3]).doubles(), try stem.pow(2).mean([0, 2, 3]).doubles())
        for (channel, pair) in zip(try running("running_mean"), zip(mean, square)).enumerated() {
            let deviation = (pair.1.1 - pair.1.0 * pair.1.0).squareRoot()
            #expect(abs(pair.0 - pair.1.0) < 0.35 * deviation, "channel \(channel)")
        }
        for (variance, pair) in zip(try running("running_var"), zip(mean, square)) {
            #expect(variance > 0.6 * (pair.1 - pair.0 * pair.0))
        }
    }
}
