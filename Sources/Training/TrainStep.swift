import DenseNetModel
import ImageData
import Randomness
import Torch

/// One step of SGD on the images at `chosen`: forward, backward, update. No weight moves when the loss is no number.
/// - Parameter part: the part of the network that this step trains; the whole without it. What is not in it stays as it
///   is: neither weight decay nor momentum moves it.
/// - Parameter teacher: what is learned from beside the labels; it sees the same images, shifted and flipped alike.
/// - Returns: what was minimised before the update (the labels' cross entropy, with a teacher `Distillation.loss`), and
///   how many images were classified right.
public func trainStep(
    _ net: DenseNet, _ optimizer: SGD, _ maker: BatchMaker, _ chosen: ArraySlice<Int>, _ augmentation: SeededGenerator?,
    through part: SharedPart? = nil, teacher: Teacher? = nil
) throws -> (loss: Double, correct: Int) {
    let batch = try maker.batch(chosen, augmentation: augmentation)
    return try trainStep(net, optimizer, batch, through: part, teacher: teacher)
}

/// The same on a batch that is made already.
func trainStep(
    _ net: DenseNet, _ optimizer: SGD, _ batch: Batch, through part: SharedPart?, teacher: Teacher?
) throws -> (loss: Double, correct: Int) {
    let images = try batch.images.to(on: net.device)
    // First, as a network's pass sets libtorch's threads: those of the gradient are to be the student's.
    let lesson = try teacher?.lesson(on: images)
    let logits = try (part?.network ?? net)(images, training: true)
    let labels = try batch.labels.to(on: net.device)
    let loss = try lesson?.loss(of: logits, labels: labels) ?? logits.crossEntropy(labels)
    let value = try loss.item()
    guard value.isFinite else { return (value, 0) }
    for parameter in net.parameters { parameter.clearGrad() }
    try loss.backward()
    try optimizer.step(moving: part?.used ?? [])
    let guesses = try logits.detached().argmax(dim: 1).ints()
    return (value, zip(try batch.labels.ints(), guesses).count { $0 == $1 })
}
