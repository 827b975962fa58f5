/// What operations on maps are, slowly: exports are read back and computed by nothing that wrote them.
struct Definitions {
    /// Multiply-adds and elements that may still be computed.
    var workLeft: Int

    /// Refuses work beyond the limit.
    mutating func spend(_ counts: Int...) throws {
        var work = 1
        for count in counts {
            let (next, overflows) = work.multipliedReportingOverflow(by: count)
            guard count >= 0, !overflows else { throw ExportError("it takes more than any machine computes") }
            work = next
        }
        guard work <= workLeft else { throw ExportError("it takes over \(workLeft) multiply-adds") }
        workLeft -= work
    }

    /// Each element of images `[N, C, H, W]` with constants of its channel.
    mutating func perChannel(
        _ x: Maps, _ constants: [Maps], _ change: (Float, [Float]) -> Float
    ) throws -> Maps {
        let (images, channels, plane) = try layout(x)
        try spend(x.values.count)
        for c in constants where c.values.count != channels || ![[channels], [1, channels, 1, 1]].contains(c.shape) {
            throw ExportError("constants of shape \(c.shape) for \(channels) channels")
        }
        var out = x.values
        for c in 0..<channels {
            let own = constants.map { $0.values[c] }
            for n in 0..<images {
                let start = (n * channels + c) * plane
                for i in start..<start + plane { out[i] = change(out[i], own) }
            }
        }
        return Maps(x.shape, out)
    }

    /// Batch normalisation with statistics that are given.
    mutating func normalized(
        _ x: Maps, scale: Maps, shift: Maps, mean: Maps, variance: Maps, epsilon: Float
    ) throws -> Maps {
        try perChannel(x, [scale, shift, mean, variance]) { value, c in
            (value - c[2]) / (c[3] + epsilon).squareRoot() * c[0] + c[1]
        }
    }

    /// What is not negative; what is no number stays.
    mutating func rectified(_ x: Maps) throws -> Maps {
        try spend(x.values.count)
        return Maps(x.shape, x.values.map { $0 > 0 || $0.isNaN ? $0 : 0 })
    }

    /// The numbers of images, channels and pixels of `[N, C, H, W]`.
    func layout(_ x: Maps) throws -> (images: Int, channels: Int, plane: Int) {
        guard x.shape.count == 4 else { throw ExportError("shape \(x.shape) where images are needed") }
        return (x.shape[0], x.shape[1], x.shape[2] * x.shape[3])
    }

    /// Maps beside one another, along their channels.
    mutating func concatenated(_ x: [Maps]) throws -> Maps {
        let (images, _, plane) = try layout(x[0])
        guard x.allSatisfy({ $0.shape.count == 4 && $0.shape[0] == images && $0.shape[2...] == x[0].shape[2...] })
        else {
            throw ExportError("shapes \(x.map(\.shape).prefix(8)) do not lie beside one another")
        }
        let channels = x.reduce(0) { $0 + $1.shape[1] }
        try spend(images, channels, plane)
        var out: [Float] = []
        out.reserveCapacity(images * channels * plane)
        for n in 0..<images {
            for part in x {
                let length = part.shape[1] * plane
                out += part.values[n * length..<(n + 1) * length]
            }
        }
        return Maps([images, channels, x[0].shape[2], x[0].shape[3]], out)
    }

    /// The mean of each map: `[N, C]`.
    mutating func globalAverage(_ x: Maps) throws -> Maps {
        let (images, channels, plane) = try layout(x)
        try spend(x.values.count)
        let out = (0..<images * channels).map { c in
            Float(x.values[c * plane..<(c + 1) * plane].reduce(0.0) { $0 + Double($1) } / Double(plane))
        }
        return Maps([images, channels], out)
    }

    /// `x · weightᵀ + bias`, for `[N, inputs]` and weights `[outputs, inputs]`.
    mutating func linear(_ x: Maps, _ weight: Maps, _ bias: Maps) throws -> Maps {
        guard x.shape.count == 2, weight.shape.count == 2, x.shape[1] == weight.shape[1],
            bias.shape == [weight.shape[0]]
        else { throw ExportError("shapes \(x.shape), \(weight.shape) and \(bias.shape) do not fit") }
        let (images, inputs, outputs) = (x.shape[0], x.shape[1], weight.shape[0])
        try spend(images, inputs, outputs)
        var out: [Float] = []
        for n in 0..<images {
            for o in 0..<outputs {
                var sum = Double(bias.values[o])
                for i in 0..<inputs { sum += Double(x.values[n * inputs + i]) * Double(weight.values[o * inputs + i]) }
                out.append(Float(sum))
            }
        }
        return Maps([images, outputs], out)
    }
}
