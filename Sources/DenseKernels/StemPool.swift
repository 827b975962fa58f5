/// Where a BN's scale, shift, mean and variance lie, one each per channel.
public typealias NormElements = (
    scale: UnsafeBufferPointer<Float>, shift: UnsafeBufferPointer<Float>, mean: UnsafeBufferPointer<Float>,
    variance: UnsafeBufferPointer<Float>
)

extension LayerKernels {
    /// An ImageNet stem: the convolution of images `[images, inputs, height, width]`, BN, ReLU and pooling; a few
    /// images at a time, as a convolution's maps are four times what is left of them.
    /// - Parameter out: maps `[images, channels, …]`, half as high and wide as the convolution's, rounded up.
    public func imageNetStem(
        _ stem: StemConvolution, _ x: UnsafeBufferPointer<Float>, images: Int, height: Int, width: Int,
        norm: NormElements, _ out: UnsafeMutableBufferPointer<Float>
    ) {
        let (size, maps) = (stem.inputs * height * width, stem.shape(height: height, width: width))
        let pooled = maps.channels * max(0, (maps.height + 1) / 2) * max(0, (maps.width + 1) / 2)
        need(
            images >= 1 && height >= 1 && width >= 1 && pooled >= 1,
            "\(images) images of \(height)×\(width) leave a stem no output")
        let (x, out) = (
            checked(x, images * size, "a stem's images"), checked(out, images * pooled, "a stem's pooled maps")
        )
        let together = min(images, Self.group * threads)
        let convolved = UnsafeMutableBufferPointer(
            start: mapScratch.elements(together * maps.elements), count: together * maps.elements)
        for first in Swift.stride(from: 0, to: images, by: together) {
            let count = min(together, images - first)
            convolveStem(
                stem, UnsafeBufferPointer(start: x + first * size, count: count * size), images: count, height: height,
                width: width, convolved)
            poolStem(
                UnsafeBufferPointer(convolved), images: count, maps, norm: norm,
                UnsafeMutableBufferPointer(start: out + first * pooled, count: count * pooled))
        }
    }

    /// BN with running statistics, ReLU and 3×3 maximum pooling by steps of 2 with a padding of 1: the end of an
    /// ImageNet stem.
    /// - Parameters:
    ///   - x: maps `[images, channels, height, width]`.
    ///   - norm: BN's scale, shift, mean and variance, one per channel.
    ///   - out: maps `[images, channels, (height + 1) / 2, (width + 1) / 2]`.
    package func poolStem(
        _ x: UnsafeBufferPointer<Float>, images: Int, _ shape: MapShape,
        norm: NormElements,
        _ out: UnsafeMutableBufferPointer<Float>
    ) {
        let (rows, columns) = ((shape.height + 1) / 2, (shape.width + 1) / 2)
        let (slope, shift) = (
            checked(norm.scale, shape.channels, "a BN's scale"), checked(norm.shift, shape.channels, "a BN's shift")
        )
        let (mean, variance) = (
            checked(norm.mean, shape.channels, "a mean"), checked(norm.variance, shape.channels, "a variance")
        )
        nonisolated(unsafe) let x = checked(x, images * shape.elements, "a stem's maps")
        nonisolated(unsafe) let out = checked(out, images * shape.channels * rows * columns, "a stem's pooled maps")
        let activations = (0..<shape.channels).map { c -> Activation in
            let scale = slope[c] / (variance[c] + Self.epsilon).squareRoot()
            return Activation(scale: scale, shift: shift[c] - mean[c] * scale)
        }
        // A line of maxima with a zero on its left, as nothing behind ReLU is less, and room for a vector on its right.
        let lineSize = 16 + 2 * ((columns + 15) & ~15) + 32
        let planes = images * shape.channels
        let parts = min(planes, 64)
        nonisolated(unsafe) let lines = scratch.elements(lineSize * threads)
        Workers(threads: threads).run(parts: parts) { part, worker in
            let line = lines + worker * lineSize
            line.update(repeating: 0, count: lineSize)
            for plane in Workers.range(of: part, in: planes, parts: parts) {
                let (from, to) = (x + plane * shape.pixels, out + plane * rows * columns)
                for row in 0..<rows {
                    maxima(from, shape, row, activations[plane % shape.channels], line + 16)
                    var column = 0
                    while column < columns {
                        let (even, odd) = deinterleave(line + (16 &+ 2 &* column))
                        let left = deinterleave(line + (15 &+ 2 &* column)).even
                        let v = maximum(maximum(left, even), odd)
                        if column &+ 16 <= columns {
                            store(v, to + (row &* columns &+ column))
                        } else {
                            for i in column..<columns { to[row &* columns &+ i] = v[i &- column] }
                        }
                        column &+= 16
                    }
                }
            }
        }
    }
}

/// Writes the greatest activations of up to three lines around line 2 · `row`.
@inline(never)
private func maxima(
    _ x: UnsafePointer<Float>, _ shape: MapShape, _ row: Int, _ a: Activation, _ out: UnsafeMutablePointer<Float>
) {
    let middle = x + 2 &* row &* shape.width
    let above = row > 0 ? middle - shape.width : middle
    let below = 2 &* row &+ 1 < shape.height ? middle + shape.width : middle
    var q = 0
    while q &+ 16 <= shape.width {
        store(maximum(maximum(a(load(above + q)), a(load(middle + q))), a(load(below + q))), out + q)
        q &+= 16
    }
    while q < shape.width {
        let v = maximum(
            maximum(Vector(repeating: a(above[q])), Vector(repeating: a(middle[q]))), Vector(repeating: a(below[q])))
        out[q] = v[0]
        q &+= 1
    }
}

/// The greater of two; undefined where either is, as in PyTorch.
@inline(__always) private func maximum(_ a: Vector, _ b: Vector) -> Vector {
    a.replacing(with: b, where: (b .> a) .| (b .!= b))
}
