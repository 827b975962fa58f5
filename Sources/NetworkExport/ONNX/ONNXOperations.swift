import Files

/// The operators our networks have, as opset 13 defines them; attributes that are not read here are refused.
struct ONNXOperations {
    private var definitions: Definitions

    private typealias Attributes = [String: ONNXModel.Attribute]

    /// - Parameter workLeft: multiply-adds and elements that may be computed.
    init(workLeft: Int) { definitions = Definitions(workLeft: workLeft) }

    /// The value of a node.
    /// - Throws: `ExportError` with a clause when it does not fit what it is given.
    mutating func run(_ node: ONNXModel.Node, _ x: [ONNXArray]) throws -> ONNXArray {
        if node.operation != "Cast", x.contains(where: { $0.element != .float32 }) {
            throw ExportError("bytes are given where floats are needed")
        }
        let maps = try run(node, x.map { Maps($0.shape, $0.values) })
        return ONNXArray(.float32, maps.shape, maps.values)
    }

    private mutating func run(_ node: ONNXModel.Node, _ x: [Maps]) throws -> Maps {
        func take(_ count: Int, _ attributes: Set<String> = []) throws {
            guard x.count == count else { throw ExportError("\(x.count) inputs; \(count) are needed") }
            if let other = node.attributes.keys.sorted().first(where: { !attributes.contains($0) }) {
                throw ExportError("the attribute '\(other.inSentence)' is not computed here")
            }
        }
        switch node.operation {
        case "Cast":
            try take(1, ["to"])
            guard node.attributes["to"] == .int(ONNXModel.Element.float32.rawValue) else {
                throw ExportError("only floats are made here")
            }
            return x[0]
        case "Sub":
            try take(2)
            return try definitions.perChannel(x[0], [x[1]]) { value, c in value - c[0] }
        case "Div":
            try take(2)
            return try definitions.perChannel(x[0], [x[1]]) { value, c in value / c[0] }
        case "BatchNormalization":
            try take(5, ["epsilon"])
            var epsilon: Float = 1e-5
            if let given = node.attributes["epsilon"] {
                guard case .float(let value) = given else { throw ExportError("epsilon is no number") }
                epsilon = value
            }
            return try definitions.normalized(
                x[0], scale: x[1], shift: x[2], mean: x[3], variance: x[4], epsilon: epsilon)
        case "Relu":
            try take(1)
            return try definitions.rectified(x[0])
        case "Concat":
            try take(max(1, x.count), ["axis"])
            guard node.attributes["axis"] == .int(1) else { throw ExportError("only channels are concatenated here") }
            return try definitions.concatenated(x)
        case "Conv":
            try take(2, ["kernel_shape", "strides", "pads"])
            return try definitions.convolution(x[0], x[1], Self.window(node.attributes))
        case "MaxPool", "AveragePool":
            try take(1, ["kernel_shape", "strides", "pads"])
            return try definitions.pooled(
                x[0], Self.window(node.attributes), maximum: node.operation == "MaxPool")
        case "GlobalAveragePool":
            try take(1)
            let means = try definitions.globalAverage(x[0])
            return Maps(means.shape + [1, 1], means.values)
        case "Flatten":
            try take(1, ["axis"])
            guard node.attributes["axis"] == .int(1), let images = x[0].shape.first, images > 0 else {
                throw ExportError("only images are flattened here")
            }
            return Maps([images, x[0].values.count / images], x[0].values)
        case "Gemm":
            try take(3, ["transB"])
            guard node.attributes["transB"] == .int(1) else {
                throw ExportError("only weights `[outputs, inputs]` are computed here")
            }
            return try definitions.linear(x[0], x[1], x[2])
        default: throw ExportError("no such operator is computed here")
        }
    }

    /// A square window from a node's attributes, `pads` none and `strides` 1 where they are missing.
    /// - Throws: `ExportError` with a clause for any other.
    private static func window(_ attributes: Attributes) throws -> Window {
        func one(_ name: String, count: Int, default missing: Int?) throws -> Int {
            guard let given = attributes[name] else {
                guard let missing else { throw ExportError("\(name) is missing") }
                return missing
            }
            guard case .ints(let values) = given, values.count == count, let first = values.first,
                values.allSatisfy({ $0 == first })
            else { throw ExportError("\(name) is not square") }
            return first
        }
        return try Window(
            kernel: one("kernel_shape", count: 2, default: nil), stride: one("strides", count: 2, default: 1),
            padding: one("pads", count: 4, default: 0))
    }
}
