import Foundation
import Protobuf

/// The numbers of the fields are those of onnx.proto (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto).
extension ONNXModel {
    /// The model's bytes.
    package func encoded() -> Data {
        var model = ProtobufMessage()
        model.add(1, irVersion)
        model.add(2, producer)
        model.add(7, graph)
        var operators = ProtobufMessage()
        operators.add(1, "")
        operators.add(2, opset)
        model.add(8, operators)
        for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
            var entry = ProtobufMessage()
            entry.add(1, key)
            entry.add(2, value)
            model.add(14, entry)
        }
        return model.bytes
    }

    private var graph: ProtobufMessage {
        var graph = ProtobufMessage()
        for node in nodes { graph.add(1, node.message) }
        graph.add(2, name)
        for constant in constants { graph.add(5, constant.message) }
        for input in inputs { graph.add(11, input.message) }
        for output in outputs { graph.add(12, output.message) }
        return graph
    }
}

extension ONNXModel.Node {
    fileprivate var message: ProtobufMessage {
        var node = ProtobufMessage()
        for input in inputs { node.add(1, input) }
        for output in outputs { node.add(2, output) }
        node.add(3, name)
        node.add(4, operation)
        for (name, value) in attributes.sorted(by: { $0.key < $1.key }) {
            var attribute = ProtobufMessage()
            attribute.add(1, name)
            switch value {
            case .float(let value): attribute.add(2, value)
            case .int(let value): attribute.add(3, value)
            case .ints(let values): for value in values { attribute.add(8, value) }
            }
            attribute.add(20, value.kind)
            node.add(5, attribute)
        }
        return node
    }
}

extension ONNXModel.Attribute {
    /// Its `AttributeProto.AttributeType`.
    var kind: Int {
        switch self {
        case .float: 1
        case .int: 2
        case .ints: 7
        }
    }
}

extension ONNXModel.Constant {
    fileprivate var message: ProtobufMessage {
        var tensor = ProtobufMessage()
        for size in shape { tensor.add(1, size) }
        tensor.add(2, element.rawValue)
        tensor.add(8, name)
        tensor.add(9, bytes)
        return tensor
    }
}

extension ONNXModel.Value {
    fileprivate var message: ProtobufMessage {
        var dimensions = ProtobufMessage()
        for size in shape {
            var dimension = ProtobufMessage()
            switch size {
            case .fixed(let size): dimension.add(1, size)
            case .named(let name): dimension.add(2, name)
            }
            dimensions.add(1, dimension)
        }
        var tensor = ProtobufMessage()
        tensor.add(1, element.rawValue)
        tensor.add(2, dimensions)
        var type = ProtobufMessage()
        type.add(1, tensor)
        var value = ProtobufMessage()
        value.add(1, name)
        value.add(2, type)
        return value
    }
}
