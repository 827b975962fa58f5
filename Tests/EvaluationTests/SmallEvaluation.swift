import DenseNetArchitecture
import DenseNetModel
import ImageData
import Randomness
import Torch
import Training

@testable import Evaluation
@testable import Strategies

/// 120 images of 8×8 in 3 classes of brightness, of which 108 are trained on: a child takes a blink.
let brightData: DataSet = {
    func images(_ count: Int, seed: UInt64) -> ImageSet {
        var random = SeededGenerator(seed: seed)
        let labels = (0..<count).map { UInt8($0 % 3) }
        let pixels = labels.flatMap { label in
            (0..<192).map { _ in UInt8(40 + Int(label) * 60 + random.index(below: 60)) }
        }
        return ImageSet(pixels: pixels, labels: labels.map(Int32.init), channels: 3, size: 8)
    }
    return DataSet(
        name: "bright", train: images(120, seed: 1), test: images(30, seed: 2), classNames: ["a", "b", "c"])
}()

/// Evaluations of children on it, in batches of 18: six an epoch.
func brightPlan(_ kind: EvaluatorSettings.Kind, blocks: [Int] = [2, 2], ends: Bool = false) throws -> EvaluationPlan {
    let a = try Architecture(
        blocks: blocks, growthRate: 4, bottleneck: false, compression: 1, stem: .init(.cifar, channels: 4),
        imageSize: 8, classes: 3)
    var settings = EvaluatorSettings(kind)
    settings.batchSize = 18
    if kind == .shared { settings.sharedEpochs = 2 }
    return EvaluationPlan(
        SearchSpace(a, searchesBlockEnds: ends), DataIdentity(brightData, folder: nil), seed: 5, settings, threads: 1,
        machine: .current(device: .cpu, kernels: .automatic))
}
