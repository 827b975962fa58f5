import Files
import Foundation
import Protobuf

/// The messages that hold types, shapes and numbers.
extension ONNXDecoder {
    mutating func attribute(_ data: Data) throws -> (String, ONNXModel.Attribute) {
        var (name, kind) = ("", 0)
        var (float, int, ints): (Float, Int, [Int]) = (0, 0, [])
        try each(data, of: "an attribute") { decoder, field, value in
            switch (field, value) {
            case (1, .bytes(let data)): name = try decoder.text(data)
            case (2, .fixed32(let bits)): float = Float(bitPattern: bits)
            case (3, .varint(let number)): int = decoder.int(number)
            case (8, _): try decoder.add(value, to: &ints)
            case (20, .varint(let number)): kind = decoder.int(number)
            default: return false
            }
            return true
        }
        let known: [ONNXModel.Attribute] = [.float(float), .int(int), .ints(ints)]
        guard let attribute = known.first(where: { $0.kind == kind }) else {
            throw ProtobufError("the attribute '\(name.inSentence)' is of kind \(kind); 1, 2 and 7 are read here")
        }
        return (name, attribute)
    }

    mutating func constant(_ data: Data) throws -> ONNXModel.Constant {
        var (name, kind, shape, bytes) = ("", 0, [Int](), Data())
        try each(data, of: "a constant") { decoder, field, value in
            switch (field, value) {
            case (1, _): try decoder.add(value, to: &shape)
            case (2, .varint(let number)): kind = decoder.int(number)
            case (8, .bytes(let data)): name = try decoder.text(data)
            case (9, .bytes(let data)): bytes = data
            default: return false
            }
            return true
        }
        let element = try element(kind, of: name)
        guard shape.count <= Self.mostDimensions else {
            throw ProtobufError("'\(name.inSentence)' has \(shape.count) dimensions")
        }
        var count = element.size
        for size in shape {
            let (next, overflows) = count.multipliedReportingOverflow(by: size)
            guard size > 0, !overflows else {
                throw ProtobufError("'\(name.inSentence)' has the impossible shape \(shape)")
            }
            count = next
        }
        guard count == bytes.count else {
            throw ProtobufError("'\(name.inSentence)' has \(bytes.count) bytes; its shape \(shape) takes \(count)")
        }
        return ONNXModel.Constant(name: name, element: element, shape: shape, bytes: bytes)
    }

    mutating func value(_ data: Data) throws -> ONNXModel.Value {
        var (name, kind, shape) = ("", 0, [ONNXModel.Size]())
        try each(data, of: "an input or output") { decoder, field, value in
            guard case .bytes(let data) = value else { return false }
            switch field {
            case 1: name = try decoder.text(data)
            case 2:
                try decoder.each(data, of: "a type") { decoder, field, value in
                    guard field == 1, case .bytes(let data) = value else { return false }
                    (kind, shape) = try decoder.tensorType(data)
                    return true
                }
            default: return false
            }
            return true
        }
        return ONNXModel.Value(name: name, element: try element(kind, of: name), shape: shape)
    }

    mutating func tensorType(_ data: Data) throws -> (Int, [ONNXModel.Size]) {
        var (kind, shape) = (0, [ONNXModel.Size]())
        try each(data, of: "a tensor's type") { decoder, field, value in
            switch (field, value) {
            case (1, .varint(let number)): kind = decoder.int(number)
            case (2, .bytes(let data)):
                try decoder.each(data, of: "a shape") { decoder, field, value in
                    guard field == 1, case .bytes(let data) = value else { return false }
                    shape.append(try decoder.size(data))
                    return true
                }
            default: return false
            }
            return true
        }
        guard shape.count <= Self.mostDimensions else { throw ProtobufError("a shape of \(shape.count) dimensions") }
        return (kind, shape)
    }

    mutating func size(_ data: Data) throws -> ONNXModel.Size {
        var size: ONNXModel.Size?
        try each(data, of: "a dimension") { decoder, field, value in
            switch (field, value) {
            case (1, .varint(let number)): size = .fixed(decoder.int(number))
            case (2, .bytes(let data)): size = .named(try decoder.text(data))
            default: return false
            }
            return true
        }
        guard let size else { throw ProtobufError("a dimension without a size") }
        return size
    }

    func element(_ kind: Int, of name: String) throws -> ONNXModel.Element {
        guard let element = ONNXModel.Element(rawValue: kind) else {
            throw ProtobufError(
                "'\(name.inSentence)' has elements of type \(kind); 1 (float32) and 2 (uint8) are read here")
        }
        return element
    }
}
