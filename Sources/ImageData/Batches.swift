import Randomness
import Torch

/// Images ready for a network, with their classes.
public struct Batch {
    /// Normalised images `[N, C, H, W]`, float32.
    public let images: Tensor
    /// Classes `[N]`, int64.
    public let labels: Tensor
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
        try check()
        let (channels, size) = (set.channels, set.size)
        let plane = size * size
        var tables = [[Float]](repeating: [], count: channels)
        for c in 0..<channels {
            tables[c] = (0..<256).map { (Float($0) - normalization.mean[c]) / normalization.deviation[c] }
        }
        var random = augmentation
        var images = [Float](repeating: 0, count: indices.count * set.imageBytes)
        set.pixels.withUnsafeBufferPointer { pixels in
            images.withUnsafeMutableBufferPointer { out in
                for (n, index) in indices.enumerated() {
                    var (dx, dy, flip) = (0, 0, false)
                    if random != nil {
                        dx = (random?.index(below: 9) ?? 4) - 4
                        dy = (random?.index(below: 9) ?? 4) - 4
                        flip = (random?.next() ?? 0) & 1 == 1
                    }
                    let columns = max(0, -dx)..<min(size, size - dx)
                    for c in 0..<channels {
                        tables[c].withUnsafeBufferPointer { table in
                            let from = index * set.imageBytes + c * plane
                            let to = (n * channels + c) * plane
                            for y in max(0, -dy)..<min(size, size - dy) {
                                let source = from + (y + dy) * size + dx
                                let target = to + y * size
                                if flip {
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
        return Batch(
            images: try Tensor(images, [indices.count, channels, size, size]),
            labels: try Tensor(indices.map { Int64(set.labels[$0]) }, [indices.count]))
    }
}
