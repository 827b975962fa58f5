import DenseNetArchitecture
import DenseNetModel
import Foundation
import ImageData
import TestSupport
import Testing
import Torch
import Training

@testable import ConnectivitySearch

@Suite(.serialized) struct EvaluatorTests {
    @Test func childrenAreEvaluatedTheSameEveryTime() throws {
        let shapes = try DataSources.load("shapes")
        let a = try Architecture(
            blocks: [2, 2], growthRate: 4, bottleneck: false, compression: 1, stem: .init(.cifar, channels: 4))
        let data = ChildData(shapes, seed: 1, limitTrain: 128, limitValidation: 100)
        let chain = Connectivity(try ConnectivityPatterns.parse("nearest"), for: a)
        var settings = EvaluatorSettings(.scratch)
        settings.batchSize = 32
        let scratch = ScratchEvaluator(a, data, settings, device: .cpu, kernels: .automatic)
        let first = try scratch.evaluate(chain, seed: 3, length: 1)
        let second = try scratch.evaluate(chain, seed: 3, length: 1)
        #expect(first == second && first.images == 128)
        #expect(try scratch.evaluate(chain, seed: 3, length: 2.5).images == 320)
        #expect(try scratch.evaluate(chain, seed: 4, length: 1).loss != first.loss)

        let dense = try DenseNet(Network(a), generator: Generator(seed: 2))
        let before = try dense.tensors.map { try $0.tensor.floats() }
        settings = EvaluatorSettings(.inherit)
        settings.batchSize = 32
        let inherit = InheritEvaluator(dense, data, settings)
        let one = try inherit.evaluate(chain, seed: 3, length: 1)
        #expect(try inherit.evaluate(chain, seed: 3, length: 1).loss == one.loss)
        #expect(try dense.tensors.map { try $0.tensor.floats() } == before, "the dense network is not changed by its children")
    }

    @Test func validationImagesAreNeverTrainedOn() throws {
        let shapes = try DataSources.load("shapes")
        let data = ChildData(shapes, seed: 1, limitTrain: 500, limitValidation: nil)
        #expect(Set(data.train).isDisjoint(with: data.validation))
        #expect(data.train.count == 500 && data.validation.count == 600)
    }
}
