import DenseNetArchitecture
import DenseNetModel
import Foundation
import ImageData
import Randomness
import TestSupport
import Testing
import Torch

@testable import Training

/// The loss of a distillation written out, and its gradient in each logit.
func distilledByHand(
    _ logits: [Double], labels: [Int], teacher: [Double], _ distillation: Distillation
) -> (loss: Double, gradient: [Double]) {
    let (t, w, count) = (distillation.temperature, distillation.weight, Double(labels.count))
    let classes = logits.count / labels.count
    func softmax(_ row: ArraySlice<Double>, _ temperature: Double) -> [Double] {
        let powers = row.map { exp($0 / temperature) }
        let sum = powers.reduce(0, +)
        return powers.map { $0 / sum }
    }
    var (loss, gradient): (Double, [Double]) = (0, [])
    for (image, label) in labels.enumerated() {
        let row = image * classes..<(image + 1) * classes
        let (hard, own) = (softmax(logits[row], 1), softmax(logits[row], t))
        let target = softmax(teacher[row], t)
        let divergence = zip(target, own).reduce(0.0) { $0 + $1.0 * log($1.0 / $1.1) }
        loss += (-(1 - w) * log(hard[label]) + w * t * t * divergence) / count
        for k in 0..<classes {
            let labelled = (1 - w) * (hard[k] - (k == label ? 1 : 0))
            gradient.append((labelled + w * t * (own[k] - target[k])) / count)
        }
    }
    return (loss, gradient)
}

@Suite(.oneThread) struct DistillationTests {
    private let maker = BatchMaker(tinyData.train, Normalization(of: tinyData.train, indices: Array(0..<200)))
    private let logits = [0.5, -1, 2, 1.5, 0.25, -0.75]
    private let taught = [2, 0.5, -1, -0.5, 1, 0.25]
    private let labels = [2, 0]

    private func distillation(_ temperature: Double, _ weight: Double) -> Distillation {
        Distillation(teacher: "elsewhere", digest: "0", temperature: temperature, weight: weight)
    }

    private func fresh(seed: UInt64) throws -> DenseNet {
        let network = try Network(
            Architecture(
                blocks: [2, 2], growthRate: 4, bottleneck: false, compression: 1, stem: .init(.cifar, channels: 4),
                imageSize: 8, classes: 3))
        return try DenseNet(network, generator: Generator(seed: seed), initialization: .fanIn)
    }

