import DenseNetModel
import Files
import Foundation
import ImageData
import Runs
import Torch

// What a training leaves when it has ended.
extension Trainer {
    /// What a finished training ended with. Its weights are looked at all the same.
    func finished() throws -> TrainingResult {
        guard FileManager.default.fileExists(atPath: folder.weights) else {
            throw TrainingError(
                "\(folder.path) is finished, but its weights are gone: there is no \(folder.weights); take it from a copy, or train it again in another folder"
            )
        }
        _ = try folder.model()
        var result = try folder.read(TrainingResult.self, from: folder.result)
        result.run = folder.path
        return result
    }

    func writeMetrics(_ state: TrainingState) throws {
        let encoder = RunFolder.encoder(pretty: false)
        let lines = try state.history.map { try encoder.encode($0) + Data("\n".utf8) }
        try AtomicFile.write(lines, to: folder.metrics)
    }

    /// The result of the weights that were kept, on the split the configuration asks for.
    func finish(
        _ state: TrainingState, _ maker: BatchMaker, _ split: Split, _ device: Device
    ) throws -> TrainingResult {
        try writeMetrics(state)
        let net = try folder.model(device: device)
        net.kernels = configuration.machine.kernels
        var (name, accuracy, loss) = (
            "train", state.history.last?.trainAccuracy ?? 0, state.history.last?.trainLoss ?? 0
        )
        var speed: Double?
        var confusion: ConfusionMatrix?
        if configuration.testAtEnd || !split.validation.isEmpty {
            name = configuration.testAtEnd ? "test" : "validation"
            let set = configuration.testAtEnd ? data.test : data.train
            var guesses: [(Int, Int)] = []
            let found = try net.evaluate(
                BatchMaker(set, maker.normalization),
                configuration.testAtEnd ? Array(0..<set.count) : split.validation, noting: { guesses.append(($0, $1)) })
            if configuration.testAtEnd {
                try folder.noteTestUse(command: "at the end of training", accuracy: found.accuracy)
            }
            (accuracy, loss, speed) = (found.accuracy, found.loss, found.imagesPerSecond)
            try folder.write(
                Confusion(found.confusion, split: name, set, data.classNames, guesses: guesses), to: folder.confusion)
            confusion = found.confusion
        }
        let cost = network.cost
        let result = TrainingResult(
            label: configuration.label, split: name, accuracy: accuracy, loss: loss,
            balancedAccuracy: confusion?.balancedAccuracy, macroF1: confusion?.macroF1,
            validationAccuracy: state.bestAccuracy,
            parameters: net.parameterCount, macs: cost.macs, connections: cost.connections,
            imagesPerSecond: Double(state.imagesTrained) / max(state.seconds, 1e-9), inferenceImagesPerSecond: speed,
            seconds: state.seconds,
            epochs: configuration.recipe.epochs, seed: configuration.seed, run: folder.path)
        try folder.write(result, to: folder.result)
        return result
    }
}
