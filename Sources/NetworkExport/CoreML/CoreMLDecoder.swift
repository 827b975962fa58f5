import Files
import Foundation
import Protobuf

extension CoreMLModel {
    /// Decodes the bytes of `model.mlmodel`; fields that are not written here are refused.
    /// - Throws: `ExportError` that begins with `name` and says what is wrong and where.
    package init(_ file: Data, named name: String) throws {
        do {
            var decoder = CoreMLDecoder()
            self = try decoder.model(file.startIndex == 0 ? file : Data(file))
        } catch let error as ProtobufError {
            throw ExportError("\(name) is no Core ML model as it is written here: \(error)")
        }
    }
}

/// Reads a model's messages.
struct CoreMLDecoder: ProtobufDecoder {
    var fieldsLeft = mostProtobufFields
    /// As many as our tensors have, and one to spare.
    static let mostDimensions = 5

    mutating func model(_ data: Data) throws -> CoreMLModel {
        var model = CoreMLModel()
        try each(data, of: "a model") { decoder, field, value in
            switch (field, value) {
            case (1, .varint(let version)): model.specificationVersion = decoder.int(version)
            case (2, .bytes(let data)): try decoder.description(data, into: &model)
            case (502, .bytes(let data)): model.program = try decoder.program(data)
            default: return false
            }
            return true
        }
        return model
    }

    private mutating func description(_ data: Data, into model: inout CoreMLModel) throws {
        var out = model
        try each(data, of: "a description") { decoder, field, value in
            guard case .bytes(let data) = value else { return false }
            switch field {
            case 1: out.inputs.append(try decoder.feature(data))
            case 10: out.outputs.append(try decoder.feature(data))
            case 11: out.predictedFeature = try decoder.text(data)
            case 12: out.predictedProbabilities = try decoder.text(data)
            case 100: try decoder.about(data, into: &out)
            default: return false
            }
            return true
        }
        model = out
    }

    private mutating func about(_ data: Data, into model: inout CoreMLModel) throws {
        var out = model
        try each(data, of: "the metadata") { decoder, field, value in
            guard case .bytes(let data) = value else { return false }
            switch field {
            case 1: out.summary = try decoder.text(data)
            case 3: out.author = try decoder.text(data)
            case 100:
                let (key, value) = try decoder.entry(data, of: "the metadata")
                guard try out.metadata.updateValue(decoder.text(value), forKey: key) == nil else {
                    throw ProtobufError("the metadata have '\(key.inSentence)' twice")
                }
            default: return false
            }
            return true
        }
        model = out
    }

    private mutating func feature(_ data: Data) throws -> CoreMLModel.Feature {
        var (name, summary, kind) = ("", "", CoreMLModel.Kind?.none)
        try each(data, of: "an input or output") { decoder, field, value in
            guard case .bytes(let data) = value else { return false }
            switch field {
            case 1: name = try decoder.text(data)
            case 2: summary = try decoder.text(data)
            case 3: kind = try decoder.featureKind(data)
            default: return false
            }
            return true
        }
        guard let kind else { throw ProtobufError("'\(name.inSentence)' has no type") }
        return .init(name: name, summary: summary, kind: kind)
    }

    private mutating func featureKind(_ data: Data) throws -> CoreMLModel.Kind {
        var kind: CoreMLModel.Kind?
        try each(data, of: "an input's or output's type") { decoder, field, value in
            guard case .bytes(let data) = value else { return false }
            switch field {
            case 3:
                try decoder.empty(data, of: "a text's type")
                kind = .text
            case 4: kind = try decoder.imageKind(data)
            case 5: kind = try decoder.arrayKind(data)
            case 6:
                try decoder.each(data, of: "a dictionary's type") { decoder, field, value in
                    guard field == 2, case .bytes(let data) = value else { return false }
                    try decoder.empty(data, of: "a text's type")
                    return true
                }
                kind = .dictionary
            default: return false
            }
            return true
        }
        guard let kind else { throw ProtobufError("a type that is none") }
        return kind
    }

    private mutating func empty(_ data: Data, of what: String) throws {
        try each(data, of: what) { _, _, _ in false }
    }

    private mutating func imageKind(_ data: Data) throws -> CoreMLModel.Kind {
        var (width, height, colours) = (0, 0, 0)
        try each(data, of: "an image's type") { decoder, field, value in
            guard case .varint(let number) = value else { return false }
            switch field {
            case 1: width = decoder.int(number)
            case 2: height = decoder.int(number)
            case 3: colours = decoder.int(number)
            default: return false
            }
            return true
        }
        guard let known = CoreMLModel.Colours(rawValue: colours) else {
            throw ProtobufError("an image of colours \(colours); 10 (grey) and 20 (RGB) are read here")
        }
        return .image(width: width, height: height, known)
    }

    private mutating func arrayKind(_ data: Data) throws -> CoreMLModel.Kind {
        var (shape, type) = ([Int](), 0)
        try each(data, of: "an array's type") { decoder, field, value in
            switch (field, value) {
            case (1, _): try decoder.add(value, to: &shape)
            case (2, .varint(let number)): type = decoder.int(number)
            default: return false
            }
            return true
        }
        guard type == CoreMLModel.floatArray else {
            throw ProtobufError("an array of type \(type); \(CoreMLModel.floatArray) (32-bit floats) is read here")
        }
        return .floats(shape)
    }
}
