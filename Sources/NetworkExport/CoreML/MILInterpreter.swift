import Files
import Foundation
import Runs

/// Computes what a classifier's program says, by the definitions of its operations, slowly: what was written is read
/// back and run by nothing that wrote it.
package struct MILInterpreter {
    /// What a value of a program is.
    enum Value {
        case maps(Maps)
        case constant(MILProgram.Contents)
    }

    /// What a program says of an image.
    package struct Classification {
        /// The most likely class.
        package var label: String
        /// The classes with their probabilities, in the order the program has them.
        package var probabilities: [(String, Float)]
        /// The value that was asked for.
        package var kept: Maps
    }

    private let program: MILProgram
    private let constants: [String: Value]
    /// How often each value is still read.
    private let readers: [String: Int]
    private let mostWork: Int

    /// A program that can be computed.
    /// - Parameters:
    ///   - weights: the file `weight.bin`.
    ///   - mostWork: multiply-adds, and elements written, of one run.
    /// - Throws: `ExportError` when it is for other systems, a name is there twice or is read before it is made, or an
    ///   array is not among the weights.
    package init(_ program: MILProgram, weights: Data, mostWork: Int = 1 << 50) throws {
        guard program.opset == "CoreML5", program.inputs.count == 1 else {
            throw ExportError(
                "a program of \(program.opset.inSentence) with \(program.inputs.count) inputs; CoreML5 and one are computed here"
            )
        }
        var blobs = try WeightBlobs.Reader(weights, named: "weight.bin")
        var known = Set(program.inputs.map(\.name))
        var (readers, constants, arrays) = ([String: Int](), [String: Value](), 0)
        for operation in program.operations {
            for case .variable(let name) in operation.inputs.values.joined() {
                guard known.contains(name) else {
                    throw ExportError(
                        "'\(operation.name.inSentence)' reads '\(name.inSentence)', which nothing before it makes")
                }
                readers[name, default: 0] += 1
            }
            for output in operation.outputs {
                guard known.insert(output.name).inserted else {
                    throw ExportError("the program names '\(output.name.inSentence)' twice")
                }
            }
            guard operation.type == "const" else { continue }
            guard operation.inputs.isEmpty, operation.outputs.count == 1, let value = operation.value,
                value.kind == operation.outputs[0].kind
            else { throw ExportError("'\(operation.name.inSentence)' is no constant") }
            if case .blob = value.contents { arrays += 1 }
            constants[operation.outputs[0].name] = try Self.read(value, operation.name, &blobs)
        }
        guard arrays == blobs.count else {
            throw ExportError("the weights say that they are \(blobs.count) arrays; the program has \(arrays)")
        }
        self.program = program
        self.constants = constants
        self.readers = readers
        self.mostWork = mostWork
    }

    private static func read(
        _ constant: MILProgram.Constant, _ name: String, _ blobs: inout WeightBlobs.Reader
    ) throws -> Value {
        guard case .tensor(_, let shape) = constant.kind else { return .constant(constant.contents) }
        switch constant.contents {
        // One number by itself is a setting.
        case .floats(let values): return shape.isEmpty ? .constant(constant.contents) : .maps(Maps(shape, values))
        case .blob(let file, let offset):
            guard file == MILBuilder.weightFile else {
                throw ExportError("'\(name.inSentence)' lies in '\(file.inSentence)'")
            }
            let values = try blobs.floats(at: offset)
            var count = 1
            for size in shape { count = count.multipliedReportingOverflow(by: size).overflow ? -1 : count * size }
            guard values.count == count else {
                throw ExportError("'\(name.inSentence)' of shape \(shape) has \(values.count) numbers")
            }
            return .maps(Maps(shape, values))
        default: return .constant(constant.contents)
        }
    }

    /// What the program says of an image.
    /// - Parameter kept: the name of a value to return, too.
    /// - Throws: `ExportError` when an operation does not fit what it is given, or nothing is classified.
    package func callAsFunction(_ input: Maps, keeping kept: String) throws -> Classification {
        let given = program.inputs[0]
        guard given.kind == .tensor(.float32, input.shape), input.values.count == input.shape.reduce(1, *) else {
            throw ExportError("'\(given.name.inSentence)' is of shape \(input.shape), which the program does not say")
        }
        var values = constants
        values[given.name] = .maps(input)
        var readers = readers
        readers[kept, default: 0] += 1
        var operations = MILOperations(workLeft: mostWork)
        var classified: [(String, Float)]?
        for operation in program.operations where operation.type != "const" {
            try Interruption.check("interrupted; nothing was exported")
            let inputs = operation.inputs.mapValues { arguments in
                arguments.compactMap { argument in
                    switch argument {
                    case .variable(let name): values[name]
                    case .constant(let constant): .constant(constant.contents)
                    }
                }
            }
            // Maps are let go once nothing reads them any more: all of a network's are gigabytes.
            for case .variable(let name) in operation.inputs.values.joined() {
                readers[name, default: 1] -= 1
                if readers[name] == 0 { values[name] = nil }
            }
            do {
                if operation.type == "classify" {
                    guard classified == nil, operation.outputs.map(\.name) == program.outputs,
                        operation.outputs.map(\.kind) == [.tensor(.string, []), .dictionary(.string, .float64)]
                    else { throw ExportError("its values are not what the program gives") }
                    classified = try operations.classify(inputs)
                    continue
                }
                let maps = try operations.run(operation.type, inputs)
                guard operation.outputs.count == 1, operation.outputs[0].kind == .tensor(.float32, maps.shape) else {
                    throw ExportError("it makes \(maps.shape), which the program does not say")
                }
                values[operation.outputs[0].name] = .maps(maps)
            } catch let error as ExportError {
                throw ExportError("'\(operation.name.inSentence)', \(operation.type.inSentence): \(error)")
            }
        }
        guard let classified, let most = classified.max(by: { $0.1 < $1.1 }) else {
            throw ExportError("the program classifies nothing")
        }
        guard case .maps(let maps) = values[kept] else { throw ExportError("nothing makes '\(kept.inSentence)'") }
        return Classification(label: most.0, probabilities: classified, kept: maps)
    }
}
