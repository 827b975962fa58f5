extension LayerKernels {
    /// A classifier: `x · weightᵀ + bias`.
    /// - Parameters:
    ///   - x: features `[images, features]`.
    ///   - weight: `[outputs, features]`.
    ///   - bias: `[outputs]`; its count says how many there are.
    /// - Returns: `[images, outputs]`.
    public func linear(
        _ x: UnsafeBufferPointer<Float>, images: Int, weight: UnsafeBufferPointer<Float>,
        bias: UnsafeBufferPointer<Float>
    ) -> [Float] {
        need(images >= 1 && x.count % images == 0, "\(x.count) features of \(images) images")
        let features = x.count / images
        let (rows, weight) = (
            checked(x, images * features, "features"), checked(weight, bias.count * features, "a classifier's weight")
        )
        return (0..<images).flatMap { image in
            bias.indices.map { k in bias[k] + product(rows + image * features, weight + k * features, features) }
        }
    }
}

/// The sum of products, sixteen sums side by side.
private func product(_ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ count: Int) -> Float {
    var sums = Vector.zero
    var (i, rest) = (0, Float(0))
    while i &+ 16 <= count {
        accumulate(&sums, load(a + i), load(b + i))
        i &+= 16
    }
    while i < count {
        rest += a[i] * b[i]
        i &+= 1
    }
    return laneSum(sums) + rest
}
