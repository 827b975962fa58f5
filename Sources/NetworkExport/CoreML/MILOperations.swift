import Files
import Foundation

/// The operations our networks have, as iOS 15 defines them
/// (https://apple.github.io/coremltools/source/coremltools.converters.mil.mil.ops.defs.html); inputs and settings that
/// are not read here are refused.
struct MILOperations {
    private var definitions: Definitions

    typealias Inputs = [String: [MILInterpreter.Value]]

    /// - Parameter workLeft: multiply-adds and elements that may be computed.
    init(workLeft: Int) { definitions = Definitions(workLeft: workLeft) }

    /// The value of an operation.
    /// - Throws: `ExportError` with a clause when it does not fit what it is given.
    mutating func run(_ type: String, _ inputs: Inputs) throws -> Maps {
        switch type {
        case "sub":
            try Self.expect(inputs, ["x", "y"])
            return try definitions.perChannel(maps("x", inputs), [maps("y", inputs)]) { value, c in value - c[0] }
        case "real_div":
            try Self.expect(inputs, ["x", "y"])
            return try definitions.perChannel(maps("x", inputs), [maps("y", inputs)]) { value, c in value / c[0] }
        case "conv":
            try Self.expect(inputs, ["x", "weight", "strides", "pad_type", "pad", "dilations", "groups"])
            try Self.expect(inputs, "dilations", .ints([1, 1]))
            try Self.expect(inputs, "groups", .ints([1]))
            let weight = try maps("weight", inputs)
            guard weight.shape.count == 4 else { throw ExportError("weights of shape \(weight.shape)") }
            return try definitions.convolution(
                maps("x", inputs), weight, Self.window(inputs, kernel: Array(weight.shape[2...])))
        case "batch_norm":
            try Self.expect(inputs, ["x", "mean", "variance", "gamma", "beta", "epsilon"])
            guard case .floats(let epsilon) = try Self.setting("epsilon", inputs), epsilon.count == 1 else {
                throw ExportError("epsilon is no number")
            }
            return try definitions.normalized(
                maps("x", inputs), scale: maps("gamma", inputs), shift: maps("beta", inputs),
                mean: maps("mean", inputs), variance: maps("variance", inputs), epsilon: epsilon[0])
        case "relu":
            try Self.expect(inputs, ["x"])
            return try definitions.rectified(maps("x", inputs))
        case "concat":
            try Self.expect(inputs, ["values", "axis", "interleave"])
            try Self.expect(inputs, "axis", .ints([1]))
            try Self.expect(inputs, "interleave", .bools([false]))
            let parts = try (inputs["values"] ?? []).map { try Self.maps($0, "values") }
            guard !parts.isEmpty else { throw ExportError("nothing is concatenated") }
            return try definitions.concatenated(parts)
        case "max_pool", "avg_pool":
            let mean: Set<String> = type == "avg_pool" ? ["exclude_padding_from_average"] : []
            try Self.expect(inputs, mean.union(["x", "kernel_sizes", "strides", "pad_type", "pad", "ceil_mode"]))
            try Self.expect(inputs, "ceil_mode", .bools([false]))
            for name in mean { try Self.expect(inputs, name, .bools([false])) }
            guard case .ints(let kernel) = try Self.setting("kernel_sizes", inputs) else {
                throw ExportError("kernel_sizes is no list of numbers")
            }
            return try definitions.pooled(
                maps("x", inputs), Self.window(inputs, kernel: kernel), maximum: type == "max_pool")
        case "reduce_mean":
            try Self.expect(inputs, ["x", "axes", "keep_dims"])
            try Self.expect(inputs, "axes", .ints([2, 3]))
            try Self.expect(inputs, "keep_dims", .bools([false]))
            return try definitions.globalAverage(maps("x", inputs))
        case "linear":
            try Self.expect(inputs, ["x", "weight", "bias"])
            return try definitions.linear(maps("x", inputs), maps("weight", inputs), maps("bias", inputs))
        case "softmax":
            try Self.expect(inputs, ["x", "axis"])
            try Self.expect(inputs, "axis", .ints([-1]))
            return try softmax(maps("x", inputs))
        default: throw ExportError("no such operation is computed here")
        }
    }

    /// The classes of an operation `classify`, with the probabilities it is given.
    /// - Throws: `ExportError` with a clause when there are not as many of both.
    func classify(_ inputs: Inputs) throws -> [(String, Float)] {
        try Self.expect(inputs, ["probabilities", "classes"])
        let probabilities = try maps("probabilities", inputs)
        guard case .texts(let classes) = try Self.setting("classes", inputs), probabilities.shape == [1, classes.count]
        else { throw ExportError("probabilities of shape \(probabilities.shape) do not fit the classes") }
        return Array(zip(classes, probabilities.values))
    }

    private mutating func softmax(_ x: Maps) throws -> Maps {
        guard x.shape.count == 2, x.shape[1] > 0 else { throw ExportError("shape \(x.shape) where logits are needed") }
        try definitions.spend(x.values.count)
        var out = x
        for start in stride(from: 0, to: x.values.count, by: x.shape[1]) {
            let row = start..<start + x.shape[1]
            let largest = x.values[row].reduce(-Float.infinity) { max($0, $1) }
            let powers = x.values[row].map { exp(Double($0) - Double(largest)) }
            let sum = powers.reduce(0, +)
            out.values.replaceSubrange(row, with: powers.map { Float($0 / sum) })
        }
        return out
    }

    /// A square window from an operation's settings.
    /// - Throws: `ExportError` with a clause for any other.
    private static func window(_ inputs: Inputs, kernel: [Int]) throws -> Window {
        try expect(inputs, "pad_type", .text("custom"))
        guard case .ints(let strides) = try setting("strides", inputs),
            case .ints(let pads) = try setting("pad", inputs),
            kernel.count == 2, strides.count == 2, pads.count == 4, Set(kernel).count == 1, Set(strides).count == 1,
            Set(pads).count == 1
        else { throw ExportError("its window is not square") }
        return try Window(kernel: kernel[0], stride: strides[0], padding: pads[0])
    }

    private static func expect(_ inputs: Inputs, _ names: Set<String>) throws {
        if let other = Set(inputs.keys).symmetricDifference(names).sorted().first {
            throw ExportError(
                names.contains(other)
                    ? "the input '\(other)' is missing" : "the input '\(other.inSentence)' is not computed here")
        }
    }

    private static func expect(_ inputs: Inputs, _ name: String, _ contents: MILProgram.Contents) throws {
        guard try setting(name, inputs) == contents else {
            throw ExportError("'\(name)' has another value than the one computed here")
        }
    }

    private static func setting(_ name: String, _ inputs: Inputs) throws -> MILProgram.Contents {
        guard let values = inputs[name], values.count == 1, case .constant(let contents) = values[0] else {
            throw ExportError("'\(name)' is no constant")
        }
        return contents
    }

    private func maps(_ name: String, _ inputs: Inputs) throws -> Maps {
        guard let values = inputs[name], values.count == 1 else { throw ExportError("'\(name)' is not one value") }
        return try Self.maps(values[0], name)
    }

    private static func maps(_ value: MILInterpreter.Value, _ name: String) throws -> Maps {
        guard case .maps(let maps) = value else { throw ExportError("'\(name)' is no array of floats") }
        return maps
    }
}
