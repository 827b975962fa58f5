import Files
import Foundation
import Protobuf

/// The messages of types and of constants.
extension CoreMLDecoder {
    mutating func kind(_ data: Data) throws -> MILProgram.Kind {
        var kind: MILProgram.Kind?
        try each(data, of: "a type") { decoder, field, value in
            guard case .bytes(let data) = value else { return false }
            switch field {
            case 1: kind = try decoder.tensorKind(data)
            case 2: kind = try decoder.listKind(data)
            case 4:
                var (key, own) = (MILProgram.Element?.none, MILProgram.Element?.none)
                try decoder.each(data, of: "a dictionary's type") { decoder, field, value in
                    guard case .bytes(let data) = value else { return false }
                    switch field {
                    case 1: key = try decoder.elementKind(data)
                    case 2: own = try decoder.elementKind(data)
                    default: return false
                    }
                    return true
                }
                guard let key, let own else { throw ProtobufError("a dictionary's type is half one") }
                kind = .dictionary(key, own)
            default: return false
            }
            return true
        }
        guard let kind else { throw ProtobufError("a type that is none") }
        return kind
    }

    /// The type of a list's or dictionary's element; no deeper nesting is read.
    private mutating func elementKind(_ data: Data) throws -> MILProgram.Element {
        var element: MILProgram.Element?
        try each(data, of: "an element's type") { decoder, field, value in
            guard field == 1, case .bytes(let data) = value,
                case .tensor(let own, let shape) = try decoder.tensorKind(data), shape.isEmpty
            else { return false }
            element = own
            return true
        }
        guard let element else { throw ProtobufError("an element has no type") }
        return element
    }

    private mutating func tensorKind(_ data: Data) throws -> MILProgram.Kind {
        var (type, rank, shape) = (0, 0, [Int]())
        try each(data, of: "a tensor's type") { decoder, field, value in
            switch (field, value) {
            case (1, .varint(let number)): type = decoder.int(number)
            case (2, .varint(let number)): rank = decoder.int(number)
            case (3, .bytes(let data)): shape.append(try decoder.dimension(data))
            default: return false
            }
            return true
        }
        guard let element = MILProgram.Element(rawValue: type) else {
            throw ProtobufError("elements of type \(type); 1, 2, 11, 12 and 23 are read here")
        }
        guard rank == shape.count, shape.count <= Self.mostDimensions else {
            throw ProtobufError("a tensor of rank \(rank) with \(shape.count) dimensions")
        }
        return .tensor(element, shape)
    }

    private mutating func dimension(_ data: Data) throws -> Int {
        var size = 0
        try each(data, of: "a dimension") { decoder, field, value in
            guard field == 1, case .bytes(let data) = value else { return false }
            try decoder.each(data, of: "a dimension's size") { decoder, field, value in
                guard field == 1, case .varint(let number) = value else { return false }
                size = decoder.int(number)
                return true
            }
            return true
        }
        guard size > 0 else { throw ProtobufError("a dimension of \(size)") }
        return size
    }

    private mutating func listKind(_ data: Data) throws -> MILProgram.Kind {
        var (element, count) = (MILProgram.Element?.none, 0)
        try each(data, of: "a list's type") { decoder, field, value in
            guard case .bytes(let data) = value else { return false }
            switch field {
            case 1: element = try decoder.elementKind(data)
            case 2: count = try decoder.dimension(data)
            default: return false
            }
            return true
        }
        guard element == .string, count > 0 else { throw ProtobufError("a list that is none of texts") }
        return .texts(count)
    }

    mutating func constant(_ data: Data) throws -> MILProgram.Constant {
        var (kind, contents) = (MILProgram.Kind?.none, MILProgram.Contents?.none)
        try each(data, of: "a value") { decoder, field, value in
            guard case .bytes(let data) = value else { return false }
            switch field {
            case 2: kind = try decoder.kind(data)
            case 3: contents = try decoder.immediate(data)
            case 5: contents = try decoder.blob(data)
            default: return false
            }
            return true
        }
        guard let kind, let contents else { throw ProtobufError("a value without a type or contents") }
        guard Self.fit(contents, kind) else { throw ProtobufError("a value that does not fit its type") }
        return .init(kind: kind, contents: contents)
    }

