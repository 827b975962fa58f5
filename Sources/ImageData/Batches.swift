import Dispatch
import ImageResizing
import Randomness
import Synchronization
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

/// Makes batches of a set's images: normalised, and in training moved, cut and mirrored at random.
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
    /// - Parameters:
    ///   - random: draws what becomes of each image; `nil` leaves images as they are.
    ///   - augmentation: what that is; moves are over zeros after normalisation, as in the DenseNet paper's code.
    public func batch(
        _ indices: ArraySlice<Int>, augmentation random: SeededGenerator? = nil, by augmentation: Augmentation = .crop
    ) throws -> Batch {
        try values(indices, random, augmentation).tensors()
    }

    /// The same as numbers, on all cores; the same bits at any number of them, as everything random is drawn first.
    func values(
        _ indices: ArraySlice<Int>, _ random: SeededGenerator?, _ augmentation: Augmentation
    ) throws -> BatchValues {
        try check()
        let windows = windows(indices.count, random, augmentation)
        let tables = (0..<set.channels).flatMap { c in
            (0..<256).map { (Float($0) - normalization.mean[c]) / normalization.deviation[c] }
        }
        let (imageBytes, indices) = (set.imageBytes, Array(indices))
        let failure = Mutex<(any Error)?>(nil)
        var images = [Float](repeating: 0, count: indices.count * imageBytes)
        images.withUnsafeMutableBufferPointer { out in
            // Each part writes its own images, and all are done before the buffer is left.
            nonisolated(unsafe) let out = out
            let inPart = max(1, Self.partBytes / imageBytes)
            let parts = (indices.count + inPart - 1) / inPart
            DispatchQueue.concurrentPerform(iterations: parts) { part in
                do {
                    for n in part * inPart..<min((part + 1) * inPart, indices.count) {
                        let image = UnsafeMutableBufferPointer(rebasing: out[n * imageBytes..<(n + 1) * imageBytes])
                        try fill(image, with: indices[n], windows[n], tables)
                    }
                } catch {
                    failure.withLock { $0 = error }
                }
            }
        }
        if let failure = failure.withLock({ $0 }) { throw failure }
        return BatchValues(
            images: images, shape: [indices.count, set.channels, set.size, set.size],
            labels: indices.map { Int64(set.labels[$0]) })
    }

    private func windows(_ count: Int, _ generator: SeededGenerator?, _ augmentation: Augmentation) -> [Window] {
        guard var random = generator, augmentation != .off else {
            return [Window](repeating: Window(whole: set.size), count: count)
        }
        return (0..<count).map { _ in Window(of: set.size, by: augmentation, &random) }
    }

    /// What is worth giving to another core: some tens of microseconds.
    private static let partBytes = 1 << 16

    /// Writes a window of an image over zeros, normalised by the tables of its channels.
    private func fill(
        _ out: UnsafeMutableBufferPointer<Float>, with index: Int, _ window: Window, _ tables: [Float]
    ) throws {
        let size = set.size
        // Images of 1 to 3 pixels may be moved out of the window whole.
        let (dx, dy) = (min(max(window.left, -size), size), min(max(window.top, -size), size))
        guard window.width == size, window.height == size else {
            return try resize(index, window, into: out, tables)
        }
        let (columns, rows) = (max(0, -dx)..<min(size, size - dx), max(0, -dy)..<min(size, size - dy))
        set.pixels.withUnsafeBytes { pixels in
            tables.withUnsafeBufferPointer { tables in
                for c in 0..<set.channels {
                    let table = UnsafeBufferPointer(rebasing: tables[c * 256..<(c + 1) * 256])
                    for y in rows {
                        let source = index * set.imageBytes + (c * size + y + dy) * size + dx
                        let target = (c * size + y) * size
                        if window.isMirrored {
                            for x in columns { out[target + size - 1 - x] = table[Int(pixels[source + x])] }
                        } else {
                            for x in columns { out[target + x] = table[Int(pixels[source + x])] }
                        }
                    }
                }
            }
        }
    }

    /// Writes a window within an image, resized as Pillow resizes what it has cropped.
    private func resize(
        _ index: Int, _ window: Window, into out: UnsafeMutableBufferPointer<Float>, _ tables: [Float]
    ) throws {
        let (size, plane) = (set.size, set.size * set.size)
        // Three channels at a time, the last one again where there are fewer.
        for first in stride(from: 0, to: set.channels, by: 3) {
            let channels = (first..<first + 3).map { min($0, set.channels - 1) }
            let part = try part(index, window, channels).resized(width: size, height: size)
            for (place, c) in channels.enumerated() where c == first + place {
                for p in 0..<plane {
                    let column = window.isMirrored ? size - 1 - p % size : p % size
                    out[c * plane + p - p % size + column] = tables[c * 256 + Int(part.pixels[3 * p + place])]
                }
            }
        }
    }

    /// A window within an image, of three of its channels.
    private func part(_ index: Int, _ window: Window, _ channels: [Int]) throws -> RGBImage {
        let (size, start) = (set.size, index * set.imageBytes)
        let count = window.width * window.height * 3
        let pixels = [UInt8](unsafeUninitializedCapacity: count) { out, filled in
            set.pixels.withUnsafeBytes { pixels in
                for (place, c) in channels.enumerated() {
                    for y in 0..<window.height {
                        let source = start + (c * size + window.top + y) * size + window.left
                        let target = y * window.width * 3 + place
                        for x in 0..<window.width { out[target + 3 * x] = pixels[source + x] }
                    }
                }
            }
            filled = count
        }
        return try RGBImage(width: window.width, height: window.height, pixels: pixels)
    }
}
