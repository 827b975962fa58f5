import Files

/// The operators our networks have, as opset 13 defines them; attributes that are not read here are refused.
struct ONNXOperations {
    /// Multiply-adds and elements that may still be computed.
    var workLeft: Int

    typealias Attributes = [String: ONNXModel.Attribute]

    /// The value of a node.
    /// - Throws: `ExportError` with a clause when it does not fit what it is given.
    mutating func run(_ node: ONNXModel.Node, _ x: [ONNXArray]) throws -> ONNXArray {
        func take(_ count: Int, _ attributes: Set<String> = []) throws {
            guard x.count == count else { throw ExportError("\(x.count) inputs; \(count) are needed") }
            if let other = node.attributes.keys.sorted().first(where: { !attributes.contains($0) }) {
                throw ExportError("the attribute '\(other.inSentence)' is not computed here")
            }
        }
        if node.operation != "Cast", x.contains(where: { $0.element != .float32 }) {
            throw ExportError("bytes are given where floats are needed")
        }
        switch node.operation {
        case "Cast":
            try take(1, ["to"])
            guard node.attributes["to"] == .int(ONNXModel.Element.float32.rawValue) else {
                throw ExportError("only floats are made here")
            }
            return ONNXArray(.float32, x[0].shape, x[0].values)
        case "Sub":
            try take(2)
            return try perChannel(x[0], [x[1]]) { value, c in value - c[0] }
        case "Div":
            try take(2)
            return try perChannel(x[0], [x[1]]) { value, c in value / c[0] }
        case "BatchNormalization":
            try take(5, ["epsilon"])
            var epsilon: Float = 1e-5
            if let given = node.attributes["epsilon"] {
                guard case .float(let value) = given else { throw ExportError("epsilon is no number") }
                epsilon = value
            }
            return try perChannel(x[0], Array(x[1...])) { value, c in
                (value - c[2]) / (c[3] + epsilon).squareRoot() * c[0] + c[1]
            }
        case "Relu":
            try take(1)
            try spend(x[0].values.count)
            return ONNXArray(.float32, x[0].shape, x[0].values.map { $0 > 0 || $0.isNaN ? $0 : 0 })
        case "Concat":
            try take(max(1, x.count), ["axis"])
            guard node.attributes["axis"] == .int(1) else { throw ExportError("only channels are concatenated here") }
            return try concatenated(x)
        case "Conv":
            try take(2, ["kernel_shape", "strides", "pads"])
            return try convolution(x[0], x[1], Window(node.attributes))
        case "MaxPool", "AveragePool":
            try take(1, ["kernel_shape", "strides", "pads"])
            return try pooled(x[0], Window(node.attributes), maximum: node.operation == "MaxPool")
        case "GlobalAveragePool":
            try take(1)
            return try globalAverage(x[0])
        case "Flatten":
            try take(1, ["axis"])
            guard node.attributes["axis"] == .int(1), let images = x[0].shape.first, images > 0 else {
                throw ExportError("only images are flattened here")
            }
            return ONNXArray(.float32, [images, x[0].values.count / images], x[0].values)
        case "Gemm":
            try take(3, ["transB"])
            guard node.attributes["transB"] == .int(1) else {
                throw ExportError("only weights `[outputs, inputs]` are computed here")
            }
            return try linear(x[0], x[1], x[2])
        default: throw ExportError("no such operator is computed here")
        }
    }

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
    private mutating func perChannel(
        _ x: ONNXArray, _ constants: [ONNXArray], _ change: (Float, [Float]) -> Float
    ) throws -> ONNXArray {
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
        return ONNXArray(.float32, x.shape, out)
    }

    /// The numbers of images, channels and pixels of `[N, C, H, W]`.
    func layout(_ x: ONNXArray) throws -> (images: Int, channels: Int, plane: Int) {
        guard x.shape.count == 4 else { throw ExportError("shape \(x.shape) where images are needed") }
        return (x.shape[0], x.shape[1], x.shape[2] * x.shape[3])
    }

    private mutating func concatenated(_ x: [ONNXArray]) throws -> ONNXArray {
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
        return ONNXArray(.float32, [images, channels, x[0].shape[2], x[0].shape[3]], out)
    }

    private mutating func globalAverage(_ x: ONNXArray) throws -> ONNXArray {
        let (images, channels, plane) = try layout(x)
        try spend(x.values.count)
        let out = (0..<images * channels).map { c in
            Float(x.values[c * plane..<(c + 1) * plane].reduce(0.0) { $0 + Double($1) } / Double(plane))
        }
        return ONNXArray(.float32, [images, channels, 1, 1], out)
    }

    private mutating func linear(_ x: ONNXArray, _ weight: ONNXArray, _ bias: ONNXArray) throws -> ONNXArray {
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
        return ONNXArray(.float32, [images, outputs], out)
    }
}
