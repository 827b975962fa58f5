import Dispatch
import Randomness
import Torch

/// Images ready for a network, with their classes.
public struct Batch {
    /// Normalised images `[N, C, H, W]`, float32.
    public let images: Tensor
    /// Classes `[N]`, int64.
    public let labels: Tensor
}

/// What a batch is made of before it is tensors, which one thread uses at a time.
struct BatchValues: Sendable {
    /// Normalised images in row-major order.
    let images: [Float]
    /// `[N, C, H, W]`.
    let shape: [Int]
    let labels: [Int64]

    /// - Throws: `TorchError`.
    func tensors() throws -> Batch {
        Batch(images: try Tensor(images, shape), labels: try Tensor(labels, [labels.count]))
    }
}

/// Makes batches of a set's images: normalised, and in training shifted and flipped.
public struct BatchMaker: Sendable {
    /// The images.
    public let set: ImageSet
    /// What normalises them.
    public let normalization: Normalization

    /// A maker of batches.
    public init(_ set: ImageSet, _ normalization: Normalization) {
        self.set = set
        self.normalization = normalization
    }

    /// Refuses a normalisation of other images.
    /// - Throws: `DataError`.
    public func check() throws {
        guard normalization.mean.count == set.channels else {
            throw DataError(
                "images of \(set.channels) channels cannot be normalised by \(normalization.mean.count) means; use the data the run was trained on"
            )
        }
    }

    /// A batch of the images at `indices`.
    /// - Parameter augmentation: pads each image by 4 zeros (after normalisation, as the DenseNet paper's code), crops
    ///   it at random and flips every other one; `nil` leaves images as they are.
    public func batch(_ indices: ArraySlice<Int>, augmentation: SeededGenerator? = nil) throws -> Batch {
        try values(indices, augmentation: augmentation).tensors()
    }

    /// The same as numbers, on all cores; the same bits at any number of them, as everything random is drawn first.
    func values(_ indices: ArraySlice<Int>, augmentation: SeededGenerator? = nil) throws -> BatchValues {
        try check()
        let shifts = shifts(indices.count, drawnFrom: augmentation)
        let tables = (0..<set.channels).flatMap { c in
            (0..<256).map { (Float($0) - normalization.mean[c]) / normalization.deviation[c] }
        }
        let (imageBytes, indices) = (set.imageBytes, Array(indices))
        var images = [Float](repeating: 0, count: indices.count * imageBytes)
        images.withUnsafeMutableBufferPointer { out in
            // Each part writes its own images, and all are done before the buffer is left.
            nonisolated(unsafe) let out = out
            let inPart = max(1, Self.partBytes / imageBytes)
            let parts = (indices.count + inPart - 1) / inPart
            DispatchQueue.concurrentPerform(iterations: parts) { part in
                for n in part * inPart..<min((part + 1) * inPart, indices.count) {
                    let image = UnsafeMutableBufferPointer(rebasing: out[n * imageBytes..<(n + 1) * imageBytes])
                    fill(image, with: indices[n], shifts[n], tables)
                }
            }
        }
        return BatchValues(
            images: images, shape: [indices.count, set.channels, set.size, set.size],
            labels: indices.map { Int64(set.labels[$0]) })
    }

    private func shifts(_ count: Int, drawnFrom generator: SeededGenerator?) -> [Shift] {
        guard var random = generator else { return [Shift](repeating: Shift(), count: count) }
        return (0..<count).map { _ in Shift(drawnFrom: &random) }
    }

    /// What is worth giving to another core: some tens of microseconds.
    private static let partBytes = 1 << 16

    /// Writes an image over zeros, normalised by the tables of its channels.
    private func fill(
        _ out: UnsafeMutableBufferPointer<Float>, with index: Int, _ shift: Shift, _ tables: [Float]
    ) {
        let (size, dx, dy) = (set.size, shift.right, shift.down)
        let (columns, rows) = (max(0, -dx)..<min(size, size - dx), max(0, -dy)..<min(size, size - dy))
        guard !columns.isEmpty else { return }
        set.pixels.withUnsafeBufferPointer { pixels in
            tables.withUnsafeBufferPointer { tables in
                for c in 0..<set.channels {
                    let table = UnsafeBufferPointer(rebasing: tables[c * 256..<(c + 1) * 256])
                    for y in rows {
                        let source = index * set.imageBytes + (c * size + y + dy) * size + dx
                        let target = (c * size + y) * size
                        if shift.isFlipped {
                            for x in columns { out[target + size - 1 - x] = table[Int(pixels[source + x])] }
                        } else {
                            for x in columns { out[target + x] = table[Int(pixels[source + x])] }
                        }
                    }
                }
            }
        }
    }
}

/// How an image is moved and mirrored.
private struct Shift {
    /// Where in the image its first column and row come from, −4 to 4; what lies outside is zero.
    var (right, down) = (0, 0)
    var isFlipped = false

    init() {}

    init(drawnFrom random: inout SeededGenerator) {
        right = random.index(below: 9) - 4
        down = random.index(below: 9) - 4
        isFlipped = random.next() & 1 == 1
    }
}
