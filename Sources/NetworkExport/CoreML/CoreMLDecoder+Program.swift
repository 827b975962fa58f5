import Files
import Foundation
import Protobuf

/// The messages of a program.
extension CoreMLDecoder {
    mutating func program(_ data: Data) throws -> MILProgram {
        var (version, functions) = (0, [MILProgram]())
        try each(data, of: "a program") { decoder, field, value in
            switch (field, value) {
            case (1, .varint(let number)): version = decoder.int(number)
            case (2, .bytes(let data)):
                let (name, function) = try decoder.entry(data, of: "functions")
                guard name == MILProgram.function else {
                    throw ProtobufError("the function '\(name.inSentence)' is not read here")
                }
                functions.append(try decoder.function(function))
            default: return false
            }
            return true
        }
        guard version == MILProgram.version, functions.count == 1 else {
            throw ProtobufError(
                "a program of version \(version) with \(functions.count) functions; \(MILProgram.version) and one are read here"
            )
        }
        return functions[0]
    }

    private mutating func function(_ data: Data) throws -> MILProgram {
        var (program, blocks) = (MILProgram(), [(key: String, value: Data)]())
        try each(data, of: "a function") { decoder, field, value in
            guard case .bytes(let data) = value else { return false }
            switch field {
            case 1: program.inputs.append(try decoder.variable(data))
            case 2: program.opset = try decoder.text(data)
            case 3: blocks.append(try decoder.entry(data, of: "blocks"))
            default: return false
            }
            return true
        }
        guard blocks.count == 1, blocks[0].key == program.opset else {
            throw ProtobufError("a function has \(blocks.count) blocks; one, of its own operations, is read here")
        }
        try each(blocks[0].value, of: "a block") { decoder, field, value in
            guard case .bytes(let data) = value else { return false }
            switch field {
            case 2: program.outputs.append(try decoder.text(data))
            case 3: program.operations.append(try decoder.operation(data))
            default: return false
            }
            return true
        }
        return program
    }

    private mutating func operation(_ data: Data) throws -> MILProgram.Operation {
        var (operation, names) = (MILProgram.Operation(type: "", name: "", outputs: []), 0)
        try each(data, of: "an operation") { decoder, field, value in
            guard case .bytes(let data) = value else { return false }
            switch field {
            case 1: operation.type = try decoder.text(data)
            case 2:
                let (name, list) = try decoder.entry(data, of: "inputs")
                guard operation.inputs.updateValue(try decoder.arguments(list), forKey: name) == nil else {
                    throw ProtobufError("an operation has the input '\(name.inSentence)' twice")
                }
            case 3: operation.outputs.append(try decoder.variable(data))
            case 5:
                let (name, data) = try decoder.entry(data, of: "attributes")
                let constant = try decoder.constant(data)
                switch (name, constant.contents) {
                case ("name", .text(let name)): (operation.name, names) = (name, names + 1)
                case ("val", _) where operation.value == nil: operation.value = constant
                default: throw ProtobufError("an operation's attribute '\(name.inSentence)' is not read here")
                }
            default: return false
            }
            return true
        }
        guard names == 1 else { throw ProtobufError("an operation '\(operation.type.inSentence)' has \(names) names") }
        return operation
    }

    private mutating func arguments(_ data: Data) throws -> [MILProgram.Argument] {
        var out: [MILProgram.Argument] = []
        try each(data, of: "an argument") { decoder, field, value in
            guard field == 1, case .bytes(let data) = value else { return false }
            var argument: MILProgram.Argument?
            try decoder.each(data, of: "a binding") { decoder, field, value in
                guard case .bytes(let data) = value else { return false }
                switch field {
                case 1: argument = .variable(try decoder.text(data))
                case 2: argument = .constant(try decoder.constant(data))
                default: return false
                }
                return true
            }
            guard let argument else { throw ProtobufError("a binding is empty") }
            out.append(argument)
            return true
        }
        return out
    }

    private mutating func variable(_ data: Data) throws -> MILProgram.Variable {
        var (name, kind) = ("", MILProgram.Kind?.none)
        try each(data, of: "a variable") { decoder, field, value in
            guard case .bytes(let data) = value else { return false }
            switch field {
            case 1: name = try decoder.text(data)
            case 2: kind = try decoder.kind(data)
            default: return false
            }
            return true
        }
        guard let kind else { throw ProtobufError("'\(name.inSentence)' has no type") }
        return .init(name: name, kind: kind)
    }
}