    /// Whether contents fill a type; those of a blob are compared when it is read.
    private static func fit(_ contents: MILProgram.Contents, _ kind: MILProgram.Kind) -> Bool {
        func count(_ shape: [Int]) -> Int {
            shape.reduce(1) { $0.multipliedReportingOverflow(by: $1).overflow ? -1 : $0 * $1 }
        }
        switch (contents, kind) {
        case (.floats(let values), .tensor(.float32, let shape)): return values.count == count(shape)
        case (.ints(let values), .tensor(.int32, let shape)): return values.count == count(shape)
        case (.bools(let values), .tensor(.bool, let shape)): return values.count == count(shape)
        case (.text, .tensor(.string, let shape)): return shape.isEmpty
        case (.texts(let texts), .texts(let count)): return texts.count == count
        case (.blob, .tensor(.float32, _)): return true
        default: return false
        }
    }

    private mutating func immediate(_ data: Data) throws -> MILProgram.Contents {
        var contents: MILProgram.Contents?
        try each(data, of: "an immediate value") { decoder, field, value in
            guard case .bytes(let data) = value else { return false }
            switch field {
            case 1: contents = try decoder.tensor(data)
            case 3:
                var texts: [String] = []
                try decoder.each(data, of: "a list") { decoder, field, value in
                    guard field == 1, case .bytes(let data) = value else { return false }
                    texts.append(try decoder.listed(data))
                    return true
                }
                contents = .texts(texts)
            default: return false
            }
            return true
        }
        guard let contents else { throw ProtobufError("a value is empty") }
        return contents
    }

    /// A list's text; lists in lists are not read, or they would nest without end.
    private mutating func listed(_ data: Data) throws -> String {
        var (element, text) = (MILProgram.Element?.none, String?.none)
        try each(data, of: "a list's value") { decoder, field, value in
            guard case .bytes(let data) = value else { return false }
            switch field {
            case 2: element = try decoder.elementKind(data)
            case 3:
                try decoder.each(data, of: "a list's value") { decoder, field, value in
                    guard field == 1, case .bytes(let data) = value, case .text(let own) = try decoder.tensor(data)
                    else { return false }
                    text = own
                    return true
                }
            default: return false
            }
            return true
        }
        guard element == .string, let text else { throw ProtobufError("a list's value is no text") }
        return text
    }

    private mutating func tensor(_ data: Data) throws -> MILProgram.Contents {
        var contents: MILProgram.Contents?
        try each(data, of: "a tensor's value") { decoder, field, value in
            guard case .bytes(let data) = value else { return false }
            var (floats, numbers, texts) = ([Float](), [Int](), [String]())
            try decoder.each(data, of: "a tensor's elements") { decoder, inner, value in
                switch (field, inner, value) {
                case (1, 1, .fixed32(let bits)): floats.append(Float(bitPattern: bits))
                case (1, 1, .bytes(let data)):
                    var reader = ProtobufReader(data)
                    floats += try reader.packedFloats()
                case (2, 1, _), (3, 1, _): try decoder.add(value, to: &numbers)
                case (4, 1, .bytes(let data)): texts.append(try decoder.text(data))
                default: return false
                }
                return true
            }
            switch field {
            case 1: contents = .floats(floats)
            case 2: contents = .ints(numbers)
            case 3: contents = .bools(numbers.map { $0 != 0 })
            case 4 where texts.count == 1: contents = .text(texts[0])
            default: return false
            }
            return true
        }
        guard let contents else { throw ProtobufError("a tensor is empty") }
        return contents
    }

    private mutating func blob(_ data: Data) throws -> MILProgram.Contents {
        var (file, offset) = ("", 0)
        try each(data, of: "a blob") { decoder, field, value in
            switch (field, value) {
            case (1, .bytes(let data)): file = try decoder.text(data)
            case (2, .varint(let number)): offset = decoder.int(number)
            default: return false
            }
            return true
        }
        return .blob(file: file, offset: offset)
    }
}
