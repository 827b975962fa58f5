import Files
import Foundation
import Protobuf

extension ONNXModel {
    /// Decodes a file's bytes; fields that are not written here are refused.
    /// - Throws: `ExportError` that begins with `name` and says what is wrong and where.
    package init(_ file: Data, named name: String) throws {
        do {
            var decoder = ONNXDecoder()
            self = try decoder.model(file.startIndex == 0 ? file : Data(file))
        } catch let error as ProtobufError {
            throw ExportError("\(name) is no ONNX model as it is written here: \(error)")
        }
    }
}

/// Reads a model's messages.
struct ONNXDecoder: ProtobufDecoder {
    var fieldsLeft = mostProtobufFields
    /// As many as our tensors have, and one to spare.
    static let mostDimensions = 5

    mutating func model(_ data: Data) throws -> ONNXModel {
        var model = ONNXModel(irVersion: 0, opset: 0, producer: "", metadata: [:], name: "")
        try each(data, of: "a model") { decoder, field, value in
            switch (field, value) {
            case (1, .varint(let version)): model.irVersion = decoder.int(version)
            case (2, .bytes(let text)): model.producer = try decoder.text(text)
            case (7, .bytes(let graph)): try decoder.graph(graph, into: &model)
            case (8, .bytes(let set)): model.opset = try decoder.operators(set)
            case (14, .bytes(let entry)):
                let (key, value) = try decoder.entry(entry, of: "the metadata")
                guard try model.metadata.updateValue(decoder.text(value), forKey: key) == nil else {
                    throw ProtobufError("the metadata have '\(key.inSentence)' twice")
                }
            default: return false
            }
            return true
        }
        return model
    }

    mutating func operators(_ data: Data) throws -> Int {
        var version = 0
        try each(data, of: "a set of operators") { decoder, field, value in
            switch (field, value) {
            case (1, .bytes(let domain)): return domain.isEmpty
            case (2, .varint(let number)): version = decoder.int(number)
            default: return false
            }
            return true
        }
        return version
    }

    mutating func graph(_ data: Data, into model: inout ONNXModel) throws {
        var out = model
        try each(data, of: "a graph") { decoder, field, value in
            guard case .bytes(let data) = value else { return false }
            switch field {
            case 1: out.nodes.append(try decoder.node(data))
            case 2: out.name = try decoder.text(data)
            case 5: out.constants.append(try decoder.constant(data))
            case 11: out.inputs.append(try decoder.value(data))
            case 12: out.outputs.append(try decoder.value(data))
            default: return false
            }
            return true
        }
        model = out
    }

    mutating func node(_ data: Data) throws -> ONNXModel.Node {
        var node = ONNXModel.Node(operation: "", name: "", inputs: [], outputs: [])
        try each(data, of: "a node") { decoder, field, value in
            guard case .bytes(let data) = value else { return false }
            switch field {
            case 1: node.inputs.append(try decoder.text(data))
            case 2: node.outputs.append(try decoder.text(data))
            case 3: node.name = try decoder.text(data)
            case 4: node.operation = try decoder.text(data)
            case 5:
                let (name, attribute) = try decoder.attribute(data)
                guard node.attributes.updateValue(attribute, forKey: name) == nil else {
                    throw ProtobufError("a node has the attribute '\(name.inSentence)' twice")
                }
            default: return false
            }
            return true
        }
        return node
    }
}
