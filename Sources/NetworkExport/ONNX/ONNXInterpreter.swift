import Files
import Foundation
import Runs
import WeightFiles

/// Computes what a model says, by the definitions of its operators, slowly: what was written is read back and run by
/// nothing that wrote it. (https://onnx.ai/onnx/operators)
package struct ONNXInterpreter {
    private let model: ONNXModel
    private let constants: [String: ONNXArray]
    /// How often each value is still read.
    private let readers: [String: Int]
    /// Multiply-adds, and elements written, of one run.
    private let mostWork: Int

    /// A model that can be computed.
    /// - Throws: `ExportError` when it is of another version, a name is there twice or is read before it is made.
    package init(_ model: ONNXModel, mostWork: Int = 1 << 50) throws {
        guard model.irVersion == 7, model.opset == 13 else {
            throw ExportError("a model of IR \(model.irVersion), opset \(model.opset); 7 and 13 are computed here")
        }
        guard model.inputs.count == 1, model.outputs.count == 1 else {
            throw ExportError(
                "a model of \(model.inputs.count) inputs and \(model.outputs.count) outputs; one of each is computed here"
            )
        }
        var known = Set(model.inputs.map(\.name))
        for name in model.constants.map(\.name) where !known.insert(name).inserted {
            throw ExportError("the model names '\(name.inSentence)' twice")
        }
        var readers: [String: Int] = [:]
        for node in model.nodes {
            for input in node.inputs {
                guard known.contains(input) else {
                    throw ExportError(
                        "'\(node.name.inSentence)' reads '\(input.inSentence)', which nothing before it makes")
                }
                readers[input, default: 0] += 1
            }
            guard node.outputs.count == 1, known.insert(node.outputs[0]).inserted else {
                throw ExportError("'\(node.name.inSentence)' does not make one value of a new name")
            }
        }
        guard known.contains(model.outputs[0].name) else {
            throw ExportError("nothing makes the output '\(model.outputs[0].name.inSentence)'")
        }
        self.model = model
        self.readers = readers
        self.mostWork = mostWork
        constants = Dictionary(
            uniqueKeysWithValues: model.constants.map { constant in
                let values =
                    constant.element == .float32
                    ? [Float](littleEndian: constant.bytes) : constant.bytes.map { Float($0) }
                return (constant.name, ONNXArray(constant.element, constant.shape, values))
            })
    }

    /// The output for an input.
    /// - Throws: `ExportError` when an operation does not fit what it is given.
    package func callAsFunction(_ input: ONNXArray) throws -> ONNXArray {
        var sizes: [String: Int] = [:]
        try check(input, model.inputs[0], &sizes)
        var values = constants
        values[model.inputs[0].name] = input
        var readers = readers
        readers[model.outputs[0].name, default: 0] += 1
        var operations = ONNXOperations(workLeft: mostWork)
        for node in model.nodes {
            try Interruption.check("interrupted; nothing was exported")
            let inputs = node.inputs.compactMap { values[$0] }
            // Maps are let go once nothing reads them any more: all of a network's are gigabytes.
            for name in node.inputs {
                readers[name, default: 1] -= 1
                if readers[name] == 0 { values[name] = nil }
            }
            do {
                values[node.outputs[0]] = try operations.run(node, inputs)
            } catch let error as ExportError {
                throw ExportError("'\(node.name.inSentence)', \(node.operation.inSentence): \(error)")
            }
        }
        guard let output = values[model.outputs[0].name] else { throw ExportError("there is no output") }
        try check(output, model.outputs[0], &sizes)
        return output
    }

    /// Refuses an array that is not what the model says of an input or output; sizes of one name must be one.
    private func check(_ array: ONNXArray, _ value: ONNXModel.Value, _ sizes: inout [String: Int]) throws {
        let fits =
            array.element == value.element && array.values.count == array.shape.reduce(1, *)
            && array.shape.count == value.shape.count
            && zip(array.shape, value.shape).allSatisfy { size, expected in
                switch expected {
                case .fixed(let expected): return size == expected
                case .named(let name):
                    if let known = sizes[name] { return size == known }
                    sizes[name] = size
                    return true
                }
            }
        guard fits else {
            throw ExportError(
                "'\(value.name.inSentence)' is \(array.element) of \(array.shape), which the model does not say")
        }
    }
}
