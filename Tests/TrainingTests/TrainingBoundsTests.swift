import Files
import Testing

@testable import Training

/// What a checkpoint or a result may hold: the last that is taken and the first that is not.
@Suite struct TrainingBoundsTests {
    private let metrics = EpochMetrics(
        epoch: 1, trainLoss: 1, trainAccuracy: 0.5, validationLoss: nil, validationAccuracy: nil, learningRate: 0.1,
        seconds: 1, imagesPerSecond: 1)

    @Test func statesOfATraining() throws {
        typealias Change = (inout TrainingState) -> Void
        let most = 1 << 60
        // Two of three epochs of nine steps.
        func state(_ change: Change) -> TrainingState {
            var state = TrainingState()
            (state.epoch, state.step, state.history) = (2, 4, [metrics, metrics])
            change(&state)
            return state
        }
        let taken: [Change] = [
            { _ in }, { $0.bestAccuracy = 1 }, { $0.step = 0 }, { $0.step = 9 }, { $0.seen = 0 }, { $0.seen = most },
            { $0.correct = most },
            { $0.imagesTrained = most }, { ($0.epoch, $0.history) = (0, []) },
            { ($0.epoch, $0.history) = (3, $0.history + $0.history.prefix(1)) },
        ]
        for (index, change) in taken.enumerated() {
            #expect(throws: Never.self, "change \(index)") { try state(change).validate(epochs: 3, steps: 9) }
        }
        let refused: [Change] = [
            { $0.step = -1 }, { $0.step = 10 }, { $0.seen = -1 }, { $0.seen = most + 1 }, { $0.correct = -1 },
            { $0.correct = most + 1 }, { $0.imagesTrained = -1 }, { $0.imagesTrained = most + 1 }, { $0.epoch = -1 },
            { $0.epoch = 1 }, { $0.history = [] }, { ($0.epoch, $0.history) = (4, $0.history + $0.history) },
            { $0.bestAccuracy = .nan }, { $0.bestAccuracy = 1.01 }, { $0.lossSum = .nan }, { $0.seconds = .infinity },
            { $0.epochSeconds = .nan }, { $0.epochWaited = .nan }, { $0.history[1].trainLoss = .nan },
            { $0.history[1].validationLoss = .infinity }, { $0.history[1].validationAccuracy = -0.1 },
        ]
        for (index, change) in refused.enumerated() {
            #expect(throws: FileError.self, "change \(index)") { try state(change).validate(epochs: 3, steps: 9) }
        }
        let sentence = "its state, epoch 2 and step 10, is none of a training of 3 epochs of 9 steps"
        #expect(throws: FileError(sentence)) { try state { $0.step = 10 }.validate(epochs: 3, steps: 9) }
    }

    /// A training begins with nothing behind it.
    @Test func aTrainingBeginsWithNothing() {
        let state = TrainingState()
        #expect(state.epoch == 0 && state.step == 0 && state.seen == 0 && state.correct == 0)
        #expect(state.lossSum == 0 && state.epochSeconds == 0 && state.seconds == 0 && state.imagesTrained == 0)
        #expect(state.bestAccuracy == nil && state.history.isEmpty)
    }

    @Test func resultsOfATraining() {
        typealias Change = (inout TrainingResult) -> Void
        func impossibility(_ change: Change) -> String? {
            var result = TrainingResult(
                label: "x", split: "validation", accuracy: 0.5, loss: 1, validationAccuracy: nil, parameters: 1,
                macs: 1, connections: 1, imagesPerSecond: 1, inferenceImagesPerSecond: nil, seconds: 1, epochs: 1,
                seed: 1, run: "run")
            change(&result)
            return result.impossibility
        }
        let possible: [Change] = [
            { _ in }, { $0.accuracy = 0 }, { $0.accuracy = 1 }, { $0.validationAccuracy = 0 },
            { $0.validationAccuracy = 1 }, { $0.parameters = 0 }, { $0.macs = 0 }, { $0.connections = 0 },
            { $0.epochs = 0 }, { $0.seconds = 0 }, { $0.seconds = 3e11 }, { $0.imagesPerSecond = 0 },
            { $0.imagesPerSecond = 1e12 }, { $0.inferenceImagesPerSecond = 0 },
            { $0.inferenceImagesPerSecond = 1e12 },
        ]
        for (index, change) in possible.enumerated() { #expect(impossibility(change) == nil, "change \(index)") }
        let impossible: [(String, Change)] = [
            ("accuracy 1.1; 0 to 1 is possible", { $0.accuracy = 1.1 }),
            ("accuracy -0.1; 0 to 1 is possible", { $0.accuracy = -0.1 }),
            ("accuracy nan; 0 to 1 is possible", { $0.accuracy = .nan }),
            ("validated accuracy 1.5; 0 to 1 is possible", { $0.validationAccuracy = 1.5 }),
            ("-1 parameters", { $0.parameters = -1 }), ("-1 MACs", { $0.macs = -1 }),
            ("-1 connections", { $0.connections = -1 }), ("-1 epochs", { $0.epochs = -1 }),
            ("-1.0 seconds in training", { $0.seconds = -1 }), ("\(4e11) seconds in training", { $0.seconds = 4e11 }),
            ("inf seconds in training", { $0.seconds = .infinity }),
            ("-1.0 images a second", { $0.imagesPerSecond = -1 }),
            ("inf images a second", { $0.imagesPerSecond = .infinity }),
            ("-2.0 images a second", { $0.inferenceImagesPerSecond = -2 }),
            ("nan images a second", { $0.inferenceImagesPerSecond = .nan }),
        ]
        for (sentence, change) in impossible { #expect(impossibility(change) == sentence) }
    }
}
