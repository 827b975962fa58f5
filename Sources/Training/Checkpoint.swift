import DenseNetModel
import Files
import Foundation
import Runs
import Torch
import WeightFiles

/// What a training knows between two steps, besides weights and optimiser.
struct TrainingState: Codable {
    /// The epoch the next step belongs to, from 0.
    var epoch = 0
    /// The next step within the epoch, from 0.
    var step = 0
    /// Sums over the epoch so far.
    var lossSum = 0.0
    var correct = 0
    var seen = 0
    /// Seconds in training, in this epoch and in all.
    var epochSeconds = 0.0
    var seconds = 0.0
    /// Of the epoch's, those in which images were waited for; none in checkpoints of earlier builds.
    var epochWaited: Double?
    var imagesTrained = 0
    /// The best validated accuracy.
    var bestAccuracy: Double?
    /// One entry per finished epoch.
    var history: [EpochMetrics] = []

    /// Refuses what no training of so many epochs and steps an epoch was ever in.
    /// - Throws: `FileError` with a clause.
    func validate(epochs: Int, steps: Int) throws {
        // Far above any training's, far below an overflow.
        let most = 1 << 60
        guard 0...epochs ~= epoch, 0...steps ~= step, 0...most ~= seen, 0...most ~= correct, 0...most ~= imagesTrained,
            history.count == epoch
        else {
            throw FileError(
                "its state, epoch \(epoch) and step \(step), is none of a training of \(epochs) epochs of \(steps) steps"
            )
        }
        let measured = history.flatMap {
            [$0.trainLoss, $0.trainAccuracy, $0.learningRate, $0.seconds, $0.imagesPerSecond]
        }
        let sums = [lossSum, epochSeconds, seconds, epochWaited ?? 0]
        guard (measured + sums + history.compactMap(\.validationLoss)).allSatisfy(\.isFinite),
            (history.compactMap(\.validationAccuracy) + [bestAccuracy ?? 0]).allSatisfy({ 0...1 ~= $0 })
        else { throw FileError("its state holds numbers that no training comes to") }
    }
}

/// A training's checkpoint: `checkpoints/last.safetensors`, the one before it kept as `previous.safetensors`.
struct Checkpoint {
    let folder: RunFolder
    private var last: String { folder.checkpoints + "/last.safetensors" }
    private var previous: String { folder.checkpoints + "/previous.safetensors" }

    /// Whether there is one, whole or damaged.
    var exists: Bool { [last, previous].contains { FileManager.default.fileExists(atPath: $0) } }

    func save(_ state: TrainingState, _ net: DenseNet, _ optimizer: SGD) throws {
        var tensors: [String: StoredTensor] = [:]
        for (name, tensor) in net.tensors { tensors["model." + name] = try StoredTensor(tensor) }
        for (name, tensor) in try optimizer.state() { tensors["optimizer." + name] = try StoredTensor(tensor) }
        // Dropout draws from libtorch's own generator.
        let generator = try Runtime.generatorState()
        tensors["generator"] = StoredTensor(type: "U8", shape: [generator.count], bytes: Data(generator))
        let json = try RunFolder.encoder(pretty: false).encode(state)
        let file = Safetensors(tensors: tensors, metadata: ["state": String(decoding: json, as: UTF8.self)])
        let temporary = folder.checkpoints + "/next.safetensors"
        try file.writeWithDigest(to: temporary)
        // At every moment at least one whole checkpoint has a name that `load` knows.
        if FileManager.default.fileExists(atPath: last) { rename(last, previous) }
        guard rename(temporary, last) == 0 else { throw FileError("cannot put \(last) in place") }
    }

    /// Restores the latest checkpoint; `nil` when there is none.
    /// - Throws: `FileError` when all there are are damaged.
    func load(
        into net: DenseNet, _ optimizer: SGD, epochs: Int, steps: Int, note: (String) -> Void
    ) throws -> TrainingState? {
        var damage: (any Error)?
        for path in [last, previous] where FileManager.default.fileExists(atPath: path) {
            do {
                let file = try Safetensors(verifying: path)
                guard let json = file.metadata["state"] else { throw FileError("\(path) holds no training state") }
                let state = try JSONFile.decode(
                    TrainingState.self, from: Data(json.utf8), named: "\(path), state", RunFolder.decoder)
                do { try state.validate(epochs: epochs, steps: steps) } catch { throw FileError("\(path): \(error)") }
                let tensors = try file.torchTensors()
                for (name, tensor) in net.tensors {
                    guard let stored = tensors["model." + name], stored.shape == tensor.shape else {
                        throw FileError("\(path) belongs to another network: '\(name)' is missing or has another shape")
                    }
                    try tensor.assign(stored)
                }
                var optimizerState: [String: Tensor] = [:]
                for (name, tensor) in tensors where name.hasPrefix("optimizer.") {
                    optimizerState[String(name.dropFirst(10))] = tensor
                }
                try optimizer.restore(optimizerState)
                if net.dropout > 0, let generator = file.tensors["generator"] {
                    guard generator.type == "U8" else {
                        throw FileError("\(path): its generator's state is no array of bytes")
                    }
                    try Runtime.setGeneratorState([UInt8](generator.bytes))
                }
                // The next one to be saved would put what is damaged into this one's place.
                if path == previous { unlink(last) }
                return state
            } catch {
                if damage == nil { damage = error }
                note("\(error); trying the checkpoint before it")
            }
        }
        if let damage { throw FileError("no checkpoint in \(folder.checkpoints) can be used: \(damage)") }
        return nil
    }
}
