import Foundation
import Protobuf

/// The numbers of the fields are those of MIL.proto (https://github.com/apple/coremltools/tree/main/mlmodel/format).
extension MILProgram {
    /// The one function of a program.
    static let function = "main"
    /// The version of the language.
    static let version = 1

    var message: ProtobufMessage {
        var block = ProtobufMessage()
        for output in outputs { block.add(2, output) }
        for operation in operations { block.add(3, operation.message) }
        var function = ProtobufMessage()
        for input in inputs { function.add(1, input.message) }
        function.add(2, opset)
        function.add(3, Self.entry(opset, block))
        var program = ProtobufMessage()
        program.add(1, Self.version)
        program.add(2, Self.entry(Self.function, function))
        return program
    }

    fileprivate static func entry(_ key: String, _ value: ProtobufMessage) -> ProtobufMessage {
        var entry = ProtobufMessage()
        entry.add(1, key)
        entry.add(2, value)
        return entry
    }
}

extension MILProgram.Operation {
    fileprivate var message: ProtobufMessage {
        var operation = ProtobufMessage()
        operation.add(1, type)
        for (name, arguments) in inputs.sorted(by: { $0.key < $1.key }) {
            var list = ProtobufMessage()
            for argument in arguments { list.add(1, argument.message) }
            operation.add(2, MILProgram.entry(name, list))
        }
        for output in outputs { operation.add(3, output.message) }
        let own = MILProgram.Constant(kind: .tensor(.string, []), contents: .text(name))
        operation.add(5, MILProgram.entry("name", own.message))
        if let value { operation.add(5, MILProgram.entry("val", value.message)) }
        return operation
    }
}

extension MILProgram.Argument {
    fileprivate var message: ProtobufMessage {
        var binding = ProtobufMessage()
        switch self {
        case .variable(let name): binding.add(1, name)
        case .constant(let constant): binding.add(2, constant.message)
        }
        return binding
    }
}

extension MILProgram.Variable {
    fileprivate var message: ProtobufMessage {
        var variable = ProtobufMessage()
        variable.add(1, name)
        variable.add(2, kind.message)
        return variable
    }
}

extension MILProgram.Kind {
    fileprivate var message: ProtobufMessage {
        var (own, type) = (ProtobufMessage(), ProtobufMessage())
        func dimension(_ size: Int) -> ProtobufMessage {
            var (constant, dimension) = (ProtobufMessage(), ProtobufMessage())
            constant.add(1, size)
            dimension.add(1, constant)
            return dimension
        }
        switch self {
        case .tensor(let element, let shape):
            own.add(1, element.rawValue)
            own.add(2, shape.count)
            for size in shape { own.add(3, dimension(size)) }
            type.add(1, own)
        case .texts(let count):
            own.add(1, Self.tensor(.string, []).message)
            own.add(2, dimension(count))
            type.add(2, own)
        case .dictionary(let key, let value):
            own.add(1, Self.tensor(key, []).message)
            own.add(2, Self.tensor(value, []).message)
            type.add(4, own)
        }
        return type
    }
}

extension MILProgram.Constant {
    fileprivate var message: ProtobufMessage {
        var (own, tensor, immediate, value) = (
            ProtobufMessage(), ProtobufMessage(), ProtobufMessage(), ProtobufMessage()
        )
        value.add(2, kind.message)
        switch contents {
        case .floats(let values):
            own.add(1, packed: values)
            tensor.add(1, own)
        case .ints(let values):
            own.add(1, packed: values)
            tensor.add(2, own)
        case .bools(let values):
            own.add(1, packed: values.map { $0 ? 1 : 0 })
            tensor.add(3, own)
        case .text(let text):
            own.add(1, text)
            tensor.add(4, own)
        case .texts(let texts):
            for text in texts { own.add(1, Self(kind: .tensor(.string, []), contents: .text(text)).message) }
            immediate.add(3, own)
            value.add(3, immediate)
            return value
        case .blob(let file, let offset):
            own.add(1, file)
            own.add(2, offset)
            value.add(5, own)
            return value
        }
        immediate.add(1, tensor)
        value.add(3, immediate)
        return value
    }
}
