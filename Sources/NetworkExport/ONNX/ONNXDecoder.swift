import Files
import Foundation

extension ONNXModel {
    /// Decodes a file's bytes. Fields that are not written here are refused, not skipped: they might mean something.
    /// - Throws: `ExportError` that begins with `name` and says what is wrong and where.
    package init(_ file: Data, named name: String) throws {
        do {
            var decoder = ONNXDecoder()
            self = try decoder.model(file.startIndex == 0 ? file : Data(file))
        } catch let error as ExportError {
            throw ExportError("\(name) is no ONNX model as it is written here: \(error)")
        }
    }
}

/// Reads a model's messages.
struct ONNXDecoder {
    private var fields = 0
    /// Far more than any network has; each takes a multiple of its bytes in memory.
    private static let mostFields = 5_000_000
    /// As many as our tensors have, and one to spare.
    static let mostDimensions = 5

    /// Hands each field of a message to `take`, which says whether it knows it.
    mutating func each(
        _ data: Data, of what: String, _ take: (inout ONNXDecoder, Int, ProtobufReader.Value) throws -> Bool
    ) throws {
        var reader = ProtobufReader(data)
        while let (field, value) = try reader.next() {
            fields += 1
            guard fields <= Self.mostFields else { throw reader.fail("over \(Self.mostFields) fields") }
            guard try take(&self, field, value) else { throw reader.fail("field \(field) of \(what) is not read here") }
        }
    }

    mutating func model(_ data: Data) throws -> ONNXModel {
        var model = ONNXModel(irVersion: 0, opset: 0, producer: "", metadata: [:], name: "")
        try each(data, of: "a model") { decoder, field, value in
            switch (field, value) {
            case (1, .varint(let version)): model.irVersion = decoder.int(version)
            case (2, .bytes(let text)): model.producer = try decoder.text(text)
            case (7, .bytes(let graph)): try decoder.graph(graph, into: &model)
            case (8, .bytes(let set)): model.opset = try decoder.operators(set)
            case (14, .bytes(let entry)):
                let (key, value) = try decoder.entry(entry)
                guard model.metadata.updateValue(value, forKey: key) == nil else {
                    throw ExportError("the metadata have '\(key.inSentence)' twice")
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

    mutating func entry(_ data: Data) throws -> (String, String) {
        var (key, text) = ("", "")
        try each(data, of: "an entry of the metadata") { decoder, field, value in
            switch (field, value) {
            case (1, .bytes(let data)): key = try decoder.text(data)
            case (2, .bytes(let data)): text = try decoder.text(data)
            default: return false
            }
            return true
        }
        return (key, text)
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
                    throw ExportError("a node has the attribute '\(name.inSentence)' twice")
                }
            default: return false
            }
            return true
        }
        return node
    }
}
