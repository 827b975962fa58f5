import DenseNetArchitecture
import DenseNetModel
import ImageData
import TestSupport
import Testing
import Torch

@testable import Training

@Suite(.oneThread) struct TrainStepTests {
    private let maker = BatchMaker(tinyData.train, Normalization(of: tinyData.train, indices: Array(0..<200)))

    private func fresh() throws -> DenseNet {
        let network = try Network(
            Architecture(
                blocks: [2, 2], growthRate: 4, bottleneck: false, compression: 1, stem: .init(.cifar, channels: 4),
                imageSize: 8, classes: 3))
        return try DenseNet(network, generator: Generator(seed: 4), initialization: .fanIn)
    }

    /// The closed form: at a first step the momentum is the gradient, decay included, and Nesterov's looks ahead by it.
    @Test func aFirstStepByHand() throws {
        let (net, twin) = (try fresh(), try fresh())
        let optimizer = try SGD(net.parameters, rate: 0.1, momentum: 0.9, weightDecay: 0.01, nesterov: true)
        // An odd number: as many right as wrong is impossible.
        let chosen = Array(0..<21)[...]
        let batch = try maker.batch(chosen)
        let logits = try twin(batch.images, training: true)
        let loss = try logits.crossEntropy(batch.labels)
        try loss.backward()
        let value = try loss.item()
        let guesses = try logits.detached().argmax(dim: 1).ints()
        let right = zip(chosen, guesses).count { Int(tinyData.train.labels[$0]) == Int($1) }

        let found = try trainStep(net, optimizer, maker, chosen, nil)
        #expect(abs(found.loss - value) < 1e-5 && found.correct == right)
        for (mine, other) in zip(net.parameters, twin.parameters) {
            let (p, g) = (try other.doubles(), try #require(other.grad).doubles())
            let expected = zip(p, g).map { $0 - 0.1 * 1.9 * ($1 + 0.01 * $0) }
            let error = relativeError(try mine.doubles(), expected)
            #expect(error < 1e-4)
        }
        for ((name, mine), (_, other)) in zip(net.tensors, twin.tensors) where name.contains("running") {
            let error = relativeError(try mine.doubles(), try other.doubles())
            #expect(error < 1e-5, "\(name) is the batch's")
        }
    }

    @Test func aLossThatIsNoNumberMovesNoWeight() throws {
        let net = try fresh()
        let optimizer = try SGD(net, .oneCycle)
        try withoutGrad { try net.state["classifier.weight"]?.fill(.infinity) }
        let before = try net.parameters.map { try $0.floats() }
        let found = try trainStep(net, optimizer, maker, Array(0..<20)[...], nil)
        #expect(!found.loss.isFinite && found.correct == 0)
        #expect(try net.parameters.map { try $0.floats() } == before)
        let state = try optimizer.state()
        #expect(state.isEmpty)
    }
}
