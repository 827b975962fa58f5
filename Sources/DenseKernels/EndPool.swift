// A network's end: BN, ReLU and the mean over each map. A channel depends on no other, so that threads share out
// channels and results are the same bits at any number of them.
extension LayerKernels {
    /// With given statistics, for inference.
    /// - Parameters:
    ///   - x: maps `[images, channels, H, W]`.
    ///   - out: `[images, channels]`.
    public func poolEnd(
        _ x: UnsafeBufferPointer<Float>, images: Int, _ shape: MapShape, scale: UnsafeBufferPointer<Float>,
        shift: UnsafeBufferPointer<Float>, mean: UnsafeBufferPointer<Float>, variance: UnsafeBufferPointer<Float>,
        _ out: UnsafeMutableBufferPointer<Float>
    ) {
        let (scale, shift) = (
            checked(scale, shape.channels, "a BN's scale"), checked(shift, shape.channels, "a BN's shift")
        )
        let (mean, variance) = (
            checked(mean, shape.channels, "a mean"), checked(variance, shape.channels, "a variance")
        )
        let x = checked(x, images * shape.elements, "the last block's maps")
        let out = checked(out, images * shape.channels, "the means of maps")
        let activations = (0..<shape.channels).map { c -> Activation in
            let slope = scale[c] / (variance[c] + Self.epsilon).squareRoot()
            return Activation(scale: slope, shift: shift[c] - mean[c] * slope)
        }
        pool(x, images, shape, activations, out)
    }

    /// With the batch's statistics, which it returns.
    public func poolEndTraining(
        _ x: UnsafeBufferPointer<Float>, images: Int, _ shape: MapShape, scale: UnsafeBufferPointer<Float>,
        shift: UnsafeBufferPointer<Float>, _ out: UnsafeMutableBufferPointer<Float>
    ) -> BatchStatistics {
        let (scale, shift) = (
            checked(scale, shape.channels, "a BN's scale"), checked(shift, shape.channels, "a BN's shift")
        )
        let x = checked(x, images * shape.elements, "the last block's maps")
        let out = checked(out, images * shape.channels, "the means of maps")
        var statistics = BatchStatistics(channels: shape.channels)
        measure(shape, x, images: images, 0..<shape.channels, &statistics)
        pool(x, images, shape, activations(shape, statistics, scale, shift), out)
        return statistics
    }

    /// Backward, with the batch's statistics.
    /// - Parameters:
    ///   - incoming: the gradient of the means, `[images, channels]`.
    ///   - gradient: receives that of the maps.
    /// - Returns: those of BN's scale and shift.
    public func poolEndBackward(
        _ x: UnsafeBufferPointer<Float>, images: Int, _ shape: MapShape, _ statistics: BatchStatistics,
        scale: UnsafeBufferPointer<Float>, shift: UnsafeBufferPointer<Float>, incoming: UnsafeBufferPointer<Float>,
        gradient: UnsafeMutableBufferPointer<Float>
    ) -> (scale: [Float], shift: [Float]) {
        need(
            statistics.mean.count == shape.channels,
            "statistics of \(statistics.mean.count) channels for \(shape.channels)")
        let (scale, shift) = (
            checked(scale, shape.channels, "a BN's scale"), checked(shift, shape.channels, "a BN's shift")
        )
        let x = checked(x, images * shape.elements, "the last block's maps")
        let incoming = checked(incoming, images * shape.channels, "the gradient of the means")
        let gradient = checked(gradient, images * shape.elements, "the gradient of the last block's maps")
        let activations = activations(shape, statistics, scale, shift)
        var sums = [(shift: Double, scale: Double)](repeating: (0, 0), count: shape.channels)
        sums.withUnsafeMutableBufferPointer { sums in
            nonisolated(unsafe) let (sums, x, incoming, gradient) = (sums, x, incoming, gradient)
            Workers(threads: threads).run(parts: min(shape.channels, Self.endParts)) { part, _ in
                for c in Workers.range(of: part, in: shape.channels, parts: min(shape.channels, Self.endParts)) {
                    let own = EndChannel(x: x, incoming: incoming, shape: shape, images: images, channel: c)
                    sums[c] = own.sums(activations[c], mean: statistics.mean[c])
                    own.store(
                        activations[c], mean: statistics.mean[c], variance: statistics.variance[c] + Self.epsilon,
                        sums[c], gradient)
                }
            }
        }
        return (
            sums.enumerated().map { Float($1.scale / Double(statistics.variance[$0] + Self.epsilon).squareRoot()) },
            sums.map { Float($0.shift) }
        )
    }

    private static let endParts = 64

