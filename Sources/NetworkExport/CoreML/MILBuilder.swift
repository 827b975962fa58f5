import DenseNetArchitecture
import Foundation
import WeightFiles

/// Adds operations to a program, with constants as coremltools writes them: an operation `const` each.
struct MILBuilder {
    private(set) var program = MILProgram()
    private(set) var blobs = WeightBlobs()
    /// Where a package keeps its weights.
    static let weightFile = "@model_path/weights/weight.bin"
    /// Arrays of fewer elements lie in the program, as coremltools has them.
    private static let fewest = 10

    /// The shape of each value.
    private var shapes: [String: [Int]] = [:]
    private let weights: [String: StoredTensor]

    /// A program of iOS 15 that is given one array.
    /// - Parameter weights: what `addWeights` finds by name.
    init(input: String, shape: [Int], weights: [String: StoredTensor]) {
        self.weights = weights
        program.opset = "CoreML5"
        program.inputs = [.init(name: input, kind: .tensor(.float32, shape))]
        shapes[input] = shape
    }

    /// The shape of a value that was added.
    func shape(_ name: String) -> [Int] { shapes[name] ?? [] }

    /// The shape of a weight.
    func weightShape(_ name: String) -> [Int] { weights[name]?.shape ?? [0] }

    /// A name as the language has them: letters, digits and `_`.
    static func identifier(_ name: String) -> String { name.replacingOccurrences(of: ".", with: "_") }

    /// Adds an operation of one value, which is called as it is.
    /// - Parameters:
    ///   - x: what it works on.
    ///   - inputs: names of other values.
    mutating func add(
        _ type: String, _ name: String, of x: String, _ inputs: [String: [String]] = [:],
        _ settings: [(String, MILProgram.Constant)] = [], shape: [Int]
    ) -> String {
        var arguments = inputs.mapValues { $0.map { MILProgram.Argument.variable($0) } }
        if arguments["values"] == nil { arguments["x"] = [.variable(x)] }
        for (key, value) in settings { arguments[key] = [.variable(addConstant("\(name)_\(key)", value))] }
        program.operations.append(
            .init(
                type: type, name: name, inputs: arguments,
                outputs: [.init(name: name, kind: .tensor(.float32, shape))]))
        shapes[name] = shape
        return name
    }

    /// Adds an operation whose values are what the program gives.
    mutating func end(with operation: MILProgram.Operation) {
        program.operations.append(operation)
        program.outputs = operation.outputs.map(\.name)
    }

    /// Adds arrays of floats as inputs of an operation, each the weight of its name.
    mutating func addWeights(_ names: KeyValuePairs<String, String>) -> [String: [String]] {
        var inputs: [String: [String]] = [:]
        for (input, name) in names {
            guard let tensor = weights[name] else { continue }
            let contents: MILProgram.Contents =
                tensor.bytes.count < 4 * Self.fewest
                ? .floats(tensor.floats) : .blob(file: Self.weightFile, offset: blobs.add(tensor.bytes))
            let value = MILProgram.Constant(kind: .tensor(.float32, tensor.shape), contents: contents)
            inputs[input] = [addConstant(Self.identifier(name), value)]
        }
        return inputs
    }

    private mutating func addConstant(_ name: String, _ value: MILProgram.Constant) -> String {
        let variable = MILProgram.Variable(name: name, kind: value.kind)
        program.operations.append(.init(type: "const", name: name, outputs: [variable], value: value))
        return name
    }
}

extension MILProgram.Constant {
    static func ints(_ values: [Int]) -> Self { .init(kind: .tensor(.int32, [values.count]), contents: .ints(values)) }
    static func int(_ value: Int) -> Self { .init(kind: .tensor(.int32, []), contents: .ints([value])) }
    static func bool(_ value: Bool) -> Self { .init(kind: .tensor(.bool, []), contents: .bools([value])) }
    static func float(_ value: Float) -> Self { .init(kind: .tensor(.float32, []), contents: .floats([value])) }
    static func text(_ value: String) -> Self { .init(kind: .tensor(.string, []), contents: .text(value)) }
}