    /// The loss and its gradient of two images of three classes.
    private func found(
        _ distillation: Distillation, labels: [Int], teacher: [Double]
    ) throws -> (loss: Double, gradient: [Double]) {
        let (own, other) = (
            try Tensor(logits, [2, 3]).requiringGrad(), try Tensor(teacher, [2, 3]).requiringGrad()
        )
        let loss = try distillation.loss(of: own, labels: Tensor(labels.map { Int64($0) }, [2]), teacher: other)
        try loss.backward()
        #expect(other.grad == nil, "nothing reaches the teacher")
        return (try loss.item(), try #require(try own.grad?.doubles()))
    }

    @Test func theDefaultsAreTheLiteratures() {
        let usual = Distillation(teacher: "a", digest: "b")
        #expect(usual.temperature == 4 && usual.weight == 0.9 && usual.teacher == "a" && usual.digest == "b")
    }

    /// One image, two classes: the student knows nothing, the teacher at T = 2 says 3/4 and 1/4. The loss is half of ln
    /// 2 and half of 4 · (ln 2 less the entropy of 3/4 and 1/4).
    @Test func aLossInNumbers() throws {
        let teacher = try Tensor([2 * log(3.0), 0], [1, 2])
        let loss = try distillation(2, 0.5).loss(
            of: Tensor([0, 0] as [Double], [1, 2]), labels: Tensor([0] as [Int64], [1]), teacher: teacher)
        let value = try loss.item()
        #expect(abs(value - 0.6081976621622466) < 1e-12)
    }

    @Test(arguments: [(1.0, 0.5), (4.0, 0.9), (0.5, 0.3), (20.0, 1.0), (2.0, 1e-3)])
    func valueAndGradientByHand(temperature: Double, weight: Double) throws {
        let distillation = distillation(temperature, weight)
        let hand = distilledByHand(logits, labels: labels, teacher: taught, distillation)
        let (loss, gradient) = try found(distillation, labels: labels, teacher: taught)
        #expect(abs(loss - hand.loss) < 1e-12)
        for i in logits.indices {
            #expect(abs(gradient[i] - hand.gradient[i]) < 1e-12)
            func moved(_ step: Double) -> Double {
                var values = logits
                values[i] += step
                return distilledByHand(values, labels: labels, teacher: taught, distillation).loss
            }
            #expect(abs(gradient[i] - (moved(1e-5) - moved(-1e-5)) / 2e-5) < 1e-8)
        }
    }

    /// With hardly any weight the labels decide alone, with all of it the teacher; one that says the same leaves the
    /// labels their share.
    @Test func weightsAtTheirEnds() throws {
        let own = try Tensor(logits, [2, 3]).requiringGrad()
        let entropy = try own.crossEntropy(Tensor(labels.map { Int64($0) }, [2]))
        try entropy.backward()
        let (value, plain) = (try entropy.item(), try #require(try own.grad?.doubles()))
        func isPlain(_ result: (loss: Double, gradient: [Double]), times share: Double, within error: Double) -> Bool {
            abs(result.loss - share * value) < error
                && zip(result.gradient, plain).allSatisfy { abs($0 - share * $1) < error }
        }
        let least = try found(distillation(4, 1e-10), labels: labels, teacher: taught)
        #expect(isPlain(least, times: 1, within: 1e-8))
        let same = try found(distillation(3, 0.7), labels: labels, teacher: logits)
        #expect(isPlain(same, times: 0.3, within: 1e-12))
        let (all, others) = (
            try found(distillation(4, 1), labels: labels, teacher: taught),
            try found(distillation(4, 1), labels: [1, 1], teacher: taught)
        )
        #expect(all.loss == others.loss && all.gradient == others.gradient && all.loss > 0.1)
        let none = try found(distillation(4, 1), labels: labels, teacher: logits)
        #expect(abs(none.loss) < 1e-12 && none.gradient.allSatisfy { abs($0) < 1e-12 })
    }

    @Test func numbersThatTeachNothing() throws {
        for (temperature, weight) in [(0.01, 1.0), (100.0, 1e-300), (4.0, 0.9)] {
            #expect(throws: Never.self) { try distillation(temperature, weight).validate() }
        }
        for temperature in [0, -1, 0.0099, 100.1, .infinity, .nan] as [Double] {
            let sentence = "a distillation temperature of \(temperature); it must be from 0.01 to 100"
            #expect(throws: TrainingError(sentence)) { try distillation(temperature, 0.5).validate() }
        }
        for weight in [0, -0.1, 1.1, .infinity, .nan] as [Double] {
            let sentence = "a distillation weight of \(weight); it must be over 0, up to 1"
            #expect(throws: TrainingError(sentence)) { try distillation(4, weight).validate() }
        }
    }

    /// The teacher sees the images as they were shifted and flipped, with its running statistics; the network moves by
    /// the gradient written out, and the teacher not at all.
    @Test func aFirstStepByHand() throws {
        let (net, twin) = (try fresh(seed: 4), try fresh(seed: 4))
        let (teacher, other) = (try fresh(seed: 9), try fresh(seed: 9))
        let distillation = distillation(3, 0.7)
        let optimizer = try SGD(net.parameters, rate: 0.1, momentum: 0.9, weightDecay: 0.01, nesterov: true)
        let (chosen, augmentation) = (Array(0..<21)[...], SeededGenerator(seed: 8, stream: 4))
        let batch = try maker.batch(chosen, augmentation: augmentation)
        let said = try withoutGrad { try other(batch.images, training: false).doubles() }
        let logits = try twin(batch.images, training: true)
        let hand = distilledByHand(
            try logits.doubles(), labels: chosen.map { Int(tinyData.train.labels[$0]) }, teacher: said, distillation)
        try logits.backward(Tensor(hand.gradient.map { Float($0) }, [21, 3]))
        let guesses = try logits.detached().argmax(dim: 1).ints()
        let right = zip(chosen, guesses).count { Int(tinyData.train.labels[$0]) == Int($1) }

        let step = try trainStep(
            net, optimizer, maker, chosen, augmentation, teacher: Teacher(teacher, distillation))
        #expect(abs(step.loss - hand.loss) < 1e-4 && step.correct == right)
        for (mine, theirs) in zip(net.parameters, twin.parameters) {
            let (p, g) = (try theirs.doubles(), try #require(theirs.grad).doubles())
            let expected = zip(p, g).map { $0 - 0.1 * 1.9 * ($1 + 0.01 * $0) }
            let error = relativeError(try mine.doubles(), expected)
            #expect(error < 1e-3)
        }
        for (mine, theirs) in zip(teacher.tensors, other.tensors) {
            let same = try mine.tensor.floats() == theirs.tensor.floats()
            #expect(same && mine.tensor.grad == nil, "\(mine.name)")
        }
    }

    @Test func aTeacherThatSaysNoNumberMovesNoWeight() throws {
        let (net, teacher) = (try fresh(seed: 4), try fresh(seed: 9))
        try withoutGrad { try teacher.state["classifier.weight"]?.fill(.infinity) }
        let before = try net.parameters.map { try $0.floats() }
        let step = try trainStep(
            net, SGD(net, .oneCycle), maker, Array(0..<20)[...], nil, teacher: Teacher(teacher, distillation(4, 0.9)))
        #expect(!step.loss.isFinite && step.correct == 0)
        #expect(try net.parameters.map { try $0.floats() } == before)
    }
}