    private func activations(
        _ shape: MapShape, _ statistics: BatchStatistics, _ scale: UnsafePointer<Float>, _ shift: UnsafePointer<Float>
    ) -> [Activation] {
        (0..<shape.channels).map { c in
            let slope = scale[c] / (statistics.variance[c] + Self.epsilon).squareRoot()
            return Activation(scale: slope, shift: shift[c] - statistics.mean[c] * slope)
        }
    }

    private func pool(
        _ x: UnsafePointer<Float>, _ images: Int, _ shape: MapShape, _ activations: [Activation],
        _ out: UnsafeMutablePointer<Float>
    ) {
        let parts = min(shape.channels, Self.endParts)
        nonisolated(unsafe) let (x, out) = (x, out)
        Workers(threads: threads).run(parts: parts) { part, _ in
            for c in Workers.range(of: part, in: shape.channels, parts: parts) {
                for image in 0..<images {
                    let sum = activationSum(
                        x + (image * shape.elements + c * shape.pixels), activations[c], count: shape.pixels)
                    out[image * shape.channels + c] = sum / Float(shape.pixels)
                }
            }
        }
    }
}

@inline(never)
private func activationSum(_ x: UnsafePointer<Float>, _ a: Activation, count: Int) -> Float {
    var sum = Vector.zero
    var q = 0
    while q &+ 16 <= count {
        sum += a(load(x + q))
        q &+= 16
    }
    var rest: Float = 0
    while q < count {
        rest += a(x[q])
        q &+= 1
    }
    return laneSum(sum) + rest
}

/// One channel of all images on the way back.
private struct EndChannel {
    let x: UnsafePointer<Float>
    let incoming: UnsafePointer<Float>
    let shape: MapShape
    let images: Int
    let channel: Int

    private func plane(_ image: Int) -> Int { image * shape.elements + channel * shape.pixels }
    /// The gradient of each pixel's activation.
    private func each(_ image: Int) -> Float { incoming[image * shape.channels + channel] / Float(shape.pixels) }

    /// Sums of the gradient behind ReLU, and of its products with the distances from the mean.
    func sums(_ a: Activation, mean: Float) -> (shift: Double, scale: Double) {
        var sums = (shift: 0.0, scale: 0.0)
        for image in 0..<images {
            let (passed, distance) = passedSums(x + plane(image), a, mean, count: shape.pixels)
            sums.shift += Double(each(image)) * Double(passed)
            sums.scale += Double(each(image)) * Double(distance)
        }
        return sums
    }

    /// BN's gradient to its input (Ioffe and Szegedy, arXiv 1502.03167, section 3).
    func store(
        _ a: Activation, mean: Float, variance: Float, _ sums: (shift: Double, scale: Double),
        _ gradient: UnsafeMutablePointer<Float>
    ) {
        let elements = Double(images * shape.pixels)
        let slope = Float(Double(a.scale) * sums.scale / (elements * Double(variance)))
        let constant = Float(Double(a.scale) * sums.shift / elements) - mean * slope
        for image in 0..<images {
            storePlane(
                x + plane(image), a, Correction(constant: constant, slope: slope), passed: a.scale * each(image),
                gradient + plane(image),
                count: shape.pixels)
        }
    }
}

/// How many pixels ReLU lets through, and the sum of their distances from the mean.
@inline(never)
private func passedSums(
    _ x: UnsafePointer<Float>, _ a: Activation, _ mean: Float, count: Int
) -> (passed: Float, distance: Float) {
    var (passed, distance) = (Vector.zero, Vector.zero)
    var q = 0
    while q &+ 16 <= count {
        let v = load(x + q)
        let blocked = (v * a.scale + a.shift) .<= Vector.zero
        passed += Vector(repeating: 1).replacing(with: 0, where: blocked)
        distance += (v - mean).replacing(with: 0, where: blocked)
        q &+= 16
    }
    var rest: (Float, Float) = (0, 0)
    while q < count {
        if !(x[q] * a.scale + a.shift <= 0) {
            rest.0 += 1
            rest.1 += x[q] - mean
        }
        q &+= 1
    }
    return (laneSum(passed) + rest.0, laneSum(distance) + rest.1)
}

@inline(never)
private func storePlane(
    _ x: UnsafePointer<Float>, _ a: Activation, _ c: Correction, passed: Float, _ out: UnsafeMutablePointer<Float>,
    count: Int
) {
    var q = 0
    while q &+ 16 <= count {
        let v = load(x + q)
        let own = Vector(repeating: passed).replacing(with: 0, where: (v * a.scale + a.shift) .<= Vector.zero)
        store(own - (v * c.slope + c.constant), out + q)
        q &+= 16
    }
    while q < count {
        let own = x[q] * a.scale + a.shift <= 0 ? 0 : passed
        out[q] = own - (x[q] * c.slope + c.constant)
        q &+= 1
    }
}
